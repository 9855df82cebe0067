#include "kernel/drivers/block/virtio_block.hpp"

#include <algorithm>

#include "arch/mmu.hpp"
#include "kernel/drivers/block/disk.hpp"
#include "kernel/drivers/virtio/request_queue.hpp"

namespace spore::drivers {
namespace {

using virtio::Buffer;
using Direction = virtio::Buffer::Direction;

constexpr u64 feature_read_only = u64{1} << 5, feature_flush = u64{1} << 9, feature_discard = u64{1} << 13;
constexpr u32 capacity_offset = 0, most_discarded_offset = 36, discard_alignment_offset = 44;
constexpr u32 operation_read = 0, operation_write = 1, operation_flush = 4, operation_discard = 11;
constexpr u32 most_discarded = 1_GiB / device::sector_size;
constexpr u8 status_good = 0;

/// What the device reads and writes besides the data; one per request in flight, in a page of its own.
struct Request {
    u32 operation;
    u32 reserved;
    u64 sector;
    volatile u8 status;
    u8 padding[15];
    // Of sectors to discard:
    u64 first;
    u32 count, flags;
};
static_assert(sizeof(Request) == 48);
constexpr u32 header_size = 16, discarded_offset = 32, discarded_size = 16;
static_assert(RequestSlots::most * sizeof(Request) <= page_size);
constexpr u16 queue_size = 128;

class VirtioBlock final : public Disk {
public:
    explicit VirtioBlock(Owned<virtio::Device> device) : device_(std::move(device)) {}

    Result<void> open() {
        features_ = TRY(device_->negotiate(feature_read_only | feature_flush | feature_discard | wire::virtio::feature_event_index));
        u32 discards = features_ & feature_discard ? std::min(device_->config<u32>(most_discarded_offset), most_discarded) : 0;
        u32 granularity = discards ? device_->config<u32>(discard_alignment_offset) : 0;
        set_shape({.sectors = device_->config<u64>(capacity_offset), .most_discarded = discards, .discard_granularity = granularity, .read_only = (features_ & feature_read_only) != 0});
        page_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
        TRY(requests_.open(*device_, 0, queue_size, features_ & wire::virtio::feature_event_index, max_pieces + 2));
        device_->go();
        return {};
    }

private:
    Request& request(u16 slot) { return reinterpret_cast<Request*>(page_.bytes())[slot]; }

    Result<void> carry_out(Operation operation, u64 first, Pieces pieces, u32 bytes) override {
        if (operation == Operation::flush && !(features_ & feature_flush)) return {};
        u16 slot = TRY(requests_.take_slot());
        auto& r = request(slot);
        bool discard = operation == Operation::discard;
        r.operation = operation == Operation::read ? operation_read : operation == Operation::write ? operation_write : discard ? operation_discard : operation_flush;
        r.reserved = 0;
        r.sector = discard ? 0 : first;
        r.first = first, r.count = bytes / device::sector_size, r.flags = 0;
        r.status = 0xff;
        PhysAddr at = page_.address() + u64{slot} * sizeof(Request);
        auto direction = operation == Operation::read ? Direction::from_device : Direction::to_device;
        Buffer chain[max_pieces + 2];
        std::size_t count = 0;
        chain[count++] = {at, header_size, Direction::to_device};
        for (auto& piece : pieces) chain[count++] = {piece.address, piece.size, direction};
        if (discard) chain[count++] = {at + discarded_offset, discarded_size, Direction::to_device};
        chain[count++] = {at + header_size, 1, Direction::from_device};
        TRY(requests_.run(slot, {chain, count}));
        u8 status = r.status;
        requests_.give_slot(slot);
        if (status != status_good) return fail(Error::io);
        return {};
    }

    Owned<virtio::Device> device_;
    virtio::RequestQueue requests_;
    memory::FrameRef page_;
    u64 features_ = 0;
};

}  // namespace

Result<void> attach_virtio_block(Owned<virtio::Device> device) {
    auto disk = TRY(make_owned<VirtioBlock>(std::move(device)));
    TRY(disk->open());
    device::add_disk(*disk.release());  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers
