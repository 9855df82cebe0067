// One interface's DHCP client: the states of [RFC 2131 4.4, figure 5], and what is to be done once its lock is released.
#pragma once

#include "base/locked.hpp"
#include "kernel/net/dhcp/lease.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::net::dhcp {

class Client {
public:
    Client(Interface& interface, std::string_view host_name);

    void expire(Instant now);
    Instant deadline() const { return deadline_; }
    void receive(const wire::dhcp::Message& message);
    bool conflict(const IpAddress& address);
    void link_up();

    /// What is done without the lock: sending takes others.
    struct Work {
        std::optional<wire::dhcp::Type> send;
        bool unicast = false;    ///< to the server that granted the lease
        u32 ciaddr = 0, requested = 0, server = 0, transaction = 0;
        u16 seconds = 0;
        u32 probe = 0, announce = 0;  ///< addresses, for ARP
    };
    Work take_work() { return std::exchange(work_, {}); }
    void run(const Work& work) const;

private:
    enum class State : u8 {
        paused,      ///< begins anew later
        selecting,   ///< looks for a server
        requesting,  ///< has taken an offer
        rebooting,   ///< asks whether its address still holds here
        checking,    ///< asks by ARP whether somebody has the address
        bound,
        renewing,    ///< asks the server that granted the lease
        rebinding,   ///< asks anybody
    };
    void begin(Instant now);
    void pause(Instant now, Duration duration);
    void ask(Instant now);
    void become_bound(Instant now);
    void lose();
    void decline(Instant now);
    void offered(const wire::dhcp::Message& message, Instant now);
    void granted(const wire::dhcp::Message& message, Instant now);
    void keep_asking(Instant now, Instant limit);
    u32 write(const Work& work, MutableByteSpan into) const;

    Interface& interface_;
    char host_name_[64] = {};
    State state_ = State::paused;
    u32 transaction_ = 0, attempts_ = 0, offered_ = 0, server_ = 0;
    Instant deadline_{}, began_{}, asked_{};
    bool has_lease_ = false;
    Lease lease_;
    Instant renew_at_ = Instant::never(), rebind_at_ = Instant::never(), expires_ = Instant::never();
    Instant last_conflict_{};
    Work work_;
};

}  // namespace spore::net::dhcp
