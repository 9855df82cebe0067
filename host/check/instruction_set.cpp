#include "host/check/instruction_set.hpp"

#include <algorithm>

namespace spore::host {

std::unique_ptr<InstructionSet> InstructionSet::create(Architecture architecture) {
    return architecture == Architecture::arm64 ? make_arm64_instructions() : make_x86_64_instructions();
}

InstructionSet::InstructionSet(cs_arch architecture, cs_mode mode) {
    if (cs_open(architecture, mode, &handle_) == CS_ERR_OK) cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
}

InstructionSet::~InstructionSet() {
    if (handle_) cs_close(&handle_);
}

std::vector<Register> InstructionSet::written(const cs_insn& instruction) const {
    cs_regs read, written;
    u8 read_count = 0, written_count = 0;
    std::vector<Register> numbers;
    if (cs_regs_access(handle_, &instruction, read, &read_count, written, &written_count) != CS_ERR_OK) return numbers;
    for (u8 i = 0; i < written_count; ++i)
        if (auto number = number_of(written[i]); number != no_register) numbers.push_back(number);
    return numbers;
}

bool InstructionSet::writes(const cs_insn& instruction, Register wanted) const { return std::ranges::contains(written(instruction), wanted); }

}  // namespace spore::host
