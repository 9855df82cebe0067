// Which programs may run. Jumps go forward only, so that each ends.
#include <algorithm>

#include "wire/net/bpf.hpp"

namespace spore::wire::bpf {

namespace {

bool is_fact(u32 offset) {
    switch (static_cast<Fact>(offset - facts_begin)) {
    case Fact::protocol: case Fact::kind: case Fact::interface: case Fact::mark: case Fact::queue: case Fact::link_type: case Fact::hash: case Fact::cpu:
    case Fact::vlan_tag: case Fact::vlan_present: case Fact::random: case Fact::vlan_protocol: return true;
    }
    return offset - facts_begin == xor_x;
}

/// Whether there is such an instruction, and its number is one that it can do with; `left` are behind it.
bool holds(const Instruction& one, std::size_t left) {
    switch (one.code) {
    case ld | abs | w: case ld | abs | h: case ld | abs | b: return one.k < facts_begin || is_fact(one.k);
    case ld | ind | w: case ld | ind | h: case ld | ind | b: case ld | imm: case ld | len: case ldx | imm: case ldx | len: case ldx | msh | b: return true;
    case ld | mem: case ldx | mem: case st: case stx: return one.k < memory_words;
    case alu | add | k: case alu | sub | k: case alu | mul | k: case alu | or_ | k: case alu | and_ | k: case alu | xor_ | k: return true;
    case alu | add | x: case alu | sub | x: case alu | mul | x: case alu | or_ | x: case alu | and_ | x: case alu | xor_ | x: return true;
    case alu | div | x: case alu | mod | x: case alu | lsh | x: case alu | rsh | x: case alu | neg: return true;
    case alu | div | k: case alu | mod | k: return one.k != 0;
    case alu | lsh | k: case alu | rsh | k: return one.k < 32;
    case jmp | ja: return one.k < left;
    case jmp | jeq | k: case jmp | jgt | k: case jmp | jge | k: case jmp | jset | k:
    case jmp | jeq | x: case jmp | jgt | x: case jmp | jge | x: case jmp | jset | x: return one.jump_true < left && one.jump_false < left;
    case ret | k: case ret | a: case misc | tax: case misc | txa: return true;
    default: return false;
    }
}

/// That no word of memory is read on a way on which it was not written.
bool reads_what_it_wrote(std::span<const Instruction> program, std::span<u16> reached) {
    constexpr u16 all = 0xffff;
    std::ranges::fill(reached, all);
    u16 written = 0;
    for (std::size_t at = 0; at < program.size(); ++at) {
        auto& one = program[at];
        // What every jump that comes here has written; and who does not fall through to here is past caring.
        written &= reached[at];
        switch (one.code & 7) {
        case st: case stx: written = static_cast<u16>(written | 1 << one.k); break;
        case ld: case ldx:
            if ((one.code & 0xe0) == mem && !(written >> one.k & 1)) return false;
            break;
        case jmp:
            if (one.code == (jmp | ja)) {
                reached[at + 1 + one.k] &= written;
            } else {
                reached[at + 1 + one.jump_true] &= written;
                reached[at + 1 + one.jump_false] &= written;
            }
            written = all;
            break;
        default: break;
        }
    }
    return true;
}

}  // namespace

Result<void> check(std::span<const Instruction> program, std::span<u16> reached) {
    if (program.empty() || program.size() > most_instructions || reached.size() < program.size()) return fail(Error::invalid);
    for (std::size_t at = 0; at < program.size(); ++at)
        if (!holds(program[at], program.size() - at - 1)) return fail(Error::invalid);
    auto last = program.back().code;
    if (last != (ret | k) && last != (ret | a)) return fail(Error::invalid);
    if (!reads_what_it_wrote(program, reached.first(program.size()))) return fail(Error::invalid);
    return {};
}

}  // namespace spore::wire::bpf
