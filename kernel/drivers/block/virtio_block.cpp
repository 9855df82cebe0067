#include "kernel/drivers/block/virtio_block.hpp"

#include "arch/mmu.hpp"
#include "kernel/device/block.hpp"
#include "kernel/drivers/virtio/queue.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::drivers {
namespace {

using virtio::Buffer;
using virtio::Queue;
using Direction = virtio::Buffer::Direction;

constexpr u64 feature_read_only = u64{1} << 5, feature_flush = u64{1} << 9;
constexpr u32 capacity_offset = 0;
enum class Operation : u32 { read = 0, write = 1, flush = 4 };
constexpr u8 status_good = 0;

/// What the device reads and writes besides the data; one per request in flight, in a page of its own.
struct Request {
    u32 operation;
    u32 reserved;
    u64 sector;
    volatile u8 status;
    u8 padding[15];
};
static_assert(sizeof(Request) == 32);
constexpr u32 header_size = 16;
constexpr u16 max_requests = 32;
constexpr u16 queue_size = 128;

class VirtioBlock final : public device::BlockDevice {
public:
    explicit VirtioBlock(Owned<virtio::Device> device) : device_(std::move(device)) {}

    Result<void> open() {
        features_ = TRY(device_->negotiate(feature_read_only | feature_flush | wire::virtio::feature_event_index));
        capacity_ = device_->config<u64>(capacity_offset);
        queue_ = TRY(Queue::create(*device_, 0, queue_size, features_ & wire::virtio::feature_event_index));
        page_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
        TRY(device_->connect_interrupt(on_interrupt, this));
        device_->go();
        return {};
    }

    u64 sectors() const override { return capacity_; }
    bool read_only() const override { return features_ & feature_read_only; }
    Result<void> read(u64 first, std::span<const device::TransferPiece> pieces) override {
        return transfer(Operation::read, first, pieces, Direction::from_device);
    }
    Result<void> write(u64 first, std::span<const device::TransferPiece> pieces) override {
        if (read_only()) return fail(Error::read_only);
        return transfer(Operation::write, first, pieces, Direction::to_device);
    }
    Result<void> flush() override {
        if (!(features_ & feature_flush)) return {};
        return transfer(Operation::flush, 0, {}, Direction::to_device);
    }

private:
    Request& request(u16 slot) { return reinterpret_cast<Request*>(page_.bytes())[slot]; }

    Result<void> transfer(Operation operation, u64 first, std::span<const device::TransferPiece> pieces, Direction direction) {
        if (pieces.size() > max_pieces) return fail(Error::invalid);
        u64 bytes = 0;
        for (auto& piece : pieces) bytes += piece.size;
        if (bytes % device::sector_size) return fail(Error::invalid);
        if (first > capacity_ || bytes / device::sector_size > capacity_ - first) return fail(Error::out_of_range);

        Guard guard(lock_);
        u16 slot = TRY(wait_for_slot(pieces.size() + 2));
        auto& r = request(slot);
        r.operation = static_cast<u32>(operation);
        r.reserved = 0;
        r.sector = first;
        r.status = 0xff;
        PhysAddr at = page_.address() + u64{slot} * sizeof(Request);
        Buffer chain[max_pieces + 2];
        std::size_t count = 0;
        chain[count++] = {at, header_size, Direction::to_device};
        for (auto& piece : pieces) chain[count++] = {piece.address, piece.size, direction};
        chain[count++] = {at + header_size, 1, Direction::from_device};
        TRY(queue_->offer({chain, count}, slot));
        queue_->notify();
        while (!done_[slot]) {
            reap();
            if (done_[slot]) break;
            if (queue_->broken()) return fail(Error::io);  // the slot stays taken: the device may still write to it
            queue_->want_interrupts(true);
            if (queue_->has_news()) continue;
            TRY(finished_.wait(lock_, sync::Interruptible::no));
        }
        u8 status = r.status;
        done_[slot] = busy_[slot] = false;
        finished_.wake_all();  // somebody may wait for the slot
        if (status != status_good) return fail(Error::io);
        return {};
    }

    Result<u16> wait_for_slot(std::size_t descriptors) {
        while (true) {
            if (queue_->free_buffers() >= descriptors)
                for (u16 slot = 0; slot < max_requests; ++slot) {
                    if (busy_[slot]) continue;
                    busy_[slot] = true;
                    done_[slot] = false;
                    return slot;
                }
            TRY(finished_.wait(lock_, sync::Interruptible::no));
        }
    }

    void reap() {
        bool any = false;
        while (auto done = queue_->take()) {
            done_[done->token % max_requests] = true;
            any = true;
        }
        if (any) finished_.wake_all();
    }

    static void on_interrupt(void* self) {
        auto& disk = *static_cast<VirtioBlock*>(self);
        Guard guard(disk.lock_);
        disk.reap();
    }

    Owned<virtio::Device> device_;
    Owned<Queue> queue_;
    memory::FrameRef page_;
    u64 features_ = 0, capacity_ = 0;
    sync::Spin lock_;
    sync::WaitQueue finished_;
    bool busy_[max_requests] = {};
    bool done_[max_requests] = {};
};

}  // namespace

Result<void> attach_virtio_block(Owned<virtio::Device> device) {
    auto disk = TRY(make_owned<VirtioBlock>(std::move(device)));
    TRY(disk->open());
    device::add_disk(*disk.release());  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers
