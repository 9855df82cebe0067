#include "kernel/fs/ninep/call.hpp"

#include "kernel/fs/ninep/client.hpp"

namespace spore::fs::ninep {

using namespace wire::ninep;

constinit const Call::Layout Call::layouts[2] = {{0, 1_KiB, 3_KiB}, {2, 8_KiB, large_reply}};

Call::Call(Client& client, Type type, u16 tag, memory::FrameRef frame, const Layout& layout)
    : request({frame.bytes(), layout.request}, type, tag), client_(&client), frame_(std::move(frame)), layout_(&layout), type_(type), tag_(tag) {}

Call::Call(Call&& other) noexcept
    : request(other.request), client_(std::exchange(other.client_, nullptr)), frame_(std::move(other.frame_)), layout_(other.layout_),
      type_(other.type_), tag_(other.tag_) {}

Call::~Call() {
    if (client_) client_->end_call(type_, tag_);
}

Result<Call> Call::begin(Client& client, Type type, Size size) {
    auto& layout = layouts[static_cast<u8>(size)];
    memory::FrameRef frame;
    if (type != Type::clunk) frame = memory::FrameRef::adopt(TRY(memory::allocate_frames(layout.order)));
    u16 tag = TRY(client.begin_call(type));
    if (type == Type::clunk) frame = client.clunk_memory();
    return Call(client, type, tag, std::move(frame), layout);
}

Result<u32> Call::exchange(Pieces data_out, u32 out_size, Pieces data_in, u32 head_size) {
    auto message = TRY(request.finish(out_size));
    device::TransferPiece out[device::Share::max_pieces], in[device::Share::max_pieces];
    if (data_out.size() >= device::Share::max_pieces || data_in.size() >= device::Share::max_pieces) return fail(Error::invalid);
    out[0] = {frame_.address(), static_cast<u32>(message.size())};
    in[0] = {frame_.address() + layout_->request, head_size};
    std::ranges::copy(data_out, out + 1);
    std::ranges::copy(data_in, in + 1);
    return client_->share().exchange({out, data_out.size() + 1}, {in, data_in.size() + 1});
}

Result<Reader> Call::run() {
    u32 size = TRY(exchange({}, 0, {}, layout_->reply));
    return Reader::reply(reply_bytes(std::min<u32>(size, layout_->reply)), type_, tag_);
}

Result<Reader> Call::run_with(Pieces data) {
    u32 bytes = 0;
    for (auto& piece : data) bytes += piece.size;
    u32 size = TRY(exchange(data, bytes, {}, layout_->reply));
    return Reader::reply(reply_bytes(std::min<u32>(size, layout_->reply)), type_, tag_);
}

Result<u32> Call::run_into(Pieces data, u32 size) {
    u32 written = TRY(exchange({}, 0, data, read_reply_size));
    // The message goes on in the pieces: what its header says of its size is held against what came, and the rest against that.
    auto* header = view_at<Header>(reply_bytes(read_reply_size), 0);
    u32 whole = header->size;
    if (written < read_reply_size || whole > written || whole < read_reply_size) return fail(Error::protocol);
    reinterpret_cast<Header*>(frame_.bytes() + layout_->request)->size = read_reply_size;
    auto reply = TRY(Reader::reply(reply_bytes(read_reply_size), type_, tag_));
    u32 count = reply.number<u32>();
    if (count > size || count > whole - read_reply_size) return fail(Error::protocol);
    return count;
}

}  // namespace spore::fs::ninep
