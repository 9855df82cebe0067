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
/// More than is read of any message that is understood; of longer ones the rest is not looked at, nor given back.
constexpr u32 most_bytes = 512;

class Service final : public device::PollJob {
public:
    Service(std::span<const ServiceVersion> versions, ServiceMessage expected, u32 (Service::*act)(MutableByteSpan)) : versions_(versions), expected_(expected), act_(act) {}

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
        }
        return true;
    }

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
        if (body.size() < (counts ? sizeof(TimeSample) : sizeof(OldTimeSample))) return service_failed;
        auto& sample = *reinterpret_cast<TimeSample*>(body.data());
        u8 flags = counts ? sample.flags : reinterpret_cast<OldTimeSample*>(body.data())->flags;
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
        ServiceHead head;
        alignas(8) std::byte bytes[most_bytes];
        bool whole = packet.kind == PacketKind::in_band && channel_.incoming.copy_data(packet, 0, std::as_writable_bytes(std::span(&head, 1))) &&
                     head.pipe_bytes <= packet.data_bytes - service_pipe_bytes && head.pipe_bytes >= sizeof head - service_pipe_bytes + head.bytes;
        auto body = std::span(bytes).first(std::min<u32>(head.bytes, most_bytes));
        if (!whole || !channel_.incoming.copy_data(packet, sizeof head, body)) return channel_.give_up();
        head.status = head.kind == ServiceMessage::versions ? choose(body) : head.kind == expected_ ? (this->*act_)(body) : service_failed;
        if (head.kind == ServiceMessage::versions) body = body.first(std::min(body.size(), sizeof(ServiceVersions) + 2 * sizeof(ServiceVersion)));
        head.bytes = static_cast<u16>(body.size());
        head.pipe_bytes = static_cast<u32>(sizeof head - service_pipe_bytes + body.size());
        head.flags = service_transaction | service_response;
        if (!channel_.outgoing.begin(PacketKind::in_band, packet.transaction, 0, 0, service_pipe_bytes + head.pipe_bytes)) return core::warn("Hyper-V does not take an answer of ours");
        channel_.outgoing.add(bytes_of(head));
        channel_.outgoing.add(body);
        channel_.outgoing.end();
        channel_.publish();
        // It is told first that it will be so.
        if (after_) device::request_stop(*std::exchange(after_, std::nullopt));
    }

    /// The best that both know; the answer names one of each, or none.
    u32 choose(MutableByteSpan body) {
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
    return TRY(make_owned<Service>(kind->versions, kind->message, kind->act)).release()->open(bus, offer);  // lives as long as the machine: events lead to it
}

}  // namespace spore::drivers::hyperv
