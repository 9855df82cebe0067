// Filters: whatever program check() lets through ends, and reads nothing but the packet; and what it says is what a plain interpreter of a stricter mind says, which
// keeps account of the memory's words that were written.
#include <array>
#include <vector>

#include "tests/fuzz/input.hpp"
#include "wire/net/bpf.hpp"

using namespace spore;
using spore::fuzz::Input, spore::fuzz::must;
namespace bpf = spore::wire::bpf;

namespace {

class Packet final : public bpf::Subject {
public:
    Packet(std::vector<u8> bytes, u32 network) : bytes_(std::move(bytes)), network_(network) {}
    u32 size() const override { return static_cast<u32>(bytes_.size()); }
    bool read(From from, u32 offset, MutableByteSpan into) const override {
        must(into.size() == 1 || into.size() == 2 || into.size() == 4);
        must(++loads <= bpf::most_instructions);
        u64 at = u64{offset} + (from == From::network ? network_ : 0);
        if (from == From::link || at + into.size() > bytes_.size()) return false;
        for (std::size_t i = 0; i < into.size(); ++i) into[i] = static_cast<std::byte>(bytes_[at + i]);
        return true;
    }
    std::optional<u32> fact(bpf::Fact which) const override {
        must(which != bpf::Fact{bpf::xor_x});
        return which == bpf::Fact::interface ? std::nullopt : std::optional(static_cast<u32>(which) * 3);
    }
    mutable u32 loads = 0;

private:
    std::vector<u8> bytes_;
    u32 network_;
};

/// The same in other words, step by step, counting.
u32 run_plainly(const std::vector<bpf::Instruction>& program, const Packet& packet) {
    u32 a = 0, x = 0, steps = 0;
    std::array<std::optional<u32>, bpf::memory_words> memory;
    auto loaded = [&](u32 offset, u32 size, u32& into) {
        using From = bpf::Subject::From;
        auto signed_offset = static_cast<i32>(offset);
        std::byte raw[4];
        auto from = signed_offset >= 0 ? From::shown : signed_offset >= -0x100000 ? From::network : From::link;
        if (signed_offset < -0x200000) return false;
        u32 base = from == From::shown ? 0 : from == From::network ? 0x100000 : 0x200000;
        if (!packet.read(from, offset + base, std::span(raw).first(size))) return false;
        into = 0;
        for (u32 i = 0; i < size; ++i) into = into << 8 | static_cast<u8>(raw[i]);
        return true;
    };
    for (std::size_t pc = 0;; ++pc) {
        must(pc < program.size() && ++steps <= bpf::most_instructions);
        auto [code, jump_true, jump_false, k] = program[pc];
        u32 second = code & 8 ? x : k;
        switch (code) {
        case 0x00: a = k; break;
        case 0x01: x = k; break;
        case 0x80: a = packet.size(); break;
        case 0x81: x = packet.size(); break;
        case 0x60: must(memory.at(k).has_value()), a = *memory[k]; break;
        case 0x61: must(memory.at(k).has_value()), x = *memory[k]; break;
        case 0x20: case 0x28: case 0x30:
            if (k >= 0xfffff000) {
                if (k == 0xfffff000 + 40) { a ^= x; break; }
                auto fact = packet.fact(static_cast<bpf::Fact>(k - 0xfffff000));
                if (!fact) return 0;
                a = *fact;
                break;
            }
            if (!loaded(k, code == 0x20 ? 4 : code == 0x28 ? 2 : 1, a)) return 0;
            break;
        case 0x40: case 0x48: case 0x50:
            if (!loaded(x + k, code == 0x40 ? 4 : code == 0x48 ? 2 : 1, a)) return 0;
            break;
        case 0xb1: {
            u32 byte = 0;
            if (!loaded(k, 1, byte)) return 0;
            x = 4 * (byte & 15);
            break;
        }
        case 0x02: memory.at(k) = a; break;
        case 0x03: memory.at(k) = x; break;
        case 0x04: case 0x0c: a += second; break;
        case 0x14: case 0x1c: a -= second; break;
        case 0x24: case 0x2c: a *= second; break;
        case 0x34: case 0x3c: if (!second) return 0; a /= second; break;
        case 0x44: case 0x4c: a |= second; break;
        case 0x54: case 0x5c: a &= second; break;
        case 0x64: case 0x6c: a <<= second % 32; break;
        case 0x74: case 0x7c: a >>= second % 32; break;
        case 0x84: a = ~a + 1; break;
        case 0x94: case 0x9c: if (!second) return 0; a %= second; break;
        case 0xa4: case 0xac: a ^= second; break;
        case 0x05: pc += k; break;
        case 0x15: case 0x1d: pc += a == second ? jump_true : jump_false; break;
        case 0x25: case 0x2d: pc += a > second ? jump_true : jump_false; break;
        case 0x35: case 0x3d: pc += a >= second ? jump_true : jump_false; break;
        case 0x45: case 0x4d: pc += (a & second) != 0 ? jump_true : jump_false; break;
        case 0x06: return k;
        case 0x16: return a;
        case 0x07: x = a; break;
        case 0x87: a = x; break;
        default: std::abort();
        }
    }
}

/// Mostly such as there are, and with numbers that come near to what they may be.
bpf::Instruction make_instruction(Input& input, u32 at) {
    static constexpr u8 codes[] = {0x00, 0x01, 0x80, 0x81, 0x60, 0x61, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0xb1, 0x02, 0x03, 0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54,
                                   0x5c, 0x64, 0x6c, 0x74, 0x7c, 0x84, 0x94, 0x9c, 0xa4, 0xac, 0x05, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d, 0x06, 0x16, 0x07, 0x87};
    u8 choice = input.byte();
    u16 code = choice < 250 ? codes[choice % std::size(codes)] : input.half();
    u8 kind = input.byte();
    u32 k = kind < 128 ? kind % 34 : kind < 160 ? 0xfffff000 + kind % 32 * 4 : kind < 192 ? 0xfff00000 + kind % 32 : kind < 200 ? 0xffe00000 + kind : kind < 220 ? at : input.word();
    u8 jumps = input.byte();
    return {code, static_cast<u8>(jumps & 15), static_cast<u8>(jumps >> 4), k};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    Input input(data, size);
    u32 count = input.byte() % 32, network = input.byte() % 24;
    std::vector<bpf::Instruction> program;
    for (u32 i = 0; i < count; ++i) program.push_back(make_instruction(input, i));
    if (input.byte() & 7) program.push_back({0x16, 0, 0, 0});
    std::vector<u16> reached(program.size());
    if (!bpf::check(program, reached)) return 0;
    auto bytes = input.bytes(64);
    Packet one(bytes, network), same(bytes, network);
    must(bpf::run(program, one) == run_plainly(program, same));
    must(one.loads == same.loads);
    return 0;
}
