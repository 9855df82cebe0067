// arm64's instructions [arm/DDI0487 C, arm/aapcs64]. Addresses are formed in two steps: a page (ADRP), then a place in it.
#include <map>

#include "host/check/instruction_set.hpp"

namespace spore::host {

namespace {

/// A call may change all others [arm/aapcs64 6.1.1].
constexpr bool survives_call(Register reg) { return reg >= 19 && reg <= 29; }
constexpr Register parameter_registers[] = {0, 1, 2, 3, 4, 5, 6, 7};

class Arm64 final : public InstructionSet {
public:
    Arm64() : InstructionSet(CS_ARCH_ARM64, CS_MODE_ARM) {}

    std::size_t step() const override { return 4; }
    Register call_number() const override { return 8; }
    std::span<const Register> parameters() const override { return parameter_registers; }
    bool is_system_call(const cs_insn& instruction) const override { return instruction.id == ARM64_INS_SVC; }
    bool is_padding(const cs_insn& instruction) const override { return instruction.id == ARM64_INS_NOP; }
    u64 target_of(const cs_insn& instruction) const override {
        const auto& arm64 = instruction.detail->arm64;
        return static_cast<u64>(arm64.operands[arm64.op_count - 1].imm);
    }

    Flow flow_of(const cs_insn& instruction) const override {
        const auto& arm64 = instruction.detail->arm64;
        if (arm64.op_count == 0 && instruction.id != ARM64_INS_RET) return Flow::next;
        switch (instruction.id) {
            case ARM64_INS_B: return arm64.cc == ARM64_CC_INVALID || arm64.cc == ARM64_CC_AL ? Flow::jump : Flow::branch;
            case ARM64_INS_BL: return Flow::call;
            case ARM64_INS_BLR: return Flow::indirect_call;
            case ARM64_INS_BR: return Flow::indirect_jump;
            case ARM64_INS_CBZ: case ARM64_INS_CBNZ: case ARM64_INS_TBZ: case ARM64_INS_TBNZ: return Flow::branch;
            case ARM64_INS_RET: return Flow::leave;
            case ARM64_INS_BRK: case ARM64_INS_HLT: return Flow::trap;
            default: return Flow::next;
        }
    }

    bool handles_signal(const cs_insn& instruction, u64 number) const override {
        const auto& arm64 = instruction.detail->arm64;
        if (arm64.op_count != 2 || arm64.operands[0].type != ARM64_OP_REG || arm64.operands[1].type != ARM64_OP_IMM) return false;
        if (static_cast<u64>(arm64.operands[1].imm) != number) return false;
        auto to = number_of(arm64.operands[0].reg);
        return (instruction.id == ARM64_INS_CMP && to == 0) || ((instruction.id == ARM64_INS_MOVZ || instruction.id == ARM64_INS_MOV) && to == 2);
    }

    void begin_function() override { known_.clear(), loaded_.clear(); }

    void mentions(const cs_insn& instruction, bool, std::vector<Mention>& into) override {
        const auto& arm64 = instruction.detail->arm64;
        auto flow = flow_of(instruction);
        if ((flow == Flow::indirect_call || flow == Flow::indirect_jump) && arm64.operands[0].type == ARM64_OP_REG)
            if (auto word = loaded_.find(number_of(arm64.operands[0].reg)); word != loaded_.end()) into.push_back({word->second, true});
        std::optional<u64> formed, place;
        auto to = arm64.op_count && arm64.operands[0].type == ARM64_OP_REG ? number_of(arm64.operands[0].reg) : no_register;
        switch (instruction.id) {
            case ARM64_INS_ADRP: formed = static_cast<u64>(arm64.operands[1].imm); break;
            case ARM64_INS_ADR:
                formed = static_cast<u64>(arm64.operands[1].imm);
                into.push_back({*formed, false});
                break;
            case ARM64_INS_ADD:
                if (arm64.op_count == 3 && arm64.operands[1].type == ARM64_OP_REG && arm64.operands[2].type == ARM64_OP_IMM)
                    if (auto base = known_.find(number_of(arm64.operands[1].reg)); base != known_.end()) {
                        formed = base->second + (static_cast<u64>(arm64.operands[2].imm) << (arm64.operands[2].shift.type == ARM64_SFT_LSL ? arm64.operands[2].shift.value : 0));
                        into.push_back({*formed, false});
                    }
                break;
            case ARM64_INS_LDR:
                if (arm64.op_count == 2 && arm64.operands[1].type == ARM64_OP_MEM && !arm64.writeback && arm64.operands[1].mem.index == ARM64_REG_INVALID) {
                    if (auto base = known_.find(number_of(arm64.operands[1].mem.base)); base != known_.end())
                        place = base->second + static_cast<u64>(static_cast<i64>(arm64.operands[1].mem.disp));
                } else if (arm64.op_count == 2 && arm64.operands[1].type == ARM64_OP_IMM) {
                    place = static_cast<u64>(arm64.operands[1].imm);
                }
                if (place) into.push_back({*place, false});
                break;
            default: break;
        }
        for (auto reg : written(instruction)) known_.erase(reg), loaded_.erase(reg);
        if (flow == Flow::call || flow == Flow::indirect_call)
            for (Register reg = 0; reg <= 30; ++reg)
                if (!survives_call(reg)) known_.erase(reg), loaded_.erase(reg);
        if (formed && to != no_register) known_[to] = *formed;
        if (place && to != no_register) loaded_[to] = *place;
    }

    Origin origin_of(Register wanted, const cs_insn& instruction, const Previous&) const override {
        const auto& arm64 = instruction.detail->arm64;
        using enum Origin::Kind;
        auto flow = flow_of(instruction);
        if (flow == Flow::call || flow == Flow::indirect_call) return {survives_call(wanted) ? untouched : unknown};
        if (is_system_call(instruction)) return {wanted == 0 ? unknown : untouched};
        if (!writes(instruction, wanted)) return {untouched};
        auto copy_of = [&](std::size_t operand) -> Origin {
            if (arm64.op_count <= operand || arm64.operands[operand].type != ARM64_OP_REG) return {unknown};
            if (is_zero(arm64.operands[operand].reg)) return {constant, 0};
            auto from = number_of(arm64.operands[operand].reg);
            return from == no_register ? Origin{unknown} : Origin{copied, 0, from};
        };
        switch (instruction.id) {
            case ARM64_INS_MOV:
            case ARM64_INS_MOVZ:
                if (arm64.op_count != 2 || arm64.operands[1].type != ARM64_OP_IMM) return copy_of(1);
                return {constant, static_cast<u64>(arm64.operands[1].imm) << (arm64.operands[1].shift.type == ARM64_SFT_LSL ? arm64.operands[1].shift.value : 0)};
            case ARM64_INS_UXTW: case ARM64_INS_SXTW: case ARM64_INS_UBFX: return copy_of(1);
            case ARM64_INS_CSEL: {
                auto one = copy_of(1), other = copy_of(2);
                if (one.kind != copied || other.kind != copied) return {unknown};
                return {either, 0, one.from, other.from};
            }
            default: return {unknown};
        }
    }

private:
    static bool is_zero(unsigned reg) { return reg == ARM64_REG_WZR || reg == ARM64_REG_XZR; }
    Register number_of(unsigned reg) const override {
        if (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X28) return static_cast<Register>(reg - ARM64_REG_X0);
        if (reg >= ARM64_REG_W0 && reg <= ARM64_REG_W30) return static_cast<Register>(reg - ARM64_REG_W0);
        if (reg == ARM64_REG_X29) return 29;
        if (reg == ARM64_REG_X30) return 30;
        return no_register;
    }

    std::map<Register, u64> known_;   ///< addresses in registers
    std::map<Register, u64> loaded_;  ///< registers that were loaded from a word at a known address: its address
};

}  // namespace

std::unique_ptr<InstructionSet> make_arm64_instructions() { return std::make_unique<Arm64>(); }

}  // namespace spore::host
