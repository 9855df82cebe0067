#include "host/lan/daemon/slirp_gateway.hpp"

#include <poll.h>
#include <slirp/libslirp.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <optional>

#include "host/lan/addresses.hpp"

namespace spore::host::lan {

namespace {

i64 now_ns() { return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

in_addr address_v4(u32 value) { return {htonl(value)}; }
in6_addr address_v6(u8 last) {
    in6_addr address{};
    std::copy(network_v6.begin(), network_v6.end(), address.s6_addr);
    address.s6_addr[15] = last;
    return address;
}

struct Timer {
    SlirpTimerCb act;
    void* subject;
    std::optional<i64> due;  ///< milliseconds, as the clock has them
};

class SlirpGateway final : public Gateway {
public:
    explicit SlirpGateway(std::function<void(ByteSpan)> send) : send_(std::move(send)) {
        SlirpConfig configuration{};
        configuration.version = 1;
        configuration.in_enabled = configuration.in6_enabled = true;
        configuration.vnetwork = address_v4(network_v4), configuration.vnetmask = address_v4(0xffff'ff00);
        configuration.vhost = address_v4(gateway_v4), configuration.vnameserver = address_v4(name_server_v4);
        configuration.vdhcp_start = address_v4(member_v4(first_member));
        configuration.vprefix_addr6 = address_v6(0), configuration.vprefix_len = 64;
        configuration.vhost6 = address_v6(2), configuration.vnameserver6 = address_v6(3);
        slirp_ = slirp_new(&configuration, &callbacks, this);
    }
    SlirpGateway(const SlirpGateway&) = delete;
    ~SlirpGateway() override {
        if (slirp_) slirp_cleanup(slirp_);
    }
    bool works() const { return slirp_; }

    void take(ByteSpan frame) override { slirp_input(slirp_, reinterpret_cast<const u8*>(frame.data()), static_cast<int>(frame.size())); }

    bool open(const PortForward& port, unsigned member) override {
        return slirp_add_hostfwd(slirp_, port.udp, host_address(port), port.host_port, address_v4(member_v4(member)), port.guest_port) == 0;
    }
    void close(const PortForward& port) override { slirp_remove_hostfwd(slirp_, port.udp, host_address(port), port.host_port); }

    void add_waits(Waits& waits, u32& patience) override {
        slirp_pollfds_fill(slirp_, &patience, [](int descriptor, int events, void* to) {
            auto& list = *static_cast<Waits*>(to);
            list.push_back({descriptor, to_poll(events), 0});
            return static_cast<int>(list.size() - 1);
        }, &waits);
        for (const auto& timer : timers_)
            if (timer.due) patience = static_cast<u32>(std::clamp<i64>(*timer.due - now_ns() / 1'000'000, 0, patience));
    }

    void serve(const Waits& waits) override {
        slirp_pollfds_poll(slirp_, 0, [](int index, void* from) {
            return to_slirp((*static_cast<const Waits*>(from))[static_cast<std::size_t>(index)].revents);
        }, const_cast<Waits*>(&waits));
        for (auto& timer : timers_)
            if (timer.due && *timer.due <= now_ns() / 1'000'000) {
                timer.due.reset();
                timer.act(timer.subject);
            }
    }

private:
    static in_addr host_address(const PortForward& port) {
        in_addr address{INADDR_ANY};
        if (!port.host_address.empty()) ::inet_pton(AF_INET, port.host_address.c_str(), &address);
        return address;
    }
    static short to_poll(int events) {
        int flags = 0;
        if (events & SLIRP_POLL_IN) flags |= POLLIN;
        if (events & SLIRP_POLL_OUT) flags |= POLLOUT;
        if (events & SLIRP_POLL_PRI) flags |= POLLPRI;
        return static_cast<short>(flags);
    }
    static int to_slirp(short flags) {
        int events = 0;
        if (flags & POLLIN) events |= SLIRP_POLL_IN;
        if (flags & POLLOUT) events |= SLIRP_POLL_OUT;
        if (flags & POLLPRI) events |= SLIRP_POLL_PRI;
        if (flags & POLLERR) events |= SLIRP_POLL_ERR;
        if (flags & POLLHUP) events |= SLIRP_POLL_HUP;
        return events;
    }
    static SlirpGateway& self(void* opaque) { return *static_cast<SlirpGateway*>(opaque); }
    static SlirpCb make_callbacks() {
        SlirpCb list{};
        list.send_packet = [](const void* frame, size_t size, void* opaque) {
            self(opaque).send_({static_cast<const std::byte*>(frame), size});
            return static_cast<ssize_t>(size);
        };
        list.guest_error = [](const char*, void*) {};
        list.clock_get_ns = [](void*) { return static_cast<int64_t>(now_ns()); };
        list.timer_new = [](SlirpTimerCb act, void* subject, void* opaque) -> void* { return &self(opaque).timers_.emplace_back(Timer{act, subject, {}}); };
        list.timer_free = [](void* timer, void* opaque) { self(opaque).timers_.remove_if([&](const Timer& one) { return &one == timer; }); };
        list.timer_mod = [](void* timer, int64_t due, void*) { static_cast<Timer*>(timer)->due = due; };
        list.register_poll_fd = list.unregister_poll_fd = [](int, void*) {};
        list.notify = [](void*) {};  // there is one thread: it looks anew each round
        return list;
    }
    static inline const SlirpCb callbacks = make_callbacks();

    std::function<void(ByteSpan)> send_;
    std::list<Timer> timers_;  ///< libslirp has pointers to them
    Slirp* slirp_ = nullptr;
};

}  // namespace

std::unique_ptr<Gateway> make_slirp_gateway(std::function<void(ByteSpan)> send) {
    auto gateway = std::make_unique<SlirpGateway>(std::move(send));
    if (!gateway->works()) return nullptr;
    return gateway;
}

}  // namespace spore::host::lan
