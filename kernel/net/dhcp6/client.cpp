#include "kernel/net/dhcp6/client.hpp"

#include <algorithm>

#include "kernel/core/log.hpp"
#include "kernel/core/random.hpp"
#include "kernel/net/name_servers.hpp"
#include "wire/net/dhcp.hpp"

namespace spore::net::dhcp6 {

namespace {

using wire::dhcp6::Message;
using wire::dhcp6::Type;
namespace option = wire::dhcp6::option;

/// Each question comes after twice the time of the one before, a little more or less, so that many guests do not ask in step [RFC 8415 15].
Duration interval(u32 attempt, i64 first_seconds, i64 last_seconds) {
    i64 ms = std::min(first_seconds << std::min(attempt, 12u), last_seconds) * 1000;
    return Duration::ms(ms - ms / 10 + static_cast<i64>(core::random_u64() % 1000) * ms / 5000);
}
/// An offer that is not honoured is forgotten [RFC 8415 7.6: REQ_MAX_RC].
constexpr u32 max_requests = 10;
constexpr Duration after_decline = Duration::seconds(10);
constexpr u32 endless = ~u32{0};

Instant after(Instant now, u32 seconds) { return seconds == endless ? Instant::never() : now + Duration::seconds(seconds); }

/// An address that a host can have from a server.
bool usable(const IpAddress& address) { return !address.is_v4() && !address.is_multicast() && !address.is_unspecified() && !address.is_loopback() && !address.is_link_local(); }

}  // namespace

void Client::begin(State state, Instant now) {
    state_ = state;
    began_ = deadline_ = now;
    attempts_ = 0;
    transaction_ = static_cast<u32>(core::random_u64()) & 0xff'ffff;
}

void Client::advertised(bool managed, bool other, Instant now) {
    if (managed && (state_ == State::idle || state_ == State::informing || state_ == State::informed)) return begin(State::soliciting, now);
    if (other && state_ == State::idle) begin(State::informing, now);
}

void Client::link_up(Instant now) {
    if (state_ == State::idle) return;
    if (!has_address_) return begin(state_ == State::informing || state_ == State::informed ? State::informing : State::soliciting, now);
    begin(State::rebinding, now);  // whoever serves this network says whether the address holds in it
}

/// Sends what the state wants.
void Client::ask(Instant now) {
    if (attempts_ == 0) began_ = now;
    if (state_ != State::requesting || attempts_ == 0) asked_ = now;
    constexpr Type types[] = {Type::solicit, Type::solicit, Type::request, Type::renew, Type::renew, Type::rebind, Type::information_request, Type::information_request};
    work_.send = types[static_cast<u32>(state_)];
    work_.transaction = transaction_;
    work_.elapsed = static_cast<u16>(std::min<i64>((now - began_).nanoseconds / 10'000'000, 0xffff));
    bool named = state_ == State::requesting || state_ == State::renewing;
    work_.server_size = named ? server_size_ : u8{0};
    std::memcpy(work_.server, server_, sizeof server_);
    if (state_ == State::requesting || state_ == State::renewing || state_ == State::rebinding) work_.address = address_;
    bool slowly = state_ == State::renewing || state_ == State::rebinding;
    deadline_ = now + (slowly ? interval(attempts_, 10, 600) : interval(attempts_, 1, state_ == State::requesting ? 30 : 3600));
    ++attempts_;
}

void Client::expire(Interface& interface, Instant now) {
    if (now < deadline_) return;
    switch (state_) {
    case State::idle: deadline_ = Instant::never(); return;
    case State::requesting:
        if (attempts_ >= max_requests) begin(has_address_ ? State::rebinding : State::soliciting, now);
        return ask(now);
    case State::bound: begin(State::renewing, now); [[fallthrough]];
    case State::renewing:
        if (now >= rebind_at_) begin(State::rebinding, now);
        [[fallthrough]];
    case State::rebinding:
        if (now >= valid_until_) {
            core::warn("{}: its IPv6 address was not granted any longer", interface.name());
            lose(interface);
            begin(State::soliciting, now);
            return ask(now);
        }
        ask(now);
        deadline_ = std::min(deadline_, state_ == State::renewing ? rebind_at_ : valid_until_);
        return;
    case State::informed: begin(State::informing, now); [[fallthrough]];
    default: return ask(now);
    }
}

void Client::lose(Interface& interface) {
    if (!std::exchange(has_address_, false)) return;
    (void)interface.remove_address(address_);  // its time may have been over
    name_servers::set(interface.index(), Route::Origin::dhcp_v6, {}, {}, {});
}

bool Client::conflict(Interface& interface, const IpAddress& address, Instant now) {
    if (!has_address_ || address != address_) return false;
    core::warn("{}: another host has the address that DHCPv6 gave us", interface.name());
    begin(State::soliciting, now);
    ask(now);
    work_.send = Type::decline;
    work_.server_size = server_size_;
    work_.address = address_;
    lose(interface);
    begin(State::soliciting, now);  // in a transaction of its own
    deadline_ = now + after_decline;
    return true;
}

void Client::receive(Interface& interface, const Message& message, Instant now) {
    auto client = message.option(option::client), server = message.option(option::server);
    if (message.transaction() != transaction_ || !client || client->size() != 10 || std::memcmp(client->data() + 4, interface.mac().bytes.data(), 6) != 0) return;
    if (!server || server->empty() || server->size() > sizeof server_) return;
    switch (state_) {
    case State::soliciting: {
        if (message.type() != Type::advertise) return;
        auto offer = message.grant(interface.index());
        if (!offer || !usable(IpAddress::v6(offer->address))) return;  // another server may be better
        address_ = IpAddress::v6(offer->address);
        take_server(*server);
        begin(State::requesting, now);
        return ask(now);
    }
    case State::informing:
        if (message.type() != Type::reply) return;
        state_ = State::informed;
        {
            constexpr u32 usual = 86'400, least = 600;  // [RFC 8415 21.23]
            auto told = message.option(option::refresh_time);
            u32 seconds = told && told->size() == 4 ? u32{*reinterpret_cast<const be32*>(told->data())} : usual;
            deadline_ = after(now, std::max(seconds, least));
            take_names(interface, message, Instant::never());
        }
        return;
    case State::requesting:
    case State::renewing:
    case State::rebinding:
        if (message.type() == Type::reply) granted(interface, message, now);
        return;
    default: return;
    }
}

void Client::take_server(ByteSpan identity) {
    server_size_ = static_cast<u8>(identity.size());
    std::memcpy(server_, identity.data(), identity.size());
}

/// A reply without an address: what becomes of the one that we have [RFC 8415 18.2.10.1].
void Client::not_granted(Interface& interface, const Message& message, bool taken_back, Instant now) {
    using wire::dhcp6::Status;
    auto status = message.status(interface.index());
    if (has_address_) {
        // The server says nothing of the address, or could not look: the question is repeated in its time.
        if (!taken_back || status == Status::unspecified_failure || status == Status::use_multicast) return;
        if (status == Status::no_binding && state_ != State::requesting) {  // it has forgotten us, and may give the address again
            take_server(*message.option(option::server));                   // receive() has looked at it
            begin(State::requesting, now);
            return ask(now);
        }
    }
    core::info("{}: its DHCPv6 server refuses the address", interface.name());
    lose(interface);
    begin(State::soliciting, now);
    deadline_ = now + Duration::seconds(1);
}

void Client::granted(Interface& interface, const Message& message, Instant now) {
    auto grant = message.grant(interface.index());
    auto address = grant ? IpAddress::v6(grant->address) : IpAddress();
    if (!grant || !usable(address)) return not_granted(interface, message, !grant && grant.error() == Error::not_found, now);
    if (has_address_ && address != address_) lose(interface);
    // Counted from the question, as the server cannot have begun earlier.
    u32 preferred = grant->preferred;
    u32 renew = grant->renew ? grant->renew : preferred == endless ? endless : preferred / 2;
    u32 rebind = grant->rebind ? grant->rebind : preferred == endless ? endless : preferred - preferred / 5;
    auto renew_at = after(asked_, std::max(renew, 1u));  // nobody makes us ask without a pause
    rebind_at_ = std::max(after(asked_, rebind), renew_at);
    valid_until_ = after(asked_, grant->valid);
    bool fresh = !interface.has_address(address);
    // Which prefixes are on the link, routers say [RFC 8415 18.2.10.1].
    if (!interface.add_address({.address = address, .prefix_length = 128, .tentative = fresh, .valid_until = valid_until_, .preferred_until = after(asked_, preferred)})) {
        core::error("{}: the address that DHCPv6 gives cannot be used", interface.name());
        begin(State::soliciting, now);
        deadline_ = now + after_decline;
        return;
    }
    address_ = address;
    has_address_ = true;
    if (fresh) work_.check = address;
    state_ = State::bound;
    deadline_ = std::min(renew_at, valid_until_);
    take_names(interface, message, valid_until_);
}

void Client::take_names(Interface& interface, const Message& message, Instant until) const {
    IpAddress servers[4];
    u32 count = 0;
    if (auto told = message.option(option::name_servers)) {
        for (std::size_t at = 0; at + 16 <= told->size() && count < std::size(servers); at += 16) {
            std::array<u8, 16> bytes;
            std::memcpy(bytes.data(), told->data() + at, sizeof bytes);
            auto server = IpAddress::v6(bytes);
            if (usable(server) || server.is_link_local()) servers[count++] = server;
        }
    }
    char search[256] = {};
    if (auto domains = message.option(option::domains)) (void)wire::dhcp::write_names(*domains, std::span(search).first(sizeof search - 1));
    name_servers::set(interface.index(), Route::Origin::dhcp_v6, std::span(servers).first(count), search, until);
}

}  // namespace spore::net::dhcp6
