#include "wire/net/bpf.hpp"

namespace spore::wire::bpf {

namespace {

/// A big-endian number of the packet's; none where it is not all there.
std::optional<u32> load(const Subject& subject, u32 offset, u32 size) {
    using From = Subject::From;
    auto from = From::shown;
    if (offset >= network_begin) {
        from = From::network;
        offset -= network_begin;
    } else if (offset >= link_begin) {
        from = From::link;
        offset -= link_begin;
    } else if (static_cast<i32>(offset) < 0) {
        return std::nullopt;
    }
    std::byte bytes[4] = {};
    if (!subject.read(from, offset, std::span(bytes).last(size))) return std::nullopt;
    return static_cast<u32>(bytes[0]) << 24 | static_cast<u32>(bytes[1]) << 16 | static_cast<u32>(bytes[2]) << 8 | static_cast<u32>(bytes[3]);
}

constexpr u32 width_of(u16 code) { return (code & 0x18) == w ? 4 : (code & 0x18) == h ? 2 : 1; }

/// None: division by zero.
std::optional<u32> calculate(u16 operation, u32 left, u32 right) {
    switch (operation) {
    case add: return left + right;
    case sub: return left - right;
    case mul: return left * right;
    case div: return right ? std::optional(left / right) : std::nullopt;
    case mod: return right ? std::optional(left % right) : std::nullopt;
    case or_: return left | right;
    case and_: return left & right;
    case xor_: return left ^ right;
    case lsh: return left << (right & 31);
    case rsh: return left >> (right & 31);
    default: return 0 - left;  // neg
    }
}

bool holds(u16 condition, u32 left, u32 right) {
    switch (condition) {
    case jeq: return left == right;
    case jgt: return left > right;
    case jge: return left >= right;
    default: return left & right;  // jset
    }
}

}  // namespace

u32 run(std::span<const Instruction> program, const Subject& subject) {
    u32 accumulator = 0, index = 0, memory[memory_words] = {};
    for (std::size_t at = 0; at < program.size(); ++at) {
        auto& one = program[at];
        auto mode = one.code & 0xe0, operation = one.code & 0xf0;
        u32 operand = one.code & x ? index : one.k;
        switch (one.code & 7) {
        case ld:
        case ldx: {
            std::optional<u32> value;
            if (mode == imm) value = one.k;
            else if (mode == len) value = subject.size();
            else if (mode == mem) value = memory[one.k];
            else if (mode == abs && one.k >= facts_begin) value = one.k - facts_begin == xor_x ? accumulator ^ index : subject.fact(static_cast<Fact>(one.k - facts_begin));
            else if (mode == msh) value = load(subject, one.k, 1).transform([](u32 byte) { return (byte & 0xf) * 4; });  // an IPv4 header's size
            else value = load(subject, mode == ind ? index + one.k : one.k, width_of(one.code));
            if (!value) return 0;
            ((one.code & 7) == ld ? accumulator : index) = *value;
            break;
        }
        case st: memory[one.k] = accumulator; break;
        case stx: memory[one.k] = index; break;
        case alu: {
            auto result = calculate(static_cast<u16>(operation), accumulator, operand);
            if (!result) return 0;
            accumulator = *result;
            break;
        }
        case jmp:
            if (operation == ja) at += one.k;
            else at += holds(static_cast<u16>(operation), accumulator, operand) ? one.jump_true : one.jump_false;
            break;
        case ret: return one.code & a ? accumulator : one.k;
        default:  // misc
            if (operation == txa) accumulator = index;
            else index = accumulator;
        }
    }
    return 0;
}

}  // namespace spore::wire::bpf
