#include "asid.hpp"

#include <bit>

#include "../cpu/features.hpp"
#include "../instructions.hpp"
#include "base/locked.hpp"
#include "kernel/sync/spin.hpp"
#include "machine_entry.hpp"

namespace spore::arch {
namespace {

/// So many can be in use; a machine with more processes than that shares 0.
constexpr u32 limit = 4096;

struct Asids {
    u64 taken[limit / 64] = {1};
    u32 word = 0;  ///< where the search begins

    u16 take() {
        u32 words = features.wide_address_spaces ? limit / 64 : 256 / 64;
        for (u32 i = 0; i < words; ++i) {
            u32 at = (word + i) % words;
            if (!~taken[at]) continue;
            auto bit = static_cast<u32>(std::countr_one(taken[at]));
            taken[at] |= u64{1} << bit;
            word = at;
            return static_cast<u16>(at * 64 + bit);
        }
        return 0;
    }
    void give_back(u16 asid) { taken[asid / 64] &= ~(u64{1} << asid % 64); }
};
constinit Locked<Asids, sync::Spin> asids;

}  // namespace

u16 take_asid() {
    return asids.with([](Asids& a) { return a.take(); });
}

void give_back_asid(u16 asid) {
    asm volatile("dsb ishst\n\ttlbi aside1is, %0\n\tdsb ish" : : "r"(u64{asid} << asid_shift) : "memory");
    if (asid) asids.with([&](Asids& a) { a.give_back(asid); });
}

}  // namespace spore::arch
