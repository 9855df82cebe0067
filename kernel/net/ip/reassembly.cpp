#include "kernel/net/ip/reassembly.hpp"

#include <algorithm>

#include "kernel/net/chores.hpp"
#include "kernel/net/ip/errors.hpp"
#include "kernel/net/ip/input.hpp"
#include "kernel/time/timer.hpp"
#include "wire/net/ipv4.hpp"
#include "wire/net/ipv6.hpp"

namespace spore::net::ip {

namespace {

using device::Packet;
using device::PacketList;

// [RFC 1122 3.3.2, 8200 4.5]
constexpr Duration patience_v4 = Duration::seconds(30), patience_v6 = Duration::seconds(60);
constexpr u32 largest = 65535 - sizeof(wire::ipv4::Header);

/// In each fragment's note.
struct Piece {
    u32 offset, size;
};

struct Incomplete {
    IpAddress source, destination;
    Interface* interface = nullptr;  ///< null: free
    u32 identification = 0;
    u8 protocol = 0;                 ///< IPv4 only: part of the key. IPv6: the first fragment's
    u8 traffic_class = 0;
    bool first_seen = false;
    u8 hop_limit = 0;
    u32 total = 0;                   ///< 0: the last fragment was not seen yet
    u32 received = 0, charged = 0;
    Instant deadline{};
    PacketList pieces;               ///< in order of their offsets
};

struct Table {
    Incomplete list[max_incomplete];
    u32 charged = 0;  ///< bytes of memory held by all

    void clear(Incomplete& one) {
        charged -= one.charged;
        one.pieces.clear();
        one = Incomplete{};
    }
    Incomplete* oldest() {
        Incomplete* found = nullptr;
        for (auto& one : list)
            if (one.interface && (!found || one.deadline < found->deadline)) found = &one;
        return found;
    }
};
constinit Locked<Table, sync::Spin> table;

bool belongs(const Incomplete& one, const Arrival& arrival, u32 identification) {
    return one.interface == &arrival.interface && one.identification == identification && one.source == arrival.source &&
           one.destination == arrival.destination && (!arrival.source.is_v4() || one.protocol == arrival.protocol);
}

Incomplete& find_or_begin(Table& t, const Arrival& arrival, u32 identification) {
    Incomplete* free = nullptr;
    for (auto& one : t.list) {
        if (one.interface && belongs(one, arrival, identification)) return one;
        if (!one.interface) free = &one;
    }
    if (!free) {
        count_drop(Drop::fragment_limit);
        free = t.oldest();
        t.clear(*free);
    }
    free->source = arrival.source;
    free->destination = arrival.destination;
    free->interface = &arrival.interface;
    free->identification = identification;
    free->protocol = arrival.protocol;
    free->traffic_class = arrival.traffic_class;
    free->deadline = time::now() + (arrival.source.is_v4() ? patience_v4 : patience_v6);
    wake_chores_at(free->deadline);
    return *free;
}

enum class Fit : u8 { fits, duplicate, overlaps };

/// Puts the fragment in its place among the others.
Fit insert(Incomplete& one, Owned<Packet>& packet, const Piece& piece) {
    Packet* before = nullptr;
    for (auto* other = one.pieces.first(); other; other = other->next) {
        auto& its = other->note<Piece>();
        if (its.offset == piece.offset && its.size == piece.size) return Fit::duplicate;
        if (its.offset < piece.offset + piece.size && piece.offset < its.offset + its.size) return Fit::overlaps;
        if (its.offset < piece.offset) before = other;
    }
    one.pieces.insert_after(before, std::move(packet));
    return Fit::fits;
}

/// The pieces as one packet with a plain IP header in front: what fits in the head, the rest in frames of its own.
Result<Owned<Packet>> join(Incomplete& one) {
    bool v4 = one.source.is_v4();
    u32 header_size = v4 ? u32{sizeof(wire::ipv4::Header)} : u32{sizeof(wire::ipv6::Header)};
    auto whole = TRY(Packet::create(0));
    auto header = whole->append(header_size);
    std::memset(header.data(), 0, header_size);
    if (v4) {
        auto& ip = *reinterpret_cast<wire::ipv4::Header*>(header.data());
        ip.version_and_size = 0x45;
        ip.traffic_class = one.traffic_class;
        ip.total_size = static_cast<u16>(header_size + one.total);
        ip.hop_limit = one.hop_limit;
        ip.protocol = one.protocol;
        ip.source = one.source.v4_value();
        ip.destination = one.destination.v4_value();
        ip.checksum = wire::checksum_of(header);
    } else {
        auto& ip = *reinterpret_cast<wire::ipv6::Header*>(header.data());
        ip.version_class_flow = 6u << 28 | u32{one.traffic_class} << 20;
        ip.payload_size = static_cast<u16>(one.total);
        ip.next = one.protocol;
        ip.hop_limit = one.hop_limit;
        std::memcpy(ip.source, one.source.bytes().data(), 16);
        std::memcpy(ip.destination, one.destination.bytes().data(), 16);
    }
    whole->mark(device::Layer::network);
    MutableByteSpan room = whole->append(std::min(one.total, whole->tailroom()));
    u32 left = one.total;
    for (auto* piece = one.pieces.first(); piece; piece = piece->next) {
        for (u32 at = 0, size = piece->size(); at < size;) {
            if (room.empty()) {
                auto frame = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
                u32 bytes = std::min<u32>(left, page_size);
                room = {frame.bytes(), bytes};
                TRY(whole->add({std::move(frame), 0, bytes}));
            }
            u32 copied = std::min<u32>(size - at, static_cast<u32>(room.size()));
            piece->copy_out(at, room.first(copied));
            room = room.subspan(copied);
            at += copied;
            left -= copied;
        }
    }
    return whole;
}

/// What has to be done without the lock.
struct Outcome {
    Owned<Packet> whole;
    u8 protocol = 0, hop_limit = 0, traffic_class = 0;
};

void add(Table& t, Owned<Packet> packet, const Arrival& arrival, const FragmentInfo& info, Outcome& outcome) {
    Piece piece{info.offset, packet->size()};
    auto& one = find_or_begin(t, arrival, info.identification);
    u32 end = piece.offset + piece.size;
    bool contradicts = (info.last && one.total && one.total != end) || (one.total && end > one.total);
    auto* last = one.pieces.last();
    if (info.last && last && last->note<Piece>().offset + last->note<Piece>().size > end) contradicts = true;
    packet->note<Piece>() = piece;
    u32 charge = piece.size + static_cast<u32>(sizeof(Packet));
    auto fit = contradicts ? Fit::overlaps : insert(one, packet, piece);
    if (fit == Fit::duplicate) return;
    if (fit == Fit::overlaps) {
        count_drop(Drop::malformed);
        return t.clear(one);  // and its other fragments, which are not to be trusted either [RFC 5722 4]
    }
    if (one.pieces.count() > max_fragments) {
        count_drop(Drop::fragment_limit);
        return t.clear(one);
    }
    if (info.last) one.total = end;
    if (piece.offset == 0) {
        one.first_seen = true;
        one.protocol = arrival.protocol;
        one.hop_limit = arrival.hop_limit;
    }
    if ((arrival.traffic_class & 3) == 3) one.traffic_class |= 3;  // congestion anywhere counts for all [RFC 3168 5.3]
    one.received += piece.size;
    one.charged += charge;
    t.charged += charge;
    if (one.total && one.received == one.total) {
        auto whole = join(one);
        if (!whole) count_drop(Drop::no_memory);
        else outcome = {std::move(*whole), one.protocol, one.hop_limit, one.traffic_class};
        return t.clear(one);
    }
    while (t.charged > max_fragment_bytes) {
        count_drop(Drop::fragment_limit);
        t.clear(*t.oldest());
    }
}

}  // namespace

void reassemble(Owned<Packet> packet, const Arrival& arrival, const FragmentInfo& info) {
    packet->drop_front(info.header_size);
    u32 size = packet->size();
    if (size == 0 || info.offset + size > largest || (!info.last && size % 8 != 0)) return count_drop(Drop::malformed);
    Outcome outcome;
    table.with([&](Table& t) { add(t, std::move(packet), arrival, info, outcome); });
    if (!outcome.whole) return;
    Arrival whole = arrival;
    whole.protocol = outcome.protocol;
    whole.hop_limit = outcome.hop_limit;
    whole.traffic_class = outcome.traffic_class;
    if (!arrival.source.is_v4()) return input_reassembled_v6(std::move(outcome.whole), whole);
    outcome.whole->pop(sizeof(wire::ipv4::Header));
    deliver(std::move(outcome.whole), whole);
}

Instant expire_fragments(Instant now) {
    return table.with([&](Table& t) {
        auto next = Instant::never();
        for (auto& one : t.list) {
            if (!one.interface) continue;
            if (one.deadline > now) { next = std::min(next, one.deadline); continue; }
            count_drop(Drop::fragment_timeout);
            t.clear(one);
        }
        return next;
    });
}

void forget_fragments() {
    table.with([](Table& t) {
        for (auto& one : t.list) t.clear(one);
    });
}

}  // namespace spore::net::ip
