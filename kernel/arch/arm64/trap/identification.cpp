#include "identification.hpp"

#include <optional>

#include "../cpu/features.hpp"
#include "../instructions.hpp"
#include "arch/user_memory.hpp"

namespace spore::arch {
namespace {

/// MRS of a register with op0 = 3, op1 = 0, CRn = 0 [arm/DDI0487 C6.2.229].
constexpr u32 pattern = 0xd538'0000, pattern_mask = 0xffff'f000;
constexpr u64 branch_type = 3 << 10;  // PSTATE.BTYPE

/// The registers by CRm and op2. Those that are not named read as zero: they tell of nothing that a program may use.
std::optional<u64> value_of(u32 crm, u32 op2) {
    constexpr u64 uniprocessor_bit = u64{1} << 31;  // of MPIDR_EL1 the one that is always one
    switch (crm << 3 | op2) {
    case 0: return SPORE_READ_SYSTEM(midr_el1);
    case 5: return uniprocessor_bit;
    case 4 << 3: return features.pfr0;
    case 4 << 3 | 1: return features.pfr1;
    case 6 << 3: return features.isar0;
    case 6 << 3 | 1: return features.isar1;
    case 6 << 3 | 2: return features.isar2;
    case 7 << 3 | 2: return features.mmfr2;
    default: break;
    }
    if ((crm >= 4 && crm <= 7) || (crm == 0 && op2 == 6)) return 0;
    return std::nullopt;
}

}  // namespace

bool read_identification(TrapFrame& frame, Syndrome syndrome) {
    using enum Syndrome::Class;
    if (syndrome.kind() != unknown && syndrome.kind() != system_register) return false;
    u32 word;
    if (!copy_from_program(&word, {frame.pc}, sizeof word) || (word & pattern_mask) != pattern) return false;
    auto value = value_of(word >> 8 & 15, word >> 5 & 7);
    if (!value) return false;
    if (u32 to = word & 31; to != 31) frame.x[to] = *value;
    frame.pc += sizeof word;
    frame.pstate &= ~branch_type;  // as any instruction that was executed leaves it
    return true;
}

}  // namespace spore::arch
