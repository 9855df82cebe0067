// The table of neighbours, and their state machine. One lock for all: packets do not come here, only changes do.
#include "kernel/net/ip/neighbour.hpp"

#include <algorithm>

#include "kernel/net/chores.hpp"
#include "kernel/net/ip/arp.hpp"
#include "kernel/net/ip/errors.hpp"
#include "kernel/net/ip/nd.hpp"
#include "kernel/net/ip/output.hpp"
#include "kernel/time/timer.hpp"
#include "wire/net/ethernet.hpp"

namespace spore::net {

namespace {

// [RFC 4861 10]
constexpr Duration retransmission = Duration::seconds(1), reachable_time = Duration::seconds(30), first_probe_delay = Duration::seconds(5);
/// A neighbour that is said to have moved is asked more quickly: traffic may be going nowhere.
constexpr Duration challenge_interval = Duration::ms(300);
/// An address that did not answer is not asked again at once for every packet.
constexpr Duration failure_memory = Duration::seconds(1);
constexpr u32 buckets = 256;

using State = Neighbour::State;

}  // namespace

class NeighbourTable {
public:
    /// What to do once the lock is released: sending takes other locks.
    struct Work {
        struct Question { Shared<Neighbour> neighbour; bool unicast; };
        static constexpr u32 most = 16;
        Question questions[most];
        u32 count = 0;
        device::PacketList ready, unreachable;
        Interface* ready_on = nullptr;

        void ask(Neighbour& n, bool unicast) { if (count < most) questions[count++] = {Shared<Neighbour>(n), unicast}; }
        ~Work() {
            for (auto& question : std::span(questions, count)) question_about(question);
            if (!ready.empty()) ready_on->transmit(ready);
            while (auto packet = unreachable.pop_front()) {
                count_drop(Drop::no_neighbour);
                ip::tell_unreachable(*packet);
            }
        }
        static void question_about(const Question& question) {
            auto& n = *question.neighbour;
            auto mac = n.link_address();
            if (n.address().is_v4()) arp::request(n.interface(), n.address().v4_value(), question.unicast ? &mac : nullptr);
            else nd::solicit(n.interface(), n.address(), question.unicast ? &mac : nullptr);
        }
    };

    static u32 bucket_of(const Interface& interface, const IpAddress& address) {
        auto words = address.halves();
        return static_cast<u32>(((words[0] ^ words[1]) * 0x9e37'79b9'7f4a'7c15 + interface.index()) >> 56) % buckets;
    }
    Neighbour* look_up(const Interface& interface, const IpAddress& address) {
        for (auto* n = chains_[bucket_of(interface, address)]; n; n = n->next_)
            if (n->address_ == address && &n->interface_ == &interface) return n;
        return nullptr;
    }
    Neighbour* ensure(Interface& interface, const IpAddress& address);
    void remove(Neighbour& neighbour);
    bool evict();
    void become(Neighbour& n, State state, Instant now);
    void learn(Neighbour& n, const u8* mac, State state, Work& work);
    Instant expire(Neighbour& n, Instant now, Work& work);
    Instant expire_all(Instant now, Work& work);
    void begin(Neighbour& n, Instant now, Work& work);
    void answered(Neighbour& n, const u8* mac, neighbours::Answer answer, Instant now, Work& work);
    void send(Neighbour& n, Owned<device::Packet> packet, Work& work);
    static NeighbourInfo info(const Neighbour& n) { return {n.address_, n.interface_.index(), n.link_address(), n.state_, n.router_}; }
    template <typename F>
    void for_each(F&& visit) {
        for (auto*& chain : chains_)
            for (auto* n = chain; n;) {
                auto* following = n->next_;
                visit(*n);
                n = following;
            }
    }
    static State state_of(const Neighbour& n) { return n.state_; }
    static u64 waiting_for(const Neighbour& n) { return n.waiting_.count(); }
    static void make_permanent(Neighbour& n, const u8* mac) {
        n.set_link_address(mac);
        n.state_ = State::permanent;
        n.ready_.store(Neighbour::Readiness::now, std::memory_order_release);
    }
    void clear() { for_each([&](Neighbour& n) { remove(n); }); }

private:
    Neighbour* chains_[buckets] = {};  ///< each entry holds a reference
    u32 count_ = 0;
};

namespace {
constinit Locked<NeighbourTable, sync::Spin> table;
}  // namespace

void Neighbour::set_link_address(const u8* mac) {
    std::byte bytes[16] = {};
    std::memcpy(bytes + 2, mac, 6);
    std::memcpy(bytes + 8, interface_.mac().bytes.data(), 6);
    be16 type;
    type = address_.is_v4() ? wire::ethernet::type_ipv4 : wire::ethernet::type_ipv6;
    std::memcpy(bytes + 14, &type, 2);
    u64 words[2];
    std::memcpy(words, bytes, 16);
    header_[0].store(words[0], std::memory_order_relaxed);
    header_[1].store(words[1], std::memory_order_relaxed);
}

device::MacAddress Neighbour::link_address() const {
    u64 word = header_[0].load(std::memory_order_relaxed);
    device::MacAddress mac;
    std::memcpy(mac.bytes.data(), reinterpret_cast<const std::byte*>(&word) + 2, 6);
    return mac;
}

Neighbour::State Neighbour::state() const {
    return table.with([&](NeighbourTable&) { return NeighbourTable::state_of(*this); });
}

void Neighbour::send_slowly(Owned<device::Packet> packet) {
    if (packet->headroom() < 16) {
        // A sender that left no room: what it built is moved to a packet that has some.
        auto roomy = ip::with_headroom(*packet);
        if (!roomy) return count_drop(Drop::no_memory);
        packet = std::move(*roomy);
        if (ready_.load(std::memory_order_acquire) == Readiness::now) return send(std::move(packet));
    }
    NeighbourTable::Work work;
    table.with([&](NeighbourTable& t) { t.send(*this, std::move(packet), work); });
}

void NeighbourTable::send(Neighbour& n, Owned<device::Packet> packet, Work& work) {
    auto now = time::now();
    switch (n.state_) {
    case State::incomplete:
        if (n.waiting_.count() >= neighbours::max_waiting) {
            n.waiting_.pop_front();  // the oldest goes [RFC 4861 7.2.2]
            count_drop(Drop::queue_full);
        }
        n.waiting_.push_back(std::move(packet));
        if (n.deadline_ == Instant::never()) begin(n, now, work);
        return;
    case State::failed:
        if (now < n.deadline_) return work.unreachable.push_back(std::move(packet));
        n.state_ = State::incomplete;
        n.waiting_.push_back(std::move(packet));
        return begin(n, now, work);
    case State::stale:
        become(n, State::delay, now);
        wake_chores_at(n.deadline_);
        break;
    default: break;
    }
    n.put_header(*packet);
    work.ready_on = &n.interface_;
    work.ready.push_back(std::move(packet));
}

/// Asks for the first time.
void NeighbourTable::begin(Neighbour& n, Instant now, Work& work) {
    n.asked_ = 1;
    n.deadline_ = now + retransmission;
    wake_chores_at(n.deadline_);
    work.ask(n, false);
}

void NeighbourTable::become(Neighbour& n, State state, Instant now) {
    using Readiness = Neighbour::Readiness;
    n.state_ = state;
    n.asked_ = 0;
    switch (state) {
    case State::reachable: n.deadline_ = now + reachable_time; break;
    case State::delay: n.deadline_ = now + first_probe_delay; break;
    case State::probe: n.deadline_ = now; break;
    case State::failed: n.deadline_ = now + failure_memory; break;
    default: n.deadline_ = Instant::never();
    }
    bool usable = state != State::incomplete && state != State::failed;
    n.ready_.store(state == State::stale ? Readiness::stale : usable ? Readiness::now : Readiness::no, std::memory_order_release);
}

/// The link address is (again) known: what waited leaves.
void NeighbourTable::learn(Neighbour& n, const u8* mac, State state, Work& work) {
    auto now = time::now();
    n.set_link_address(mac);
    n.challenged_ = false;
    n.confirmed_.store(false, std::memory_order_relaxed);
    if (state == State::stale && !n.waiting_.empty()) state = State::delay;  // it is being used
    become(n, state, now);
    if (n.deadline_ != Instant::never()) wake_chores_at(n.deadline_);
    while (auto packet = n.waiting_.pop_front()) {
        n.put_header(*packet);
        work.ready_on = &n.interface_;
        work.ready.push_back(std::move(packet));
    }
}

Instant NeighbourTable::expire(Neighbour& n, Instant now, Work& work) {
    if (n.confirmed_.load(std::memory_order_relaxed) && n.state_ >= State::reachable && n.state_ <= State::probe && !n.challenged_) {
        // Whoever saw an answer since the last look renews it.
        if (n.deadline_ <= now || n.state_ != State::reachable) {
            n.confirmed_.store(false, std::memory_order_relaxed);
            become(n, State::reachable, now);
        }
        return n.deadline_;
    }
    if (n.deadline_ > now) return n.deadline_;
    switch (n.state_) {
    case State::reachable:
        become(n, State::stale, now);
        break;
    case State::delay:
        become(n, State::probe, now);
        [[fallthrough]];
    case State::probe:
        if (n.asked_ == neighbours::max_solicitations) {
            n.challenged_ = false;
            // Not forgotten by those who use it: the next packet asks all over again, whoever has the address now.
            become(n, State::incomplete, now);
            break;
        }
        ++n.asked_;
        n.deadline_ = now + (n.challenged_ ? challenge_interval : retransmission);
        work.ask(n, true);
        break;
    case State::incomplete:
        if (n.asked_ == neighbours::max_solicitations) {
            work.unreachable.append(n.waiting_);
            become(n, State::failed, now);
            return Instant::never();
        }
        ++n.asked_;
        n.deadline_ = now + retransmission;
        work.ask(n, false);
        break;
    default:
        return Instant::never();  // failed: the deadline is looked at when somebody sends
    }
    return n.deadline_;
}

Instant NeighbourTable::expire_all(Instant now, Work& work) {
    Instant next = Instant::never();
    for_each([&](Neighbour& n) {
        // No room to ask more at once: soon again.
        next = std::min(next, work.count == Work::most ? now + Duration::ms(1) : expire(n, now, work));
    });
    return next;
}

void NeighbourTable::answered(Neighbour& n, const u8* mac, neighbours::Answer answer, Instant now, Work& work) {
    if (n.state_ == State::permanent) return;
    if (n.state_ == State::incomplete || n.state_ == State::failed) {
        // Only an answer to a question is believed here: nobody asked for what comes unsolicited.
        if (n.state_ == State::incomplete && n.deadline_ == Instant::never()) return;
        n.router_ = answer.router;
        return learn(n, mac, answer.solicited ? State::reachable : State::stale, work);
    }
    bool same = std::memcmp(mac, n.link_address().bytes.data(), 6) == 0;
    bool asked = n.state_ == State::probe && answer.solicited;
    if (same) {
        n.router_ = answer.router;
        if (asked) learn(n, mac, State::reachable, work);
        return;
    }
    if (asked && answer.override_cached && !n.challenged_) return learn(n, mac, State::reachable, work);
    // A claim that nobody asked for does not move traffic: the address that is known is asked first, and only its silence opens the entry.
    if (!n.challenged_ && n.state_ != State::probe) {
        n.challenged_ = true;
        become(n, State::probe, now);
        wake_chores_at(now);
    }
}

bool NeighbourTable::evict() {
    Neighbour* worst = nullptr;
    for_each([&](Neighbour& n) {
        if (n.owners() > 1 || n.state_ == State::permanent || !n.waiting_.empty()) return;
        if (!worst || n.used_ < worst->used_) worst = &n;
    });
    if (worst) remove(*worst);
    return worst;
}

void NeighbourTable::remove(Neighbour& neighbour) {
    for (auto** at = &chains_[bucket_of(neighbour.interface_, neighbour.address_)]; *at; at = &(*at)->next_) {
        if (*at != &neighbour) continue;
        *at = neighbour.next_;
        --count_;
        (void)Shared<Neighbour>::adopt(&neighbour);  // the table's reference
        return;
    }
}

Neighbour* NeighbourTable::ensure(Interface& interface, const IpAddress& address) {
    auto* n = look_up(interface, address);
    if (!n) {
        if (count_ >= neighbours::max_entries && !evict()) return nullptr;
        n = new (std::nothrow) Neighbour(interface, address);
        if (!n) return nullptr;
        auto& chain = chains_[bucket_of(interface, address)];
        n->next_ = chain;
        chain = n;
        ++count_;
    }
    n->used_ = time::now();
    return n;
}

namespace neighbours {

Result<Shared<Neighbour>> find(Interface& interface, const IpAddress& address, bool broadcast) {
    if (broadcast || address.is_multicast()) {
        auto group = TRY(make_shared<Neighbour>(interface, address));
        auto mac = broadcast         ? wire::ethernet::broadcast
                   : address.is_v4() ? wire::ethernet::group_of_ipv4(address.v4_value())
                                     : wire::ethernet::group_of_ipv6(address.bytes());
        NeighbourTable::make_permanent(*group, mac.data());
        return group;
    }
    return table.with([&](NeighbourTable& t) -> Result<Shared<Neighbour>> {
        auto* n = t.ensure(interface, address);
        if (!n) return fail(Error::no_memory);
        return Shared<Neighbour>(*n);
    });
}

void answered(Interface& interface, const IpAddress& address, const u8* mac, Answer answer) {
    NeighbourTable::Work work;
    table.with([&](NeighbourTable& t) {
        if (auto* n = t.look_up(interface, address)) t.answered(*n, mac, answer, time::now(), work);
    });
}

void heard_from(Interface& interface, const IpAddress& address, const u8* mac) {
    NeighbourTable::Work work;
    table.with([&](NeighbourTable& t) {
        auto* n = t.ensure(interface, address);
        if (!n) return;
        // Not an answer, but who asks is there, and its question names its link address: good enough for one whose is not known.
        auto state = NeighbourTable::state_of(*n);
        if (state == State::incomplete || state == State::failed) t.learn(*n, mac, State::stale, work);
        else t.answered(*n, mac, {}, time::now(), work);
    });
}

Instant expire(Instant now) {
    NeighbourTable::Work work;
    return table.with([&](NeighbourTable& t) { return t.expire_all(now, work); });
}

u64 waiting() {
    return table.with([](NeighbourTable& t) {
        u64 count = 0;
        t.for_each([&](Neighbour& n) { count += NeighbourTable::waiting_for(n); });
        return count;
    });
}

std::size_t list(std::span<NeighbourInfo> into) {
    return table.with([&](NeighbourTable& t) {
        std::size_t count = 0;
        t.for_each([&](Neighbour& n) {
            if (count < into.size()) into[count] = NeighbourTable::info(n);
            ++count;
        });
        return count;
    });
}

Result<void> set_permanent(Interface& interface, const IpAddress& address, const device::MacAddress& mac) {
    return table.with([&](NeighbourTable& t) -> Result<void> {
        auto* n = t.ensure(interface, address);
        if (!n) return fail(Error::no_memory);
        NeighbourTable::Work work;
        NeighbourTable::make_permanent(*n, mac.bytes.data());
        return {};
    });
}

void forget() {
    table.with([](NeighbourTable& t) { t.clear(); });
}

}  // namespace neighbours

}  // namespace spore::net
