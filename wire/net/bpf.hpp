// Programs that look at a packet and say how much of it somebody gets to see: the instructions of BPF, as a socket's filter has them ("classic") [McCanne and
// Jacobson 1993; linux Documentation/networking/filter.rst, uapi linux/filter.h]. check() lets through what ends, and what touches nothing but the packet, the
// two registers and words of memory that it has written; only then may it run().
#pragma once

#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace spore::wire::bpf {

/// struct sock_filter; in the order of bytes of who wrote it, as it never travels.
struct Instruction {
    u16 code;
    u8 jump_true, jump_false;  ///< instructions to leave out
    u32 k;
};
static_assert(sizeof(Instruction) == 8);

inline constexpr u32 most_instructions = 4096;  // BPF_MAXINSNS
inline constexpr u32 memory_words = 16;         // BPF_MEMWORDS

// The parts that a code is put together from [linux/bpf_common.h]: a class, and a width and place, an operation or condition and where its second number is from.
inline constexpr u16 ld = 0, ldx = 1, st = 2, stx = 3, alu = 4, jmp = 5, ret = 6, misc = 7;
inline constexpr u16 w = 0x00, h = 0x08, b = 0x10;
inline constexpr u16 imm = 0x00, abs = 0x20, ind = 0x40, mem = 0x60, len = 0x80, msh = 0xa0;
inline constexpr u16 add = 0x00, sub = 0x10, mul = 0x20, div = 0x30, or_ = 0x40, and_ = 0x50, lsh = 0x60, rsh = 0x70, neg = 0x80, mod = 0x90, xor_ = 0xa0;
inline constexpr u16 ja = 0x00, jeq = 0x10, jgt = 0x20, jge = 0x30, jset = 0x40;
inline constexpr u16 k = 0x00, x = 0x08, a = 0x10;
inline constexpr u16 tax = 0x00, txa = 0x80;

/// What is known of a packet beside its bytes: a load from one of these offsets behind facts_begin gives it (SKF_AD_*).
enum class Fact : u32 { protocol = 0, kind = 4, interface = 8, mark = 20, queue = 24, link_type = 28, hash = 32, cpu = 36, vlan_tag = 44, vlan_present = 48, random = 56, vlan_protocol = 60 };
inline constexpr u32 xor_x = 40;  ///< SKF_AD_ALU_XOR_X: not a fact, but A ^= X
// Offsets that are negative as numbers with a sign mean something else than bytes of what the program is shown (SKF_*_OFF).
inline constexpr u32 facts_begin = 0xffff'f000, network_begin = 0xfff0'0000, link_begin = 0xffe0'0000;

/// The packet, as the program sees it.
class Subject {
public:
    /// What an offset counts from: the first byte that the program is shown, or a header's.
    enum class From : u8 { shown, network, link };
    virtual u32 size() const = 0;
    /// False when some of the bytes are not there.
    virtual bool read(From from, u32 offset, MutableByteSpan into) const = 0;
    /// None where the packet has no such thing.
    virtual std::optional<u32> fact(Fact which) const = 0;

protected:
    ~Subject() = default;
};

/// invalid: a program that may not run. `reached` is room for as many numbers as there are instructions.
Result<void> check(std::span<const Instruction> program, std::span<u16> reached);
/// How many bytes of the packet may be seen, which may be more than it has; 0: it is not wanted. Only what check() let through.
u32 run(std::span<const Instruction> program, const Subject& subject);

}  // namespace spore::wire::bpf
