// ESR_EL1: why a trap was taken [arm/DDI0487 D23.2.41].
#pragma once

#include "arch/mmu.hpp"

namespace spore::arch {

struct Syndrome {
    u64 bits;

    enum class Class : u8 {
        unknown = 0x00, wait = 0x01, floating_point_access = 0x07, branch_target = 0x0d, illegal_state = 0x0e, system_call = 0x15,
        system_register = 0x18, sve_access = 0x19, pointer_authentication = 0x1c, instruction_abort = 0x20, instruction_abort_same = 0x21,
        pc_alignment = 0x22, data_abort = 0x24, data_abort_same = 0x25, sp_alignment = 0x26, floating_point = 0x2c, serror = 0x2f,
        step = 0x32, step_same = 0x33, breakpoint_instruction = 0x3c,
    };
    Class kind() const { return static_cast<Class>(bits >> 26 & 63); }

    // Of aborts: bits 0 to 5 say what went wrong.
    u32 status() const { return bits & 63; }
    bool is_alignment() const { return status() == 0x21; }
    bool is_external() const { return status() == 0x10 || (status() >= 0x14 && status() <= 0x17); }
    Access wanted_access() const {
        bool fetch = kind() == Class::instruction_abort || kind() == Class::instruction_abort_same;
        // Cache maintenance reports a write, but needs no more than to read.
        bool write = !fetch && (bits >> 6 & 1) && !(bits >> 8 & 1);
        return {.read = !fetch && !write, .write = write, .execute = fetch};
    }
};

}  // namespace spore::arch
