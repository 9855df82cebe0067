#include "kernel/drivers/hyperv/integration.hpp"

#include <algorithm>

#include "base/owned.hpp"
#include "kernel/core/log.hpp"
#include "kernel/device/poller.hpp"
#include "kernel/device/stop_request.hpp"
#include "kernel/drivers/hyperv/channel.hpp"
#include "kernel/time/timer.hpp"
#include "wire/hyperv/integration.hpp"

namespace spore::drivers::hyperv {

using namespace wire::hyperv;

namespace {

constexpr ServiceVersion frameworks[] = {{3, 0}, {1, 0}}, shutdown_versions[] = {{3, 2}, {3, 1}, {3, 0}, {1, 0}}, heartbeat_versions[] = {{3, 0}, {1, 0}},
                         time_versions[] = {{4, 0}, {3, 0}, {1, 0}};
constexpr u32 ring_pages = 4;
/// More than is read of any message that is understood. Of a longer one the rest stays in the ring.
constexpr u32 most_bytes = 512;

class Service final : public device::PollJob {
public:
    Service(Guid kind, std::span<const ServiceVersion> versions, ServiceMessage expected, u32 (Service::*act)(MutableByteSpan)) : kind(kind), versions_(versions), expected_(expected), act_(act) {}

    Result<void> open(Bus& bus, const Offer& offer) {
        return channel_.open(bus, offer, ring_pages, [](void* self) { static_cast<Service*>(self)->schedule(); }, this);
    }

    bool poll(u32 budget) override {
        for (; budget; --budget) {
            auto packet = channel_.incoming.next();
            if (!packet || channel_.broken()) return false;
            take(*packet);
            channel_.incoming.take(*packet);
            channel_.release();
            channel_.publish();
        }
        return true;
    }

    const Guid kind;

    // ---- what each does with its message, whose bytes are behind the head: the status that is answered ----

    u32 beat(MutableByteSpan body) {
        if (body.size() < sizeof(Heartbeat)) return service_failed;
        ++reinterpret_cast<Heartbeat*>(body.data())->number;
        return service_done;
    }

    u32 stop(MutableByteSpan body) {
        if (body.size() < sizeof(ShutdownRequest)) return service_failed;
        u32 flags = reinterpret_cast<ShutdownRequest*>(body.data())->flags;
        if (flags & shutdown_hibernates) return service_failed;
        after_ = flags & shutdown_restarts ? device::AfterEnd::restart : device::AfterEnd::power_off;
        return service_done;
    }

    u32 set_time(MutableByteSpan body) {
        bool counts = version_.major >= 4;
        if (body.size() < (counts ? sizeof(TimeSample) : sizeof(TimeSampleBefore4))) return service_failed;
        auto& sample = *reinterpret_cast<TimeSample*>(body.data());
        u8 flags = counts ? sample.flags : reinterpret_cast<TimeSampleBefore4*>(body.data())->flags;
        // Others are for whoever keeps a clock in step by itself.
        if (!(flags & time_must_be_taken)) return service_done;
        if (sample.wall < ticks_before_1970 || sample.wall - ticks_before_1970 > static_cast<u64>(INT64_MAX) / nanoseconds_per_tick) return service_failed;
        auto wall = static_cast<i64>((sample.wall - ticks_before_1970) * nanoseconds_per_tick);
        // How long ago it was. A machine that was saved and goes on has been told late.
        auto now = arch::hyperv::reference_time().nanoseconds, then = static_cast<i64>(sample.reference * nanoseconds_per_tick);
        if (counts && now > then && then > 0) wall += now - then;
        time::change_wall_nanoseconds(wall);
        return service_done;
    }

private:
    void take(const Incoming& packet) {
        alignas(8) std::byte bytes[most_bytes];
        auto message = std::span(bytes).first(std::min(packet.data_bytes, most_bytes));
        if (packet.kind != PacketKind::in_band || message.size() < sizeof(ServiceHead) || !channel_.incoming.copy_data(packet, 0, message)) return channel_.give_up();
        auto& head = *reinterpret_cast<ServiceHead*>(bytes);
        auto body = message.subspan(sizeof(ServiceHead));
        if (head.bytes < body.size()) body = body.first(head.bytes);
        // Messages begin behind a head of an odd size.
        alignas(8) std::byte aligned[most_bytes];
        std::ranges::copy(body, aligned);
        MutableByteSpan copy(aligned, body.size());
        if (head.kind == ServiceMessage::versions) {
            head.status = choose(head, copy);
        } else {
            head.status = head.kind == expected_ ? (this->*act_)(copy) : service_failed;
        }
        std::ranges::copy(copy, body.begin());
        head.flags = service_transaction | service_response;
        if (!channel_.send(PacketKind::in_band, packet.transaction, 0, message)) core::warn("Hyper-V does not take an answer of ours");
        // It is told first that it will be so.
        if (after_) device::request_stop(*std::exchange(after_, std::nullopt));
    }

    /// The best that both know; the answer names one of each, or none.
    u32 choose(ServiceHead& head, MutableByteSpan body) {
        if (body.size() < sizeof(ServiceVersions)) return service_failed;
        auto& asked = *reinterpret_cast<ServiceVersions*>(body.data());
        auto* list = reinterpret_cast<ServiceVersion*>(body.data() + sizeof(ServiceVersions));
        auto room = (body.size() - sizeof(ServiceVersions)) / sizeof(ServiceVersion);
        std::size_t first = asked.frameworks, second = asked.messages;
        if (first + second > room || first + second < 2) return service_failed;
        auto best = [](std::span<const ServiceVersion> ours, std::span<const ServiceVersion> theirs) {
            auto found = std::ranges::find_if(ours, [&](auto& one) { return std::ranges::contains(theirs, one); });
            return found == ours.end() ? std::nullopt : std::optional(*found);
        };
        auto framework = best(frameworks, {list, first}), version = best(versions_, {list + first, second});
        bool agreed = framework && version;
        asked.frameworks = asked.messages = agreed;
        if (agreed) list[0] = *framework, list[1] = version_ = *version;
        head.bytes = sizeof(ServiceVersions) + 2 * sizeof(ServiceVersion);
        return agreed ? service_done : service_failed;
    }

    Channel channel_;
    std::span<const ServiceVersion> versions_;
    ServiceVersion version_{};
    ServiceMessage expected_;
    u32 (Service::*act_)(MutableByteSpan);
    std::optional<device::AfterEnd> after_;
};

struct Kind {
    Guid guid;
    std::span<const ServiceVersion> versions;
    ServiceMessage message;
    u32 (Service::*act)(MutableByteSpan);
};
constexpr Kind kinds[] = {
    {service_shutdown, shutdown_versions, ServiceMessage::shutdown, &Service::stop},
    {service_heartbeat, heartbeat_versions, ServiceMessage::heartbeat, &Service::beat},
    {service_time, time_versions, ServiceMessage::time, &Service::set_time},
};

}  // namespace

bool is_service(const Offer& offer) { return std::ranges::contains(kinds, offer.interface, &Kind::guid); }

Result<void> attach_service(Bus& bus, const Offer& offer) {
    auto* kind = std::ranges::find(kinds, offer.interface, &Kind::guid);
    return TRY(make_owned<Service>(kind->guid, kind->versions, kind->message, kind->act)).release()->open(bus, offer);  // lives as long as the machine: events lead to it
}

}  // namespace spore::drivers::hyperv
