#include "kernel/drivers/xen/block.hpp"

#include <algorithm>
#include <bit>

#include "kernel/device/block.hpp"
#include "kernel/drivers/xen/events.hpp"
#include "base/owned.hpp"
#include "kernel/drivers/xen/ring.hpp"
#include "kernel/time/timer.hpp"
#include "wire/xen/block.hpp"

namespace spore::drivers::xen {

using namespace wire::xen;

namespace {

constexpr u32 sectors_per_page = page_size / device::sector_size;

/// What is left of a transfer: where it goes on.
struct Rest {
    std::span<const device::TransferPiece> pieces;
    u32 offset = 0;  ///< in the first of them

    bool empty() const { return pieces.empty(); }
    /// The next piece within one page.
    device::TransferPiece take() {
        auto& piece = pieces.front();
        PhysAddr address = piece.address + offset;
        u32 count = std::min<u32>(piece.size - offset, page_size - static_cast<u32>(address.value % page_size));
        offset += count;
        if (offset == piece.size) pieces = pieces.subspan(1), offset = 0;
        return {address, count};
    }
};

class Block final : public device::BlockDevice {
public:
    explicit Block(const Frontend& end) : end_(end) {}

    Result<void> open() {
        TRY(end_.await(DeviceState::waits));
        device_ = static_cast<u16>(TRY(end_.own_number("virtual-device")));
        grants_ = TRY(take_grants(slots * block_segments));
        TRY(ring_.open(end_.domain()));
        port_ = TRY(allocate_event(end_.domain()));
        TRY(connect_event(port_, on_event, this));
        TRY(end_.tell("ring-ref", ring_.grant()));
        TRY(end_.tell("event-channel", port_));
        TRY(end_.tell("protocol", "x86_64-abi"));
        TRY(end_.enter(DeviceState::told));
        TRY(end_.await(DeviceState::connected));
        capacity_ = TRY(end_.other_number("sectors"));  // of 512 bytes, whatever "sector-size" is
        read_only_ = TRY(end_.other_number("info")) & block_read_only;
        flushes_ = end_.offers("feature-flush-cache");
        discards_ = end_.offers("feature-discard");
        return end_.enter(DeviceState::connected);
    }

    u64 sectors() const override { return capacity_; }
    bool read_only() const override { return read_only_; }
    Result<void> read(u64 first, std::span<const device::TransferPiece> pieces) override { return transfer(BlockOperation::read, first, pieces, reads); }
    Result<void> write(u64 first, std::span<const device::TransferPiece> pieces) override {
        if (read_only_) return fail(Error::read_only);
        return transfer(BlockOperation::write, first, pieces, writes);
    }
    Result<void> discard(u64 first, u64 count) override {
        if (!discards_) return fail(Error::not_supported);
        if (read_only_) return fail(Error::read_only);
        if (first > capacity_ || count > capacity_ - first) return fail(Error::out_of_range);
        Transfer transfer;
        Guard guard(lock_);
        while (!free_ && !ring_.broken()) TRY(wait());
        if (ring_.broken()) return fail(Error::io);
        u32 slot = take_slot(transfer);
        used_[slot] = 0;
        BlockDiscard request{.operation = BlockOperation::discard, .flags = 0, .device = device_, .padding = 0, .id = slot, .sector = first, .sectors = count};
        __builtin_memcpy(&ring_.slot(ring_.next()), &request, sizeof request);
        if (ring_.publish(1)) send_event(port_);
        return finish(transfer);
    }
    u32 discard_granularity() const override { return discards_ && !read_only_; }
    Result<void> flush() override { return flushes_ ? transfer(BlockOperation::flush, 0, {}, flushes) : Result<void>{}; }

private:
    using DiskRing = Ring<BlockRequest, BlockAnswer>;
    static constexpr u32 slots = DiskRing::size;

    /// A call's requests, of which each takes a slot.
    struct Transfer {
        u32 waits_for = 0;
        bool failed = false;
    };

    Result<void> transfer(BlockOperation operation, u64 first, std::span<const device::TransferPiece> pieces, Counter& counter) {
        u64 bytes = 0;
        for (auto& piece : pieces) {
            if (piece.address.value % device::sector_size || piece.size % device::sector_size || !piece.size) return fail(Error::invalid);
            bytes += piece.size;
        }
        u64 count = bytes / device::sector_size;
        if (pieces.size() > max_pieces) return fail(Error::invalid);
        if (first > capacity_ || count > capacity_ - first) return fail(Error::out_of_range);

        auto start = time::now();
        Transfer transfer;
        Guard guard(lock_);
        Rest rest{pieces};
        bool told = true;
        do {
            while (!free_ && !ring_.broken()) {
                if (std::exchange(told, true) == false) send_event(port_);
                TRY(wait());
            }
            if (ring_.broken()) return fail(Error::io);
            first += send(operation, first, rest, transfer);
            if (ring_.publish(1)) told = false;
        } while (!rest.empty());
        if (!told) send_event(port_);
        TRY(finish(transfer));
        counter.count(count, time::now() - start);
        return {};
    }

    /// One that is free.
    u32 take_slot(Transfer& transfer) {
        auto slot = static_cast<u32>(std::countr_zero(free_));
        free_ &= free_ - 1;
        transfers_[slot] = &transfer;
        ++transfer.waits_for;
        return slot;
    }

    /// Until all of it is answered.
    Result<void> finish(Transfer& transfer) {
        while (transfer.waits_for) {
            if (ring_.broken()) return fail(Error::io);
            TRY(wait());
        }
        return transfer.failed ? fail(Error::io) : Result<void>();
    }

    /// One request, in a slot that is free; how many sectors it takes of the transfer.
    u32 send(BlockOperation operation, u64 first, Rest& rest, Transfer& transfer) {
        u32 slot = take_slot(transfer);
        auto& request = ring_.slot(ring_.next());
        request = {.operation = operation, .segments = 0, .device = device_, .padding = 0, .id = slot, .sector = first, .segment = {}};
        u32 sectors = 0, used = 0;
        for (; used < block_segments && !rest.empty(); ++used) {
            auto piece = rest.take();
            u32 grant = grants_ + slot * block_segments + used, begin = static_cast<u32>(piece.address.value % page_size) / device::sector_size;
            u32 count = piece.size / device::sector_size;
            static_assert(sectors_per_page <= 256);
            allow(grant, end_.domain(), piece.address, operation == BlockOperation::read ? Sharing::write : Sharing::read);
            request.segment[used] = {grant, static_cast<u8>(begin), static_cast<u8>(begin + count - 1), 0};
            sectors += count;
        }
        request.segments = used_[slot] = static_cast<u8>(used);
        return sectors;
    }

    /// Until something was answered.
    Result<void> wait() {
        if (reap()) return {};
        ring_.want_event();
        if (ring_.has_news() || ring_.broken()) return {};
        return news_.wait(lock_, sync::Interruptible::no);
    }

    /// Whether anything was answered.
    bool reap() {
        bool any = false;
        while (ring_.has_news()) {
            auto answer = ring_.take();
            if (answer.id >= slots || free_ >> answer.id & 1 || !take_back(static_cast<u32>(answer.id))) {
                ring_.give_up();
                break;
            }
            auto& transfer = *transfers_[answer.id];
            free_ |= u32{1} << answer.id;
            if (answer.status) transfer.failed = true;
            --transfer.waits_for;
            any = true;
        }
        if (ring_.broken())  // who waits gets nothing, and its memory back
            for (u32 slots_left = ~free_; slots_left; slots_left &= slots_left - 1) (void)take_back(static_cast<u32>(std::countr_zero(slots_left)));
        if (any || ring_.broken()) news_.wake_all();
        return any;
    }

    /// False while the other end still has something of it mapped, against the rules: that would change under whoever gets the memory next.
    bool take_back(u32 slot) {
        bool all = true;
        for (u32 i = 0; i < used_[slot]; ++i) all = forbid(grants_ + slot * block_segments + i) && all;
        return all;
    }

    static void on_event(void* self) {
        auto& block = *static_cast<Block*>(self);
        Guard guard(block.lock_);
        block.reap();
        block.ring_.want_event();
        if (block.ring_.has_news()) block.reap();
    }

    Frontend end_;
    DiskRing ring_;
    sync::Spin lock_;
    sync::WaitQueue news_;
    u32 free_ = ~u32{0};
    static_assert(slots == 32);
    u32 grants_ = 0, port_ = 0;
    u16 device_ = 0;
    u64 capacity_ = 0;
    bool read_only_ = false, flushes_ = false, discards_ = false;
    u8 used_[slots] = {};
    Transfer* transfers_[slots];
};

}  // namespace

Result<void> attach_block(const Frontend& end) {
    auto disk = TRY(make_owned<Block>(end));
    TRY(disk->open());
    device::add_disk(*disk.release());  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers::xen
