#include "kernel/drivers/block/virtio_scsi.hpp"

#include <algorithm>

#include "arch/mmu.hpp"
#include "kernel/drivers/block/scsi/bus.hpp"
#include "kernel/drivers/virtio/request_queue.hpp"
#include "kernel/memory/frame.hpp"
#include "wire/virtio_scsi.hpp"

namespace spore::drivers {
namespace {

using namespace wire::virtio::scsi;
using scsi::Answer;
using virtio::Buffer;

/// What the device reads and writes besides the data; one per request in flight.
struct Place {
    Request request;
    u8 padding[13];
    Response response;
    u8 rest[84];
};
static_assert(sizeof(Place) == 256 && offsetof(Place, response) == 64);
constexpr unsigned places_order = 1;
static_assert(RequestSlots::most * sizeof(Place) == page_size << places_order);

constexpr u16 queue_size = 128;
constexpr std::size_t longest_chain = device::BlockDevice::max_pieces + 2;
/// Machines number their disks from 0; few have more.
constexpr u32 most_targets = 64;

Answer::Delivery delivery(Outcome outcome, bool whole) {
    using enum Answer::Delivery;
    switch (outcome) {
    case Outcome::ok: return whole ? arrived : arrived_short;
    case Outcome::bad_target: return no_target;
    case Outcome::busy:
    case Outcome::reset:
    case Outcome::aborted: return busy;
    default: return failed;
    }
}

class VirtioScsi final : public scsi::Bus {
public:
    explicit VirtioScsi(Owned<virtio::Device> device) : device_(std::move(device)) {}

    Result<void> open() {
        // An order is one request.
        if (device_->config<u32>(config_most_pieces) < device::BlockDevice::max_pieces) return fail(Error::not_supported);
        u64 features = TRY(device_->negotiate(wire::virtio::feature_event_index));
        places_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames(places_order)));
        TRY(requests_.open(*device_, request_queue, queue_size, features & wire::virtio::feature_event_index, longest_chain));
        if (u64 most = u64{device_->config<u32>(config_max_sectors)} * device::sector_size; most && most < most_bytes_)
            most_bytes_ = std::max(static_cast<u32>(most) & ~(static_cast<u32>(page_size) - 1), static_cast<u32>(page_size));
        device_->go();
        add_disks(std::min<u32>(device_->config<u16>(config_max_target) + 1u, most_targets));
        return {};
    }

private:
    Place& place(u16 slot) { return reinterpret_cast<Place*>(places_.bytes())[slot]; }

    Result<Answer> run_once(const scsi::Order& order) override {
        u16 slot = TRY(requests_.take_slot());
        auto& [request, padding, response, rest] = place(slot);
        request = {.lun = {1, order.unit.target, 0x40, order.unit.lun}, .id = slot, .attribute = 0, .priority = 0, .crn = 0, .command = {}};
        std::ranges::copy(order.command.bytes, request.command);
        response = {};
        response.response = static_cast<u8>(Outcome::failure);
        PhysAddr at = places_.address() + u64{slot} * sizeof(Place);
        Buffer chain[longest_chain];
        std::size_t count = 0;
        bool reads = order.direction == scsi::Direction::to_host;
        auto add_data = [&] {
            for (auto& piece : order.pieces) chain[count++] = {piece.address, piece.size, reads ? Buffer::Direction::from_device : Buffer::Direction::to_device};
        };
        chain[count++] = {at, sizeof(Request), Buffer::Direction::to_device};
        if (!reads) add_data();
        chain[count++] = {at + offsetof(Place, response), sizeof(Response), Buffer::Direction::from_device};
        if (reads) add_data();
        TRY(requests_.run(slot, {chain, count}));
        Response got = response;
        requests_.give_slot(slot);
        auto outcome = static_cast<Outcome>(got.response);
        // Of an order that did not arrive the unit says nothing.
        auto status = outcome == Outcome::ok ? static_cast<wire::scsi::Status>(got.status) : wire::scsi::Status::good;
        return Answer{delivery(outcome, !got.residual), status, wire::scsi::parse_sense(got.sense)};
    }

    Owned<virtio::Device> device_;
    virtio::RequestQueue requests_;
    memory::FrameRef places_;
};

}  // namespace

Result<void> attach_virtio_scsi(Owned<virtio::Device> device) {
    return TRY(make_owned<VirtioScsi>(std::move(device))).release()->open();  // lives as long as the machine: its interrupts lead to it
}

}  // namespace spore::drivers
