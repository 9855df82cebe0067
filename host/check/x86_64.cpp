// x86-64's instructions [intel/vol2, psABI x86-64].
#include <algorithm>
#include <utility>

#include "host/check/instruction_set.hpp"

namespace spore::host {

namespace {

/// A call may change all others [psABI x86-64 3.2.1].
constexpr bool survives_call(Register reg) { return reg == 3 || reg == 4 || reg == 5 || reg >= 12; }
constexpr Register parameter_registers[] = {7, 6, 2, 1, 8, 9};
constexpr Register go_registers[] = {0, 3};

class X86 final : public InstructionSet {
public:
    X86() : InstructionSet(CS_ARCH_X86, CS_MODE_64) {}

    std::size_t step() const override { return 1; }
    Register call_number() const override { return 0; }
    std::span<const Register> parameters() const override { return parameter_registers; }
    std::span<const Register> go_parameters() const override { return go_registers; }
    bool is_system_call(const cs_insn& instruction) const override { return instruction.id == X86_INS_SYSCALL; }
    bool is_padding(const cs_insn& instruction) const override { return instruction.id == X86_INS_NOP; }
    u64 target_of(const cs_insn& instruction) const override { return static_cast<u64>(instruction.detail->x86.operands[0].imm); }

    Flow flow_of(const cs_insn& instruction) const override {
        const auto& detail = *instruction.detail;
        auto has_immediate = [&] { return detail.x86.op_count == 1 && detail.x86.operands[0].type == X86_OP_IMM; };
        switch (instruction.id) {
            case X86_INS_CALL: return has_immediate() ? Flow::call : Flow::indirect_call;
            case X86_INS_JMP: return has_immediate() ? Flow::jump : Flow::indirect_jump;
            case X86_INS_RET: return Flow::leave;
            case X86_INS_UD2: case X86_INS_INT3: case X86_INS_HLT: return Flow::trap;
            default: break;
        }
        for (u8 i = 0; i < detail.groups_count; ++i)
            if (detail.groups[i] == X86_GRP_JUMP && has_immediate()) return Flow::branch;
        return Flow::next;
    }

    bool handles_signal(const cs_insn& instruction, u64 number) const override {
        const auto& x86 = instruction.detail->x86;
        if (x86.op_count != 2 || x86.operands[0].type != X86_OP_REG || x86.operands[1].type != X86_OP_IMM) return false;
        auto to = x86.operands[0].reg;
        return static_cast<u64>(x86.operands[1].imm) == number &&
               ((instruction.id == X86_INS_CMP && to == X86_REG_EDI) || (instruction.id == X86_INS_MOV && to == X86_REG_EDX));
    }

    void mentions(const cs_insn& instruction, bool fixed, std::vector<Mention>& into) override {
        const auto& x86 = instruction.detail->x86;
        for (u8 operand = 0; operand < x86.op_count; ++operand) {
            const auto& value = x86.operands[operand];
            if (value.type == X86_OP_MEM && value.mem.base == X86_REG_RIP)
                into.push_back({instruction.address + instruction.size + static_cast<u64>(value.mem.disp), flow_of(instruction) != Flow::next});
            else if (value.type == X86_OP_IMM && fixed)
                into.push_back({static_cast<u64>(value.imm), false});
        }
    }

    Origin origin_of(Register wanted, const cs_insn& instruction, const Previous& previous) const override {
        const auto& x86 = instruction.detail->x86;
        auto is = [&](std::size_t operand, x86_op_type type) { return x86.op_count > operand && x86.operands[operand].type == type; };
        using enum Origin::Kind;
        if (instruction.id == X86_INS_CALL) return {survives_call(wanted) ? untouched : unknown};
        if (!writes(instruction, wanted)) return {untouched};
        switch (instruction.id) {
            case X86_INS_MOV:
                if (is(1, X86_OP_IMM)) return {constant, static_cast<u64>(x86.operands[1].imm) & (x86.operands[0].size == 1 ? 0xff : ~u64{0})};
                [[fallthrough]];
            case X86_INS_MOVSXD:
                if (is(1, X86_OP_REG) && number_of(x86.operands[1].reg) != no_register) return {copied, 0, number_of(x86.operands[1].reg)};
                return {unknown};
            case X86_INS_MOVABS:
                if (is(1, X86_OP_IMM)) return {constant, static_cast<u64>(x86.operands[1].imm)};
                return {unknown};
            case X86_INS_XOR:
            case X86_INS_SUB:
                if (is(1, X86_OP_REG) && x86.operands[0].reg == x86.operands[1].reg) return {constant, 0};
                return {unknown};
            case X86_INS_CMOVE:
            case X86_INS_CMOVNE:
                if (is(1, X86_OP_REG)) return {either, 0, wanted, number_of(x86.operands[1].reg)};
                return {unknown};
            case X86_INS_POP: {
                auto* pushed = previous();
                if (pushed && pushed->id == X86_INS_PUSH && pushed->detail->x86.operands[0].type == X86_OP_IMM)
                    return {constant, static_cast<u64>(pushed->detail->x86.operands[0].imm)};
                return {unknown};
            }
            default: return {unknown};
        }
    }

private:
    Register number_of(unsigned reg) const override {
        switch (reg) {
            case X86_REG_RAX: case X86_REG_EAX: case X86_REG_AX: case X86_REG_AL: return 0;
            case X86_REG_RCX: case X86_REG_ECX: case X86_REG_CX: case X86_REG_CL: return 1;
            case X86_REG_RDX: case X86_REG_EDX: case X86_REG_DX: case X86_REG_DL: return 2;
            case X86_REG_RBX: case X86_REG_EBX: case X86_REG_BX: case X86_REG_BL: return 3;
            case X86_REG_RSP: case X86_REG_ESP: return 4;
            case X86_REG_RBP: case X86_REG_EBP: case X86_REG_BP: case X86_REG_BPL: return 5;
            case X86_REG_RSI: case X86_REG_ESI: case X86_REG_SI: case X86_REG_SIL: return 6;
            case X86_REG_RDI: case X86_REG_EDI: case X86_REG_DI: case X86_REG_DIL: return 7;
            default: break;
        }
        static constexpr std::pair<unsigned, Register> upper[] = {
            {X86_REG_R8, 8}, {X86_REG_R8D, 8}, {X86_REG_R9, 9}, {X86_REG_R9D, 9}, {X86_REG_R10, 10}, {X86_REG_R10D, 10}, {X86_REG_R11, 11},
            {X86_REG_R11D, 11}, {X86_REG_R12, 12}, {X86_REG_R12D, 12}, {X86_REG_R13, 13}, {X86_REG_R13D, 13}, {X86_REG_R14, 14},
            {X86_REG_R14D, 14}, {X86_REG_R15, 15}, {X86_REG_R15D, 15}};
        for (auto [name, number] : upper)
            if (name == reg) return number;
        return no_register;
    }
};

}  // namespace

std::unique_ptr<InstructionSet> make_x86_64_instructions() { return std::make_unique<X86>(); }

}  // namespace spore::host
