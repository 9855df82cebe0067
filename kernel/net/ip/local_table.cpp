#include "kernel/net/ip/local_table.hpp"

#include <atomic>

#include "kernel/net/interface.hpp"
#include "kernel/net/ip/generation.hpp"

namespace spore::net {

namespace {

/// Every interface's addresses and as many broadcasts fill it to little more than a half.
constexpr u32 slots = 1024;
static_assert(slots > Interfaces::limit * Interface::max_addresses * 3 / 2);

struct Slot {
    std::atomic<u64> high, low;
    std::atomic<u16> entry;  ///< kind, interface; 0: empty
};
constinit Slot table[slots] = {};
constinit std::atomic<u32> sequence = 0;  ///< odd while somebody writes
constinit sync::Spin writers;
constinit u32 filled = 0;  ///< slots; writers'

u32 slot_of(const IpAddress& address) {
    auto words = address.halves();
    u64 mixed = (words[1] ^ words[0]) * 0x9e37'79b9'7f4a'7c15;
    return static_cast<u32>(mixed >> 54);
}
static_assert(slots == 1u << (64 - 54));

void insert(const IpAddress& address, LocalKind kind, u32 interface) {
    u32 at = slot_of(address);
    while (table[at].entry.load(std::memory_order_relaxed)) {
        if (table[at].high.load(std::memory_order_relaxed) == address.halves()[0] &&
            table[at].low.load(std::memory_order_relaxed) == address.halves()[1]) return;
        at = (at + 1) % slots;
    }
    table[at].high.store(address.halves()[0], std::memory_order_relaxed);
    table[at].low.store(address.halves()[1], std::memory_order_relaxed);
    table[at].entry.store(static_cast<u16>(static_cast<u32>(kind) << 8 | interface), std::memory_order_relaxed);
    ++filled;
}

void insert_all(Interface& interface) {
    InterfaceAddress list[Interface::max_addresses];
    auto count = interface.addresses(list);
    for (auto& one : std::span(list).first(count)) {
        if (one.tentative) continue;
        insert(one.address, LocalKind::own, interface.index());
        u32 v4_length = one.prefix_length - 96u;
        if (one.address.is_v4() && one.prefix_length >= 96 && v4_length < 31)  // a /31 has no broadcast [RFC 3021 2.1]
            insert(IpAddress::v4(one.address.v4_value() | ~u32{0} >> v4_length), LocalKind::broadcast, interface.index());
    }
}

}  // namespace

Local find_local(const IpAddress& address) {
    auto words = address.halves();
    for (;;) {
        u32 before = sequence.load(std::memory_order_acquire);
        u16 found = 0;
        for (u32 at = slot_of(address), seen = 0; seen < slots; at = (at + 1) % slots, ++seen) {
            u16 entry = table[at].entry.load(std::memory_order_relaxed);
            if (!entry) break;
            if (table[at].low.load(std::memory_order_relaxed) == words[1] && table[at].high.load(std::memory_order_relaxed) == words[0]) {
                found = entry;
                break;
            }
        }
        // Pairs with the fence in rewrite_local_table(): what was read belongs to `before`, unless the number has moved on.
        std::atomic_thread_fence(std::memory_order_acquire);
        if (!(before & 1) && sequence.load(std::memory_order_relaxed) == before) [[likely]]
            return {static_cast<LocalKind>(found >> 8), static_cast<u8>(found)};
        arch::relax();
    }
}

void rewrite_local_table() {
    {
        Guard guard(writers);
        sequence.fetch_add(1, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);
        for (u32 at = 0; filled; ++at)  // none at the start, whose pages nobody has touched
            if (table[at].entry.load(std::memory_order_relaxed)) table[at].entry.store(0, std::memory_order_relaxed), --filled;
        for (u32 index = 1; auto* one = interface(index); ++index) insert_all(*one);
        sequence.fetch_add(1, std::memory_order_release);
    }
    next_generation();
}

}  // namespace spore::net
