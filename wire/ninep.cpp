#include "wire/ninep.hpp"

namespace spore::wire::ninep {
namespace {

/// Errors travel as Linux's numbers [errno(3), asm-generic/errno.h].
struct Number {
    u8 number;
    Error error;
};
constexpr Number numbers[] = {
    {1, Error::not_permitted}, {2, Error::not_found}, {4, Error::interrupted}, {6, Error::no_such_device_address}, {9, Error::bad_descriptor},
    {11, Error::would_block}, {12, Error::no_memory}, {13, Error::access_denied}, {16, Error::busy}, {17, Error::exists}, {18, Error::cross_device},
    {19, Error::no_device}, {20, Error::not_directory}, {21, Error::is_directory}, {22, Error::invalid}, {23, Error::system_file_limit},
    {24, Error::system_file_limit}, {26, Error::text_busy}, {27, Error::too_big}, {28, Error::no_space}, {30, Error::read_only},
    {31, Error::too_many_links}, {34, Error::out_of_range}, {36, Error::name_too_long}, {38, Error::not_supported}, {39, Error::not_empty},
    {40, Error::symlink_loop}, {61, Error::no_data}, {75, Error::overflow}, {95, Error::not_supported}, {122, Error::no_space},
};

Error error_of(u32 number) {
    auto found = std::ranges::find(numbers, number, &Number::number);
    return found == std::end(numbers) ? Error::io : found->error;
}

}  // namespace

Writer::Writer(MutableByteSpan buffer, Type type, u16 tag) : buffer_(buffer) { number(u32{0}).number(static_cast<u8>(type)).number(tag); }

Writer& Writer::bytes(ByteSpan value) {
    if (value.size() > buffer_.size() - used_) full_ = true;
    if (full_) return *this;
    std::ranges::copy(value, buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += value.size();
    return *this;
}

Writer& Writer::text(std::string_view value) {
    if (value.size() > 0xffff) full_ = true;
    return number(static_cast<u16>(value.size())).bytes(std::as_bytes(std::span(value)));
}

Result<ByteSpan> Writer::finish(u32 following) {
    if (full_) return fail(Error::name_too_long);
    reinterpret_cast<Header*>(buffer_.data())->size = static_cast<u32>(used_) + following;
    return ByteSpan(buffer_).first(used_);
}

Result<Reader> Reader::reply(ByteSpan message, Type type, u16 tag) {
    auto* header = view_at<Header>(message, 0);
    if (!header || header->size < sizeof *header || header->size > message.size() || header->tag != tag) return fail(Error::protocol);
    Reader reader(message.first(header->size).subspan(sizeof *header));
    if (header->type == static_cast<u8>(Type::error) + 1) {
        auto number = reader.number<u32>();
        TRY(reader.check());
        return fail(error_of(number));
    }
    if (header->type != static_cast<u8>(type) + 1) return fail(Error::protocol);
    return reader;
}

ByteSpan Reader::take(std::size_t size) {
    if (size > rest_.size()) short_ = true;
    if (short_) return {};
    auto part = rest_.first(size);
    rest_ = rest_.subspan(size);
    return part;
}

std::string_view Reader::text() {
    auto part = take(number<u16>());
    return {reinterpret_cast<const char*>(part.data()), part.size()};
}

Qid Reader::qid() {
    Qid qid;
    qid.type = number<u8>();
    qid.version = number<u32>();
    qid.path = number<u64>();
    return qid;
}

Attributes Reader::attributes() {
    Attributes a;
    (void)number<u64>();  // which fields are valid: those that stat(2) tells, always
    a.qid = qid();
    a.mode = number<u32>();
    a.uid = number<u32>();
    a.gid = number<u32>();
    a.links = number<u64>();
    a.device = number<u64>();
    a.size = number<u64>();
    a.block_size = number<u64>();
    a.blocks = number<u64>();
    a.accessed = time();
    a.modified = time();
    a.changed = time();
    return a;  // the rest, no server fills
}

FileSystemAttributes Reader::file_system() {
    FileSystemAttributes a;
    a.type = number<u32>();
    a.block_size = number<u32>();
    a.blocks = number<u64>();
    a.free = number<u64>();
    a.available = number<u64>();
    a.files = number<u64>();
    a.free_files = number<u64>();
    a.id = number<u64>();
    a.name_limit = number<u32>();
    return a;
}

DirectoryRecord Reader::directory_record() {
    DirectoryRecord record;
    record.qid = qid();
    record.next = number<u64>();
    record.type = number<u8>();
    record.name = text();
    return record;
}

}  // namespace spore::wire::ninep
