#include "pointer_keys.hpp"

#include "../instructions.hpp"
#include "features.hpp"
#include "kernel/core/random.hpp"
#include "local.hpp"

namespace spore::arch {
namespace {

constexpr u64 address_keys = 0xf, generic_key = 0x10;  // PR_PAC_APIAKEY … [linux include/uapi/linux/prctl.h]

constinit u64 last_number = 0;

u64 keys_of_cpu() { return (features.signs_addresses ? address_keys : 0) | (features.signs_data ? generic_key : 0); }

}  // namespace

Result<void> renew(PointerKeys& keys, u64 which) {
    if (!keys_of_cpu() || (which & ~keys_of_cpu())) return fail(Error::invalid);
    for (u64 key = 0; key < std::size(keys.words); ++key)
        if (!which || (which >> key & 1)) core::fill_random(std::as_writable_bytes(std::span(keys.words[key])));
    keys.number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
    return {};
}

void use(const PointerKeys& keys) {
    auto& cpu = local();
    if (cpu.pointer_keys == keys.number) return;
    cpu.pointer_keys = keys.number;
    if (features.signs_addresses) {
        SPORE_WRITE_SYSTEM(S3_0_C2_C1_0, keys.words[0][0]);  // APIAKeyLo_EL1, APIAKeyHi_EL1, and so on
        SPORE_WRITE_SYSTEM(S3_0_C2_C1_1, keys.words[0][1]);
        SPORE_WRITE_SYSTEM(S3_0_C2_C1_2, keys.words[1][0]);
        SPORE_WRITE_SYSTEM(S3_0_C2_C1_3, keys.words[1][1]);
        SPORE_WRITE_SYSTEM(S3_0_C2_C2_0, keys.words[2][0]);
        SPORE_WRITE_SYSTEM(S3_0_C2_C2_1, keys.words[2][1]);
        SPORE_WRITE_SYSTEM(S3_0_C2_C2_2, keys.words[3][0]);
        SPORE_WRITE_SYSTEM(S3_0_C2_C2_3, keys.words[3][1]);
    }
    if (features.signs_data) {
        SPORE_WRITE_SYSTEM(S3_0_C2_C3_0, keys.words[4][0]);
        SPORE_WRITE_SYSTEM(S3_0_C2_C3_1, keys.words[4][1]);
    }
    // Fused, it is the level whose instructions use the keys that has changed them.
    instruction_barrier();
}

void enable_pointer_authentication() {
    constexpr u64 all = u64{1} << 31 | u64{1} << 30 | u64{1} << 27 | u64{1} << 13;  // EnIA, EnIB, EnDA, EnDB
    constexpr u64 strict_targets = u64{3} << 35;  // BT0, BT1: PACIASP is no place to jump to
    u64 control = SPORE_READ_SYSTEM(sctlr_el1);
    if (features.signs_addresses) control |= all;
    if (features.branch_targets) control |= strict_targets;
    SPORE_WRITE_SYSTEM(sctlr_el1, control);
    instruction_barrier();
}

}  // namespace spore::arch
