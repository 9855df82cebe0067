// A neighbour: a host or router on an interface's link, and how to reach it there. One state machine serves ARP and ND [RFC 4861 7.3.2].
//
// A path holds its neighbour. Sending to one that is known costs the copy of a link header that lies ready; everything else (asking for its
// link address, finding out whether it is still there) happens in the chores, or when it is first sent to after a long time.
#pragma once

#include <atomic>

#include "base/owned.hpp"
#include "kernel/net/interface.hpp"

namespace spore::net {

class Neighbour final : public Counted {
public:
    enum class State : u8 {
        incomplete,  ///< asked for, no answer yet
        reachable,   ///< answered lately
        stale,       ///< answered once; used, and asked again when it is
        delay,       ///< used lately: perhaps the transport tells that it answers
        probe,       ///< being asked
        failed,      ///< did not answer
        permanent,   ///< a group's address, or set by hand
    };

    Neighbour(Interface& interface, const IpAddress& address) : interface_(interface), address_(address) {}
    ~Neighbour() = default;

    Interface& interface() const { return interface_; }
    const IpAddress& address() const { return address_; }

    /// Sends an IP packet, or keeps it until the link address is known.
    void send(Owned<device::Packet> packet) {
        if (ready_.load(std::memory_order_acquire) != Readiness::now || packet->headroom() < 16) [[unlikely]]
            return send_slowly(std::move(packet));
        put_header(*packet);
        interface_.transmit(std::move(packet));
    }
    /// It answers: a transport knows.
    void confirm() {
        if (!confirmed_.load(std::memory_order_relaxed)) confirmed_.store(true, std::memory_order_relaxed);
    }

    State state() const;
    device::MacAddress link_address() const;

private:
    friend class NeighbourTable;
    enum class Readiness : u8 { no, now, stale };

    void send_slowly(Owned<device::Packet> packet);
    /// 16 bytes are stored, of which 14 are the header: two words instead of three pieces. The two in front are nobody's yet.
    void put_header(device::Packet& packet) const {
        u64 words[2] = {header_[0].load(std::memory_order_relaxed), header_[1].load(std::memory_order_relaxed)};
        std::memcpy(packet.push(14).data() - 2, words, 16);
    }
    void set_link_address(const u8* mac);

    Interface& interface_;
    std::atomic<Readiness> ready_ = Readiness::no;
    std::atomic<bool> confirmed_ = false;
    /// Two bytes of nothing, then destination, source and type. When it changes, a frame may go to a mixture of the old and the new address:
    /// it is lost, as it would be at the old one.
    std::atomic<u64> header_[2] = {};

    // Under the table's lock.
    IpAddress address_;
    State state_ = State::incomplete;
    u8 asked_ = 0;              ///< solicitations without an answer
    bool challenged_ = false;   ///< somebody claims that it has another link address now
    bool router_ = false;
    Instant deadline_ = Instant::never();
    Instant used_{};            ///< when it was last looked up
    device::PacketList waiting_;
    Neighbour* next_ = nullptr; ///< in its bucket
};

/// What the table shows of an entry.
struct NeighbourInfo {
    IpAddress address;
    u32 interface;
    device::MacAddress link_address;
    Neighbour::State state;
    bool router;
};

namespace neighbours {

inline constexpr u32 max_entries = 1024, max_waiting = 8, max_solicitations = 3;

/// The neighbour with this address, made if it is not known. Groups and broadcasts have their link address at once. no_memory.
Result<Shared<Neighbour>> find(Interface& interface, const IpAddress& address, bool broadcast = false);

/// An answer of `address` about itself, to us alone or (unsolicited) to all [RFC 4861 7.2.5]. Says nothing about an unknown one.
struct Answer {
    bool solicited = false;
    bool override_cached = false;
    bool router = false;
};
void answered(Interface& interface, const IpAddress& address, const u8* mac, Answer answer);
/// A request from `address`, which we are about to answer, told its link address [RFC 4861 7.2.3, 826].
void heard_from(Interface& interface, const IpAddress& address, const u8* mac);

/// A chore: asks, gives up, forgets.
Instant expire(Instant now);

/// How many packets wait for answers.
u64 waiting();
/// Copies up to `into.size()`; how many there are.
std::size_t list(std::span<NeighbourInfo> into);
/// Sets an entry by hand, for ever. no_memory.
Result<void> set_permanent(Interface& interface, const IpAddress& address, const device::MacAddress& mac);
/// Only for tests.
void forget();

}  // namespace neighbours

}  // namespace spore::net
