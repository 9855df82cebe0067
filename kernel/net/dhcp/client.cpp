#include "kernel/net/dhcp/client.hpp"

#include <algorithm>

#include "kernel/core/log.hpp"
#include "kernel/core/random.hpp"
#include "kernel/net/address_events.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net::dhcp {

namespace {

using wire::dhcp::Message;
using wire::dhcp::Type;
namespace option = wire::dhcp::option;

/// Quicker at the beginning than [RFC 2131 4.1] has it, since a program waits for the answer; as slow at the end.
constexpr i64 first_interval_ms = 1000, last_interval_ms = 64'000;
/// An offer that is not honoured is forgotten.
constexpr u32 max_requests = 4;
/// Hosts of a link answer ARP at once, or not at all. [RFC 5227 2.1.1] would take seconds; a conflict that shows itself later ends the lease too.
constexpr Duration check_time = Duration::ms(100);
constexpr Duration after_decline = Duration::seconds(10);  // [RFC 2131 3.1.5]
constexpr Duration after_refusal = Duration::seconds(1);
/// Between questions about a lease that goes on [RFC 2131 4.4.5].
constexpr Duration shortest_renewal = Duration::seconds(60);
/// Two conflicts within this time, and the other host may keep the address [RFC 5227 2.4 (b)].
constexpr Duration conflict_memory = Duration::seconds(10);

Duration interval(u32 attempt) {
    i64 ms = std::min(first_interval_ms << std::min(attempt, 10u), last_interval_ms);
    return Duration::ms(ms + static_cast<i64>(core::random_u64() % 1000) * ms / 4000);  // so that many guests do not ask in step
}

}  // namespace

Client::Client(Interface& interface, std::string_view host_name) : interface_(interface) {
    host_name.copy(host_name_, sizeof host_name_ - 1);
}

void Client::begin(Instant now) {
    state_ = State::selecting;
    began_ = now;
    attempts_ = 0;
    transaction_ = static_cast<u32>(core::random_u64());
    ask(now);
}

void Client::pause(Instant now, Duration duration) {
    state_ = State::paused;
    deadline_ = now + duration;
}

/// Sends what the state wants.
void Client::ask(Instant now) {
    asked_ = now;
    work_.transaction = transaction_;
    work_.seconds = static_cast<u16>(std::min<i64>((now - began_).nanoseconds / 1'000'000'000, 0xffff));
    work_.send = state_ == State::selecting ? Type::discover : Type::request;
    work_.unicast = state_ == State::renewing;
    work_.ciaddr = work_.requested = work_.server = 0;
    switch (state_) {
    case State::requesting:
        work_.requested = offered_;
        work_.server = server_;
        break;
    case State::rebooting: work_.requested = lease_.address; break;
    case State::renewing: work_.server = server_; [[fallthrough]];  // where it goes, not what it says
    case State::rebinding: work_.ciaddr = lease_.address; break;
    default: break;
    }
    deadline_ = now + interval(attempts_++);
}

/// Half of the time that is left, but not too often.
void Client::keep_asking(Instant now, Instant limit) {
    transaction_ = static_cast<u32>(core::random_u64());
    if (attempts_ == 0) began_ = now;
    ask(now);
    auto half = Duration::ns((limit - now).nanoseconds / 2);
    deadline_ = std::min(limit, now + std::max(half, shortest_renewal));
}

void Client::expire(Instant now) {
    if (now < deadline_) return;
    switch (state_) {
    case State::paused: return begin(now);
    case State::selecting: return ask(now);
    case State::requesting:
        if (attempts_ >= max_requests) return begin(now);
        return ask(now);
    case State::rebooting:
        // Nobody says no: the lease holds as long as it was granted [RFC 2131 3.2].
        if (attempts_ < max_requests) return ask(now);
        return become_bound(now);
    case State::checking:
        interface_.confirm_address(IpAddress::v4(lease_.address));
        work_.announce = lease_.address;
        become_bound(now);
        addresses_changed();
        return;
    case State::bound:
        if (expires_ == Instant::never()) return;
        state_ = State::renewing;
        attempts_ = 0;
        [[fallthrough]];
    case State::renewing:
        if (now < rebind_at_) return keep_asking(now, rebind_at_);
        state_ = State::rebinding;
        [[fallthrough]];
    case State::rebinding:
        if (now < expires_) return keep_asking(now, expires_);
        core::warn("{}: its address was not granted any longer", interface_.name());
        lose();
        return begin(now);
    }
}

void Client::become_bound(Instant now) {
    state_ = State::bound;
    attempts_ = 0;
    deadline_ = std::max(renew_at_, now);
}

void Client::lose() {
    if (std::exchange(has_lease_, false)) withdraw(interface_, lease_);
}

void Client::decline(Instant now) {
    core::warn("{}: another host has the address that DHCP gave us", interface_.name());
    work_.send = Type::decline;
    work_.transaction = transaction_ = static_cast<u32>(core::random_u64());
    work_.unicast = false;
    work_.ciaddr = 0;
    work_.requested = lease_.address;
    work_.server = server_;
    lose();
    pause(now, after_decline);
}

bool Client::conflict(const IpAddress& address) {
    if (!has_lease_ || address != IpAddress::v4(lease_.address)) return false;
    auto now = time::now();
    bool again = last_conflict_ != Instant{} && now < last_conflict_ + conflict_memory;
    last_conflict_ = now;
    if (state_ != State::checking && !again) return false;  // defended, this time
    decline(now);
    return true;
}

void Client::link_up() {
    auto now = time::now();
    if (!has_lease_) return begin(now);
    if (state_ == State::checking) return;
    state_ = State::rebooting;
    attempts_ = 0;
    began_ = now;
    transaction_ = static_cast<u32>(core::random_u64());
    ask(now);
}

void Client::receive(const Message& message) {
    auto& header = message.header();
    if (header.transaction != transaction_ || std::memcmp(header.hardware, interface_.mac().bytes.data(), 6) != 0) return;
    auto now = time::now();
    bool asking = state_ == State::requesting || state_ == State::rebooting || state_ == State::renewing || state_ == State::rebinding;
    if (message.type() == Type::offer && state_ == State::selecting) return offered(message, now);
    if (message.type() == Type::ack && asking) return granted(message, now);
    if (message.type() == Type::nak && asking) {
        auto server = message.number32(option::server);
        if (!server || ((state_ == State::requesting || state_ == State::renewing) && *server != server_)) return;
        core::info("{}: its DHCP server refuses the address", interface_.name());
        lose();
        pause(now, after_refusal);
    }
}

void Client::offered(const Message& message, Instant now) {
    auto server = message.number32(option::server);
    if (!server || !lease_of(message) || !times_of(message)) return;  // another one may be better
    offered_ = message.header().your;
    server_ = *server;
    state_ = State::requesting;
    attempts_ = 0;
    ask(now);
}

void Client::granted(const Message& message, Instant now) {
    auto server = message.number32(option::server);
    if (state_ == State::requesting && server.value_or(0) != server_) return;
    auto lease = lease_of(message);
    auto times = times_of(message);
    if (!lease || !times) return;
    if (server) server_ = *server;
    // Counted from the question, as the server cannot have begun earlier [RFC 2131 4.4.1].
    auto at = [&](Duration after) { return times->endless ? Instant::never() : asked_ + after; };
    renew_at_ = at(times->renew);
    rebind_at_ = at(times->rebind);
    expires_ = at(times->lease);
    bool moved = has_lease_ && lease->address != lease_.address;
    if (has_lease_ && !(*lease == lease_)) {
        if (moved) lose();
        else withdraw_routes(interface_, lease_);
    }
    lease_ = *lease;
    has_lease_ = true;
    auto applied = apply(interface_, lease_, expires_);
    if (!applied) {
        core::error("{}: the address that DHCP gives cannot be used", interface_.name());
        lose();
        return pause(now, after_decline);
    }
    if (!interface_.is_tentative(IpAddress::v4(lease_.address))) return become_bound(now);
    state_ = State::checking;
    deadline_ = now + check_time;
    work_.probe = lease_.address;
}

}  // namespace spore::net::dhcp
