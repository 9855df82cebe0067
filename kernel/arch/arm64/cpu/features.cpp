#include "features.hpp"

#include "../instructions.hpp"
#include "arch/registers.hpp"

namespace spore::arch {

constinit Features features{};

namespace {

/// A four-bit field of an identification register that has at least a value means a capability [linux Documentation/arch/arm64/elf_hwcaps.rst].
struct Capability {
    u8 shift, at_least, bit;
};
// Not here, though the CPU may have them: SVE and SME, whose registers are not kept (they trap), and MTE.
constexpr Capability from_isar0[] = {
    {4, 1, 3}, {4, 2, 4}, {8, 1, 5}, {12, 1, 6}, {12, 2, 21}, {16, 1, 7}, {20, 2, 8}, {28, 1, 12}, {32, 1, 17}, {36, 1, 18}, {40, 1, 19},
    {44, 1, 20}, {48, 1, 23}, {52, 1, 27},
};
constexpr Capability from_isar1[] = {{0, 1, 16}, {12, 1, 13}, {16, 1, 14}, {20, 1, 15}, {20, 2, 26}, {36, 1, 29}};
constexpr Capability from_mmfr2[] = {{32, 1, 25}};
// The second word.
constexpr Capability isar0_second[] = {{52, 2, 7}, {60, 1, 16}};
constexpr Capability isar1_second[] = {{0, 2, 0}, {32, 1, 8}, {44, 1, 14}, {48, 1, 15}, {52, 1, 13}};
constexpr u64 reads_identification = 1 << 11, signed_addresses = 1 << 30, signed_data = u64{1} << 31;
constexpr u64 checks_branch_targets = 1 << 17;  // in the second word
constexpr u64 pfr0_float = 1 << 0, pfr0_vectors = 1 << 1, half_float = 1 << 9, half_vectors = 1 << 10, data_independent_timing = 1 << 24;

constexpr u64 field(u64 word, unsigned shift) { return word >> shift & 15; }

template <std::size_t count>
u64 collect(u64 word, const Capability (&list)[count]) {
    u64 found = 0;
    for (auto& one : list)
        if (field(word, one.shift) >= one.at_least) found |= u64{1} << one.bit;
    return found;
}

/// What a program that reads the register itself sees of it: no more than the capabilities tell.
template <std::size_t count>
u64 visible(u64 word, const Capability (&list)[count]) {
    u64 mask = 0;
    for (auto& one : list) mask |= u64{15} << one.shift;
    return word & mask;
}

/// Signing by the architecture's algorithm, by the CPU's own, or by the newer one, which has a register to itself.
void find_pointer_authentication(u64 isar1, u64 isar2) {
    features.signs_addresses = field(isar1, 4) || field(isar1, 8) || field(isar2, 12);
    features.signs_data = field(isar1, 24) || field(isar1, 28) || field(isar2, 8);
    features.isar1 |= isar1 & 0xff00'0ff0;
    features.isar2 |= isar2 & 0xff00;
    if (features.signs_addresses) features.capabilities |= signed_addresses;
    if (features.signs_data) features.capabilities |= signed_data;
}

u64 floating_point(u64 pfr0) {
    u64 found = 0;
    if (field(pfr0, 16) != 15) found |= pfr0_float | (field(pfr0, 16) >= 1 ? half_float : 0);
    if (field(pfr0, 20) != 15) found |= pfr0_vectors | (field(pfr0, 20) >= 1 ? half_vectors : 0);
    return found;
}

}  // namespace

void find_features() {
    u64 isar0 = SPORE_READ_SYSTEM(id_aa64isar0_el1), isar1 = SPORE_READ_SYSTEM(id_aa64isar1_el1), pfr0 = SPORE_READ_SYSTEM(id_aa64pfr0_el1);
    u64 mmfr0 = SPORE_READ_SYSTEM(id_aa64mmfr0_el1), mmfr1 = SPORE_READ_SYSTEM(id_aa64mmfr1_el1), mmfr2 = SPORE_READ_SYSTEM(S3_0_C0_C7_2);
    u64 cache_type = SPORE_READ_SYSTEM(ctr_el0);
    features.pan = field(mmfr1, 20) >= 1;
    features.random = field(isar0, 60) >= 1;
    features.single_instruction_atomics = field(isar0, 20) >= 2;
    features.wide_address_spaces = field(mmfr0, 4) == 2;
    features.clean_data = cache_type >> 28 & 1;
    features.clean_code = cache_type >> 29 & 1;
    features.capabilities = floating_point(pfr0) | collect(isar0, from_isar0) | collect(isar1, from_isar1) | collect(mmfr2, from_mmfr2) |
                            (field(pfr0, 48) >= 1 ? data_independent_timing : 0);
    features.capabilities_2 = collect(isar0, isar0_second) | collect(isar1, isar1_second);
    features.pfr0 = (pfr0 & (u64{15} << 48 | 0xff'0000)) | 0x11;  // 64-bit code at EL0 and EL1
    features.isar0 = visible(isar0, from_isar0) | visible(isar0, isar0_second);
    features.isar1 = visible(isar1, from_isar1) | visible(isar1, isar1_second);
    features.mmfr2 = visible(mmfr2, from_mmfr2);
    features.capabilities |= reads_identification;
    features.pfr1 = SPORE_READ_SYSTEM(S3_0_C0_C4_1) & 15;
    features.branch_targets = features.pfr1 != 0;
    if (features.branch_targets) features.capabilities_2 |= checks_branch_targets;
    find_pointer_authentication(isar1, SPORE_READ_SYSTEM(S3_0_C0_C6_2));
}

u64 hardware_capabilities() { return features.capabilities; }
u64 hardware_capabilities_2() { return features.capabilities_2; }
const char* platform_name() { return "aarch64"; }

}  // namespace spore::arch
