#include "host/check/code.hpp"

#include <capstone/capstone.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace spore::host {

namespace {

/// Where control goes after an instruction.
enum class Flow : u8 { next, jump, branch, call, indirect_jump, indirect_call, stop };

struct Instruction {
    u64 address;
    u64 target;  ///< of jumps, branches and calls
    u8 size;
    Flow flow;
    u64 next() const { return address + size; }
};

/// The number of a general register of any width.
Register number_of(unsigned reg) {
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

/// A call may change these [psABI x86-64 3.2.1].
constexpr bool survives_call(Register reg) { return reg == 3 || reg == 4 || reg == 5 || reg >= 12; }
constexpr Register parameter_registers[] = {7, 6, 2, 1, 8, 9};

Flow flow_of(const cs_insn& instruction, const cs_detail& detail) {
    auto has_immediate = [&] { return detail.x86.op_count == 1 && detail.x86.operands[0].type == X86_OP_IMM; };
    switch (instruction.id) {
        case X86_INS_CALL: return has_immediate() ? Flow::call : Flow::indirect_call;
        case X86_INS_JMP: return has_immediate() ? Flow::jump : Flow::indirect_jump;
        case X86_INS_RET: case X86_INS_UD2: case X86_INS_INT3: return Flow::stop;
        default: break;
    }
    for (u8 i = 0; i < detail.groups_count; ++i)
        if (detail.groups[i] == X86_GRP_JUMP && has_immediate()) return Flow::branch;
    return Flow::next;
}

}  // namespace

struct Code::Disassembler {
    csh handle = 0;
    cs_insn* scratch = nullptr;
    std::vector<Instruction> instructions;   ///< by address
    std::multimap<u64, u64> jumps_to;        ///< target → address of the jump

    Disassembler() {
        if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK) return;
        cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
        scratch = cs_malloc(handle);
    }
    Disassembler(const Disassembler&) = delete;
    ~Disassembler() {
        if (scratch) cs_free(scratch, 1);
        if (handle) cs_close(&handle);
    }
    /// Index of the instruction at an address, or of the next one.
    std::size_t index_of(u64 address) const {
        auto found = std::ranges::lower_bound(instructions, address, {}, &Instruction::address);
        return static_cast<std::size_t>(found - instructions.begin());
    }
    const cs_insn* decode(const ElfImage& image, u64 address) const {
        for (const auto& range : image.code()) {
            if (address < range.address || address - range.address >= range.bytes.size()) continue;
            auto* bytes = reinterpret_cast<const uint8_t*>(range.bytes.data()) + (address - range.address);
            std::size_t left = range.bytes.size() - (address - range.address);
            uint64_t at = address;
            return cs_disasm_iter(handle, &bytes, &left, &at, scratch) ? scratch : nullptr;
        }
        return nullptr;
    }
};

Code::Code(ElfImage image) : image_(std::move(image)), disassembler_(std::make_unique<Disassembler>()) {
    for (const auto& relocation : image_.relocations()) {
        if (relocation.symbol.empty() || relocation.address) own_slots_[relocation.place] = relocation.address;
        if (!relocation.symbol.empty()) slots_[relocation.place] = relocation.symbol;
    }
    find_functions();
    disassemble();
}
Code::~Code() = default;
Code::Code(Code&&) noexcept = default;

void Code::find_functions() {
    std::set<u64> starts(image_.function_starts().begin(), image_.function_starts().end());
    for (const auto& symbol : image_.symbols())
        if (symbol.function && symbol.defined) starts.insert(symbol.address);
    starts.insert(image_.entry());
    for (const auto& range : image_.code()) {
        starts.insert(range.address);
        // Stubs of the procedure linkage table have no names: each is called, and found below as a target.
        auto* bytes = reinterpret_cast<const uint8_t*>(range.bytes.data());
        std::size_t left = range.bytes.size();
        uint64_t at = range.address;
        while (left > 0) {
            uint64_t here = at;
            if (!cs_disasm_iter(disassembler_->handle, &bytes, &left, &at, disassembler_->scratch)) {
                ++bytes, --left, ++at;  // data between functions
                continue;
            }
            const auto& instruction = *disassembler_->scratch;
            auto flow = flow_of(instruction, *instruction.detail);
            bool direct = flow == Flow::jump || flow == Flow::branch || flow == Flow::call;
            u64 target = direct ? static_cast<u64>(instruction.detail->x86.operands[0].imm) : 0;
            if (flow == Flow::call) starts.insert(target);
            disassembler_->instructions.push_back({here, target, static_cast<u8>(instruction.size), flow});
            if (flow == Flow::jump || flow == Flow::branch) disassembler_->jumps_to.emplace(target, here);
        }
    }
    for (auto start = starts.begin(); start != starts.end(); ++start)
        for (const auto& range : image_.code())
            if (*start >= range.address && *start < range.end()) {
                auto next = std::next(start);
                functions_.push_back({.start = *start, .end = std::min(range.end(), next == starts.end() ? range.end() : *next)});
            }
    std::ranges::sort(functions_, {}, &Function::start);
}

std::optional<std::size_t> Code::function_at(u64 address) const {
    auto after = std::ranges::upper_bound(functions_, address, {}, &Function::start);
    if (after == functions_.begin()) return std::nullopt;
    auto index = static_cast<std::size_t>(after - functions_.begin()) - 1;
    return address < functions_[index].end ? std::optional(index) : std::nullopt;
}

/// Something at `address` is mentioned: code, or a word that holds a symbol's address.
void Code::add_reference(Function& function, u64 address) {
    if (auto slot = slots_.find(address); slot != slots_.end()) function.imports.push_back(slot->second);
    if (auto own = own_slots_.find(address); own != own_slots_.end()) address = own->second;
    if (auto target = function_at(address); target && functions_[*target].start == address) function.calls.push_back(address);
}

void Code::disassemble() {
    for (auto& function : functions_) {
        const auto& list = disassembler_->instructions;
        Flow last = Flow::stop;  // of the last instruction that is not padding
        for (auto i = disassembler_->index_of(function.start); i < list.size() && list[i].address < function.end; ++i) {
            const auto& instruction = list[i];
            if (instruction.flow != Flow::next) last = instruction.flow;
            if (instruction.target) {
                if (instruction.target < function.start || instruction.target >= function.end) function.calls.push_back(instruction.target);
                if (instruction.flow == Flow::call || instruction.flow == Flow::jump) function.sites.push_back({instruction.address, instruction.target, {}});
                continue;
            }
            if (instruction.flow == Flow::stop) continue;
            auto* decoded = disassembler_->decode(image_, instruction.address);
            if (!decoded) continue;
            if (decoded->id == X86_INS_SYSCALL) function.system_calls.push_back(instruction.address);
            if (decoded->id != X86_INS_NOP) last = instruction.flow;
            const auto& x86 = decoded->detail->x86;
            for (u8 operand = 0; operand < x86.op_count; ++operand) {
                const auto& value = x86.operands[operand];
                if (value.type == X86_OP_MEM && value.mem.base == X86_REG_RIP) {
                    u64 place = instruction.next() + static_cast<u64>(value.mem.disp);
                    add_reference(function, place);
                    if (auto slot = slots_.find(place); slot != slots_.end() && instruction.flow != Flow::next)
                        function.sites.push_back({instruction.address, 0, slot->second});
                } else if (value.type == X86_OP_IMM && !image_.relocatable()) {
                    add_reference(function, static_cast<u64>(value.imm));  // addresses are plain numbers where nothing moves
                }
            }
        }
        // Without a jump or return at its end it runs on into the next; a call there does not return.
        if (last == Flow::next || last == Flow::branch) function.calls.push_back(function.end);
    }
}

std::vector<std::size_t> Code::functions_in_data() const {
    std::vector<std::size_t> found;
    auto add = [&](u64 address) {
        if (auto index = function_at(address); index && functions_[*index].start == address) found.push_back(*index);
    };
    for (const auto& relocation : image_.relocations())
        if (relocation.symbol.empty()) add(relocation.address);
    if (!image_.relocatable())
        for (const auto& range : image_.data())
            for (u64 at = align_up(range.address, 8) - range.address; at + 8 <= range.bytes.size(); at += 8)
                if (auto* word = view_at<le64>(range.bytes, at)) add(*word);
    std::ranges::sort(found);
    found.erase(std::ranges::unique(found).begin(), found.end());
    return found;
}

RegisterValue Code::value_before(u64 address, Register wanted) const {
    const auto& list = disassembler_->instructions;
    auto home = function_at(address);
    RegisterValue result;
    std::set<std::pair<u64, Register>> seen;
    std::vector<std::pair<u64, Register>> work{{address, wanted}};
    auto add_constant = [&](u64 value) {
        if (std::ranges::find(result.constants, value) == result.constants.end()) result.constants.push_back(value);
    };
    constexpr std::size_t most_steps = 4000;
    while (!work.empty()) {
        auto [at, reg] = work.back();
        work.pop_back();
        if (!seen.insert({at, reg}).second) continue;
        if (seen.size() > most_steps || !home) {
            result.unknown = true;
            break;
        }
        auto index = disassembler_->index_of(at);
        std::vector<u64> before;
        bool at_start = at == functions_[*home].start;
        if (index > 0 && !at_start && list[index - 1].next() == at) {
            auto flow = list[index - 1].flow;
            if (flow != Flow::jump && flow != Flow::indirect_jump && flow != Flow::stop) before.push_back(list[index - 1].address);
        }
        auto [first, last] = disassembler_->jumps_to.equal_range(at);
        for (auto jump = first; jump != last; ++jump)
            if (function_at(jump->second) == home) before.push_back(jump->second);
        if (at_start) {
            bool parameter = std::ranges::find(parameter_registers, reg) != std::end(parameter_registers) || (image_.go() && (reg == 0 || reg == 3));
            if (!parameter) result.unknown = true;
            else if (std::ranges::find(result.parameters, reg) == result.parameters.end()) result.parameters.push_back(reg);
        } else if (before.empty()) {
            result.unknown = true;  // reached in a way that the code does not show, such as a table of jumps
        }
        for (u64 place : before) {
            auto* decoded = disassembler_->decode(image_, place);
            if (!decoded) {
                result.unknown = true;
                continue;
            }
            const auto& x86 = decoded->detail->x86;
            cs_regs read, written;
            u8 read_count = 0, written_count = 0;
            cs_regs_access(disassembler_->handle, decoded, read, &read_count, written, &written_count);
            bool writes = std::any_of(written, written + written_count, [&](u16 r) { return number_of(r) == reg; });
            bool calls = decoded->id == X86_INS_CALL;
            if (calls && !survives_call(reg)) {
                result.unknown = true;
            } else if (!writes || calls) {
                work.push_back({place, reg});
            } else if (decoded->id == X86_INS_MOV && x86.operands[1].type == X86_OP_IMM) {
                add_constant(static_cast<u64>(x86.operands[1].imm) & (x86.operands[0].size == 1 ? 0xff : ~u64{0}));
            } else if (decoded->id == X86_INS_MOVABS && x86.operands[1].type == X86_OP_IMM) {
                add_constant(static_cast<u64>(x86.operands[1].imm));
            } else if ((decoded->id == X86_INS_MOV || decoded->id == X86_INS_MOVSXD) && x86.operands[1].type == X86_OP_REG && number_of(x86.operands[1].reg) != no_register) {
                work.push_back({place, number_of(x86.operands[1].reg)});
            } else if ((decoded->id == X86_INS_XOR || decoded->id == X86_INS_SUB) && x86.operands[1].type == X86_OP_REG && x86.operands[0].reg == x86.operands[1].reg) {
                add_constant(0);
            } else if (decoded->id == X86_INS_CMOVE || decoded->id == X86_INS_CMOVNE) {
                work.push_back({place, reg});
                if (x86.operands[1].type == X86_OP_REG) work.push_back({place, number_of(x86.operands[1].reg)});
                else result.unknown = true;
            } else if (auto where = disassembler_->index_of(place); decoded->id == X86_INS_POP && where > 0) {
                auto* pushed = disassembler_->decode(image_, list[where - 1].address);
                if (pushed && pushed->id == X86_INS_PUSH && pushed->detail->x86.operands[0].type == X86_OP_IMM) add_constant(static_cast<u64>(pushed->detail->x86.operands[0].imm));
                else result.unknown = true;
            } else {
                result.unknown = true;
            }
        }
    }
    return result;
}

std::string Code::name_of(const Function& function) const {
    for (const auto& symbol : image_.symbols())
        if (symbol.defined && symbol.function && symbol.address == function.start && !symbol.name.empty()) return demangle(symbol.name);
    return fmt::format("{:#x}", function.start);
}

}  // namespace spore::host
