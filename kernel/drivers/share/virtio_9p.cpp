#include "kernel/drivers/share/virtio_9p.hpp"

#include "kernel/device/share.hpp"
#include "kernel/drivers/virtio/request_queue.hpp"

namespace spore::drivers {
namespace {

using virtio::Buffer;
using Direction = virtio::Buffer::Direction;

constexpr u64 feature_tag = 1;
constexpr u32 tag_size_offset = 0, tag_offset = 2;
constexpr u16 queue_size = 128;

class Virtio9p final : public device::Share {
public:
    explicit Virtio9p(Owned<virtio::Device> device) : device_(std::move(device)) {}

    Result<void> open() {
        auto features = TRY(device_->negotiate(feature_tag | wire::virtio::feature_event_index));
        if (!(features & feature_tag)) return fail(Error::not_supported);
        tag_size_ = device_->config<u16>(tag_size_offset);
        if (tag_size_ > sizeof tag_) return fail(Error::name_too_long);
        for (u16 i = 0; i < tag_size_; ++i) tag_[i] = static_cast<char>(device_->config_byte(tag_offset + i));
        TRY(requests_.open(*device_, 0, queue_size, features & wire::virtio::feature_event_index, max_pieces));
        device_->go();
        return {};
    }

    std::string_view tag() const override { return {tag_, tag_size_}; }

    Result<u32> exchange(std::span<const device::TransferPiece> request, std::span<const device::TransferPiece> reply) override {
        if (request.size() + reply.size() > max_pieces) return fail(Error::invalid);
        Buffer chain[max_pieces];
        std::size_t count = 0;
        for (auto& piece : request) chain[count++] = {piece.address, piece.size, Direction::to_device};
        for (auto& piece : reply) chain[count++] = {piece.address, piece.size, Direction::from_device};
        u16 slot = TRY(requests_.take_slot());
        u32 written = TRY(requests_.run(slot, {chain, count}));
        requests_.give_slot(slot);
        return written;
    }

private:
    Owned<virtio::Device> device_;
    virtio::RequestQueue requests_;
    char tag_[32];
    u16 tag_size_ = 0;
};

}  // namespace

Result<void> attach_virtio_9p(Owned<virtio::Device> device) {
    auto share = TRY(make_owned<Virtio9p>(std::move(device)));
    TRY(share->open());
    device::add_share(*share.release());  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers
