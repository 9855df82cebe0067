// One interface's DHCPv6 client [RFC 8415 18.2], and what is to be done once its lock is released.
#pragma once

#include <optional>

#include "kernel/net/interface.hpp"
#include "wire/net/dhcp6.hpp"

namespace spore::net::dhcp6 {

class Client {
public:
    void advertised(bool managed, bool other, Instant now);
    void expire(Interface& interface, Instant now);
    void receive(Interface& interface, const wire::dhcp6::Message& message, Instant now);
    bool conflict(Interface& interface, const IpAddress& address, Instant now);
    void link_up(Instant now);
    Instant deadline() const { return deadline_; }

    /// What is done without the lock: sending takes others.
    struct Work {
        std::optional<wire::dhcp6::Type> send;
        u32 transaction = 0;
        u16 elapsed = 0;  ///< hundredths of a second
        std::optional<IpAddress> address;
        u8 server_size = 0;  ///< 0: to any server
        std::byte server[wire::dhcp6::max_identity];
        IpAddress check;  ///< for duplicates
    };
    Work take_work();
    static void run(Interface& interface, const Work& work);

private:
    enum class State : u8 {
        idle,        ///< no router has spoken of DHCPv6
        soliciting,  ///< looks for a server
        requesting,  ///< has taken an offer
        bound,
        renewing,    ///< asks the server that granted the address
        rebinding,   ///< asks anybody
        informing,   ///< asks for name servers only
        informed,
    };
    void begin(State state, Instant now);
    void ask(Instant now);
    void granted(Interface& interface, const wire::dhcp6::Message& message, Instant now);
    void not_granted(Interface& interface, const wire::dhcp6::Message& message, bool taken_back, Instant now);
    void take_server(ByteSpan identity);
    void take_names(Interface& interface, const wire::dhcp6::Message& message, Instant until) const;
    void lose(Interface& interface);

    State state_ = State::idle;
    bool has_address_ = false;
    u8 server_size_ = 0;
    std::byte server_[wire::dhcp6::max_identity] = {};
    u32 transaction_ = 0, attempts_ = 0;
    IpAddress address_;
    Instant deadline_{}, began_{}, asked_{}, rebind_at_{}, valid_until_{};
    Work work_;
};

}  // namespace spore::net::dhcp6
