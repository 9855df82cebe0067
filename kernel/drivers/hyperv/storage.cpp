#include "kernel/drivers/hyperv/storage.hpp"

#include <algorithm>
#include <bit>

#include "base/locked.hpp"
#include "base/owned.hpp"
#include "kernel/core/log.hpp"
#include "kernel/drivers/block/scsi/bus.hpp"
#include "kernel/drivers/hyperv/channel.hpp"
#include "kernel/drivers/request_slots.hpp"
#include "kernel/time/timer.hpp"
#include "wire/hyperv/storage.hpp"

namespace spore::drivers::hyperv {

using namespace wire::hyperv;
using scsi::Answer;
using wire::scsi::Status;

namespace {

/// A controller has so many targets; of the second little is seen.
constexpr u32 looked_at = 2;
constexpr u32 largest_transfer = 256_KiB, ring_pages = 8;
/// An order's packet, its memory in one range, which may begin and end within a page.
constexpr u32 largest_packet =
    RingWriter::overhead + sizeof(DirectHead) + sizeof(RangeHead) + (largest_transfer / static_cast<u32>(page_size) + 1) * sizeof(u64) + sizeof(StoragePacket);
static_assert((ring_pages - 1) * page_size > RequestSlots::most * largest_packet);
constexpr Duration handshake_patience = Duration::seconds(30), retry_interval = Duration::ms(1);
/// The host promises an answer to each order, however late, and uses the order's memory until then: nobody is told before that it failed. This is
/// longer than any machine runs; unlike no limit it has what waits look for an answer whose event was lost.
constexpr Duration order_patience = Duration::seconds(1'000'000'000);
/// That the host gives a device. It counts them by itself.
constexpr u32 seconds_per_order = 60;

Answer::Delivery delivery(StorageOutcome outcome) {
    using enum Answer::Delivery;
    switch (outcome) {
    case StorageOutcome::success: return arrived;
    case StorageOutcome::other_length: return arrived_short;
    case StorageOutcome::aborted:
    case StorageOutcome::busy:
    case StorageOutcome::bus_reset:
    case StorageOutcome::flushed: return busy;
    case StorageOutcome::invalid_path:
    case StorageOutcome::no_device:
    case StorageOutcome::selection_timeout:
    case StorageOutcome::invalid_lun:
    case StorageOutcome::invalid_target: return no_target;
    default: return failed;
    }
}

/// What became of an order for so many bytes.
Answer answer_to(const StorageRequest& request, u32 bytes) {
    Answer answer{delivery(static_cast<StorageOutcome>(request.outcome & storage_outcome_mask)), static_cast<Status>(request.scsi_status), {}};
    if (answer.delivery == Answer::Delivery::arrived && request.data_bytes < bytes) answer.delivery = Answer::Delivery::arrived_short;
    if (answer.status != Status::check_condition || answer.delivery == Answer::Delivery::no_target) return answer;
    // The unit has spoken; but what it said is not always told, and then it may be anything.
    bool told = request.outcome & storage_sense_valid;
    answer.delivery = told ? Answer::Delivery::arrived : Answer::Delivery::failed;
    if (told) answer.sense = wire::scsi::parse_sense(request.command_or_sense);
    else answer.status = Status::good;
    return answer;
}

class Controller final : public scsi::Bus, private RequestSlots {
public:
    explicit Controller(const Offer& offer) : RequestSlots(order_patience), path_(offer.interface == storage_ide ? static_cast<u8>(offer.instance.a) : u8{0}) {
        joins_at_pages_ = true;  // the host takes one range of memory, no more
    }

    Result<void> open(hyperv::Bus& bus, const Offer& offer) {
        TRY(channel_.open(bus, offer, ring_pages, on_event, this));
        deadline_ = time::now() + handshake_patience;
        auto agreed = agree();
        if (!agreed) {
            Guard guard(lock_);
            give_up();
            return agreed;
        }
        if (offer.interface == storage_ide) add_only({static_cast<u8>(offer.instance.b), 0});
        else add_disks(looked_at);
        return {};
    }

private:
    Result<void> agree() {
        TRY(ask({.operation = StorageOperation::begin_initialization}));
        TRY(agree_on_version());
        auto properties = TRY(ask({.operation = StorageOperation::query_properties})).properties;
        most_bytes_ = std::max(std::min(properties.most_bytes, largest_transfer) & ~(static_cast<u32>(page_size) - 1), static_cast<u32>(page_size));
        TRY(ask({.operation = StorageOperation::end_initialization}));
        Guard guard(lock_);
        is_open_ = true;
        return {};
    }

    Result<void> agree_on_version() {
        for (u16 version : storage_versions) {
            StoragePacket packet{.operation = StorageOperation::query_version};
            packet.version = version;
            auto told = ask(packet);
            if (told || told.error() != Error::not_supported) return told ? Result<void>() : fail(told.error());
        }
        return fail(Error::not_supported);
    }

    /// A step of the handshake: what the host says to it. not_supported when it says no, timed_out.
    Result<StoragePacket> ask(StoragePacket packet) {
        u16 slot = TRY(take_slot());
        auto done = show(slot, packet, {});
        if (!done) return fail(time::now() >= deadline_ ? Error::timed_out : done.error());
        // No other has been asked for since: it is the last one.
        auto told = told_;
        give_slot(slot);
        if (told.status) return fail(Error::not_supported);
        return told;
    }

    Result<Answer> run_once(const scsi::Order& order) override {
        u16 slot = TRY(take_slot());
        auto& [unit, command, pieces, bytes, direction] = order;
        auto data = pieces.empty() ? StorageData::none : direction == scsi::Direction::to_host ? StorageData::to_host : StorageData::to_device;
        u32 flags = storage_flag_queue_action | storage_flag_no_synchronous_transfer;
        if (data == StorageData::to_host) flags |= storage_flag_to_host;
        if (data == StorageData::to_device) flags |= storage_flag_to_device;
        StoragePacket packet{.operation = StorageOperation::execute,
                             .request = {.size = sizeof(StorageRequest), .path = path_, .target = unit.target, .lun = unit.lun, .command_size = command.size,
                                         .sense_size = storage_sense_size, .data = data, .data_bytes = bytes, .tag = storage_untagged, .action = storage_simple_tag,
                                         .flags = flags, .seconds = seconds_per_order}};
        std::ranges::copy(command.bytes, packet.request.command_or_sense);
        u32 outcome = TRY(show(slot, packet, pieces));
        give_slot(slot);
        return std::bit_cast<Answer>(outcome);
    }

    /// Sleeps until it is done. Of an order the outcome is an Answer.
    Result<u32> show(u16 slot, StoragePacket packet, std::span<const device::TransferPiece> pieces) {
        packet.flags = storage_wants_completion;
        Guard guard(lock_);
        bytes_[slot] = packet.operation == StorageOperation::execute ? packet.request.data_bytes : 0;
        // The ring has room for all slots, but the host may take back the room of what it has completed later.
        while (broken() || !put(slot, packet, pieces)) {
            if (broken()) return fail(Error::io);
            (void)news_.wait(lock_, sync::Interruptible::no, time::now() + retry_interval);
        }
        shown(slot);
        channel_.publish();
        return wait_for(slot);
    }

    bool put(u16 slot, const StoragePacket& packet, std::span<const device::TransferPiece> pieces) {
        u64 transaction = slot + 1u;
        return pieces.empty() ? channel_.send(PacketKind::in_band, transaction, wants_completion, bytes_of(packet)) : channel_.send_direct(transaction, pieces, bytes_of(packet));
    }

    void reap() override {
        auto& ring = channel_.incoming;
        // What came before its room was given back came without an event.
        do {
            while (auto packet = ring.next()) {
                if (!take(*packet)) return give_up();
                ring.take(*packet);
            }
            channel_.release();
        } while (ring.has_news());
        if (broken()) give_up();
    }

    /// False for what the host may not say.
    bool take(const Incoming& packet) {
        // That there are other units now, or that one has something to tell: what is there is looked at once.
        if (packet.kind == PacketKind::in_band) return true;
        StoragePacket told;
        if (packet.kind != PacketKind::completion || !channel_.incoming.copy_data(packet, 0, std::as_writable_bytes(std::span(&told, 1)))) return false;
        if (told.operation != StorageOperation::completion || !packet.transaction || packet.transaction > most) return false;
        auto slot = static_cast<u32>(packet.transaction - 1);
        if (!finish(slot, std::bit_cast<u32>(answer_to(told.request, bytes_[slot])))) return false;
        if (!is_open_) told_ = told;
        return true;
    }

    bool broken() const override { return channel_.broken(); }
    bool listen() override { return channel_.incoming.has_news(); }
    bool is_alive() override { return is_open_ || time::now() < deadline_; }
    void give_up() override {
        channel_.give_up();
        if (!std::exchange(is_ended_, true)) core::error("a disk controller of Hyper-V's fails: its disks are used no more");
    }

    static void on_event(void* self) {
        auto& controller = *static_cast<Controller*>(self);
        Guard guard(controller.lock_);
        controller.look();
    }

    Channel channel_;
    Instant deadline_ = Instant::never();  ///< of the handshake
    StoragePacket told_;                   ///< the last completion of the handshake's
    u32 bytes_[most];                      ///< that the slots' orders are for
    u8 path_;
    bool is_open_ = false, is_ended_ = false;
};

}  // namespace

bool is_storage(const Offer& offer) { return offer.interface == storage_scsi || offer.interface == storage_ide; }

Result<void> attach_storage(Bus& bus, const Offer& offer) {
    return TRY(make_owned<Controller>(offer)).release()->open(bus, offer);  // lives as long as the machine, whether it starts or not: events lead to it
}

}  // namespace spore::drivers::hyperv
