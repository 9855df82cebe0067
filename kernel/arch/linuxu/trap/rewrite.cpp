#include "rewrite.hpp"

#include <sys/mman.h>

#include <array>
#include <cstring>
#include <optional>

#include "../../isa/x86_64/mmu/flush.hpp"
#include "../host/call.hpp"
#include "../mmu/host_map.hpp"
#include "arch/user_memory.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/per_cpu.hpp"
#include "kernel/sync/spin.hpp"
#include "machine_cpu.hpp"

extern "C" void system_call_entry();

namespace spore::arch {
namespace {

constexpr u32 call_size = 2;
/// A change costs about as much as two signals, and is lost when another program has its turn.
constexpr u32 often_enough = 3;

constinit bool possible = false;
constexpr u32 least_moved = 5;  ///< bytes before a call, for the jump

/// Bytes of a program's code, what they become, and what is executed in their place.
struct Change {
    static constexpr u32 largest = 11;  ///< bytes: padding of 6 and the jump
    u64 at = 0;
    u64 return_address = 0;    ///< of the call
    u32 size = 0;
    u32 call = 0;              ///< the instruction's place, from `at`; what is before it is executed in the stub
    u8 before[largest]{}, after[largest]{};

    friend bool operator==(const Change& a, const Change& b) {
        return a.at == b.at && a.size == b.size && std::memcmp(a.before, b.before, a.size) == 0;
    }
    /// Bytes in front of the jump, one instruction that does nothing.
    u32 padding() const { return takes_comparison() ? 0 : size - least_moved; }
    bool takes_comparison() const { return return_address != at + call + call_size; }
};

bool reads(u64 at, const u8* expected, u32 size) { return std::memcmp(reinterpret_cast<const void*>(at), expected, size) == 0; }

constexpr u8 jump_code[] = {0xff, 0x24, 0x25};
constexpr u32 jump_size = 7;
constexpr u8 xor_code[] = {0x31, 0xc0, 0x0f, 0x05, 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff};
constexpr u32 xor_size = 2;
constexpr u8 compare_code[] = {0x4c, 0x39, 0xd8};
static_assert(sizeof xor_code == jump_size + sizeof compare_code && sizeof xor_code <= Change::largest);

/// What the code becomes, with the table's word at `word`.
void fill_after(Change& change, u64 word) {
    // The recommended ones [intel/vol2 NOP], each a single instruction: between several, a thread could be met that has not jumped yet.
    static constexpr u8 no_operation[][6] = {{}, {0x90}, {0x66, 0x90}, {0x0f, 0x1f, 0x00}, {0x0f, 0x1f, 0x40, 0x00}, {0x0f, 0x1f, 0x44, 0x00, 0x00},
                                             {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00}};
    u32 padding = change.padding();
    auto* after = change.after;
    std::memcpy(after, no_operation[padding], padding);
    std::memcpy(after + padding, jump_code, sizeof jump_code);
    std::memcpy(after + padding + sizeof jump_code, &word, change.takes_comparison() ? 4 : 2);
    if (change.takes_comparison()) std::memcpy(after + jump_size, compare_code, sizeof compare_code);
}

// ---- the stubs ----

constexpr u32 capacity = jump_table_size / sizeof(u64);
constexpr u32 stub_size = 48;
constexpr u64 stubs = kernel_half::image + 256_MiB;  // near enough to the kernel's code for a jump

/// The moved instructions; mov $return_address, %rcx; mov $distance, %r11d; jmp system_call_entry.
void write_stub(u64 at, const Change& change) {
    auto* code = reinterpret_cast<u8*>(at);
    auto put = [&](const void* bytes, std::size_t size) { std::memcpy(code, bytes, size), code += size; };
    auto opcode = [&](std::initializer_list<u8> bytes) { put(bytes.begin(), bytes.size()); };
    // Made once more, a call is made by the instruction where that is still there, else from the beginning.
    u32 distance = change.takes_comparison() ? static_cast<u32>(change.return_address - change.at) : call_size;
    put(change.before, change.call);
    opcode({0x48, 0xb9}), put(&change.return_address, 8);
    opcode({0x41, 0xbb}), put(&distance, 4);
    opcode({0xe9});
    auto jump = static_cast<u32>(reinterpret_cast<u64>(system_call_entry) - (reinterpret_cast<u64>(code) + 4));
    put(&jump, 4);
}

// ---- the changes ----

/// Every change that was made, for good: pages lose theirs when they are unmapped, and get them again when they are mapped. The table's word N
/// leads to the stub of change N.
class Changes {
public:
    /// The number of this change, which is made when it is new. Nothing when there are too many.
    std::optional<u32> add(const Change& change) {
        Guard guard(lock_);
        for (u32 i = 0; i < count_; ++i)
            if (changes_[i] == change) return i;
        if (count_ == std::size(changes_)) return std::nullopt;
        write_stub(stub(count_), change);
        reinterpret_cast<u64*>(jump_table)[count_] = stub(count_);
        changes_[count_] = change;
        fill_after(changes_[count_], word(count_));
        __atomic_fetch_or(&pages_[bit(change.at) / 64], u64{1} << bit(change.at) % 64, __ATOMIC_RELAXED);
        __atomic_store_n(&count_, count_ + 1, __ATOMIC_RELEASE);  // the change itself before; pairs with for_each
        return count_ - 1;
    }
    const Change& operator[](u32 number) const { return changes_[number]; }
    static u64 stub(u32 number) { return stubs + u64{number} * stub_size; }
    static u64 word(u32 number) { return jump_table + number * sizeof(u64); }

    bool any_in_page(u64 at) const { return __atomic_load_n(&pages_[bit(at) / 64], __ATOMIC_RELAXED) >> bit(at) % 64 & 1; }
    /// Calls visit(number) for those in the page of `at`.
    template <typename F>
    void for_each_in_page(u64 at, F&& visit) const {
        if (!any_in_page(at)) return;
        u32 count = __atomic_load_n(&count_, __ATOMIC_ACQUIRE);
        for (u32 i = 0; i < count; ++i)
            if (changes_[i].at / page_size == at / page_size) visit(i);
    }

private:
    /// Pages share bits: then others' changes are looked at in vain.
    static u64 bit(u64 at) { return (at / page_size) * 0x9e37'79b9'7f4a'7c15 >> 52; }
    sync::Spin lock_;
    u32 count_ = 0;
    Change changes_[1024]{};
    u64 pages_[4096 / 64]{};
};
static_assert(sizeof(Change) * 1024 <= 64_KiB && 1024 <= capacity);
constinit Changes changes;

void write_code(u64 page, const u32* numbers, u32 count) {
    if (host::call(SYS_mprotect, page, page_size, PROT_READ | PROT_WRITE | PROT_EXEC) < 0) return;
    for (u32 i = 0; i < count; ++i) std::memcpy(reinterpret_cast<void*>(changes[numbers[i]].at), changes[numbers[i]].after, changes[numbers[i]].size);
    host::call(SYS_mprotect, page, page_size, PROT_READ | PROT_EXEC);
}

bool is_in_force(const Change& change) {
    u8 code[Change::largest];
    return copy_from_program(code, {change.at}, change.size) && std::memcmp(code, change.after, change.size) == 0;
}

// ---- what the code before a system call looks like ----

/// The length of the instruction that ends before `end`, if it is one that does the same anywhere: a MOV of a constant or of a slot of the stack to
/// a register, MOV between registers, XOR of one with itself. 0 when it is none of them, or begins before `page`.
u32 movable_before(u64 end, u64 page) {
    auto at = [&](u32 back) -> u8 { return end - page >= back ? *reinterpret_cast<const u8*>(end - back) : 0; };
    bool wide = (at(3) & 0xf0) == 0x40;
    bool same = (at(1) >> 3 & 7) == (at(1) & 7) && (!wide || (at(3) >> 2 & 1) == (at(3) & 1));
    bool between_registers = at(1) >= 0xc0 && (at(2) == 0x89 || at(2) == 0x8b || ((at(2) == 0x31 || at(2) == 0x33) && same));
    if (at(7) == 0x48 && at(6) == 0xc7 && (at(5) & 0xf8) == 0xc0) return 7;
    if ((at(5) & 0xf8) == 0xb8 && at(6) == 0x41) return 6;
    if ((at(5) & 0xf8) == 0xb8 && at(1) == 0 && at(2) == 0) return 5;  // a small constant
    if ((at(5) & 0xf8) == 0x48 && at(4) == 0x8b && (at(3) & 0xc7) == 0x44 && at(2) == 0x24) return 5;
    return between_registers ? (wide ? 3 : 2) : 0;
}

/// A short jump in the same page leads behind `start` to the beginning of an instruction before `end`, or looks as if it did.
bool is_jumped_into(u64 start, u64 end, u32 beginnings) {
    constexpr u64 reach = 130;
    u64 page = align_down(start, page_size), from = start - page > reach ? start - reach : page;
    u64 to = page + page_size - start > reach ? start + reach : page + page_size - 1;
    for (u64 at = from; at + 1 < to; ++at) {
        u8 opcode = *reinterpret_cast<const u8*>(at);
        bool jumps = (opcode & 0xf0) == 0x70 || opcode == 0xeb || (opcode & 0xfc) == 0xe0;
        u64 target = at + 2 + static_cast<u64>(static_cast<i64>(*reinterpret_cast<const i8*>(at + 1)));
        if (jumps && target > start && target < end && beginnings >> (target - start) & 1) return true;
    }
    return false;
}

/// Fills `change` but for `after`. False when the call's surroundings do not allow for one.
bool find_change(u64 call, Change& change) {
    u64 page = align_down(call, page_size);
    change.return_address = call + call_size;
    u32 beginnings = 0, size = 0;
    while (size < least_moved) {
        u32 length = movable_before(call - size, page);
        if (!length || size + length > Change::largest) break;
        size += length;
        beginnings = beginnings << length | u32{1} << length;  // but for the first's
    }
    if (size >= least_moved) {
        change.at = call - size, change.size = change.call = size;
        beginnings &= ~(u32{1} << size);  // the call stays where it is
    } else {
        change.at = call - xor_size, change.size = sizeof xor_code, change.call = xor_size;
        if (change.at < page || change.at + sizeof xor_code > page + page_size || !reads(change.at, xor_code, sizeof xor_code)) return false;
        beginnings = 1 << xor_size | 1 << (xor_size + call_size);
        change.return_address = change.at + jump_size;
    }
    std::memcpy(change.before, reinterpret_cast<const void*>(change.at), change.size);
    return !is_jumped_into(change.at, change.at + change.size, beginnings);
}

// ---- how often ----

struct Candidates {
    struct Entry {
        u64 call = 0;
        u32 count = 0;
    };
    std::array<Entry, 128> entries{};

    bool count(u64 call) {
        auto& entry = entries[(call >> 1) * 0x9e37'79b9'7f4a'7c15 >> 57];
        if (entry.call != call) entry = {call, 0};
        if (++entry.count < often_enough) return false;
        entry = {};
        return true;
    }
};
PER_CPU(Candidates, candidates);

}  // namespace

void prepare_rewriting() {
    auto map = [](u64 at, u64 size, int protection) {
        return host::call(SYS_mmap, at, size, protection, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0) == static_cast<i64>(at);
    };
    possible = map(jump_table, jump_table_size, PROT_READ | PROT_WRITE) && map(stubs, u64{capacity} * stub_size, PROT_READ | PROT_WRITE | PROT_EXEC);
    keep_mapped(possible ? jump_table : 0, jump_table_size);
}

void consider_rewriting(const TrapFrame& frame) {
    constexpr u64 rt_sigreturn = 15;  // who unwinds through a signal's frame looks for exactly its instructions
    u64 call = frame.rip - call_size;
    Change change;
    if (!possible || frame.origin == rt_sigreturn || !candidates->count(call) || !is_constant_code({call}) || !find_change(call, change)) return;
    auto number = changes.add(change);
    if (number) write_code(align_down(call, page_size), &*number, 1);
}

void rewrite_page(u64 page) {
    if (!possible || !changes.any_in_page(page)) return;
    constexpr u32 most = 64;
    u32 list[most], count = 0;
    changes.for_each_in_page(page, [&](u32 number) {
        auto& change = changes[number];
        if (count < most && reads(change.at, change.before, change.size)) list[count++] = number;
    });
    if (count) write_code(page, list, count);
}

void mend_return(TrapFrame& frame) {
    u64 rip = frame.rip;
    changes.for_each_in_page(rip, [&](u32 number) {
        auto& change = changes[number];
        if (rip <= change.at || rip >= change.at + change.size || !is_in_force(change)) return;
        // At the jump it is as good as at its beginning: what may be moved may be done twice.
        if (rip == change.return_address || rip == change.at + change.padding()) return;
        if (rip <= change.at + change.call) frame.rip = Changes::stub(number) + (rip - change.at);
        else frame.rip = change.return_address, frame.r11 = ~u64{0} - 4095;
    });
}

u64 moved_from(u64 rip) {
    if (rip < stubs || rip >= stubs + u64{capacity} * stub_size) return 0;
    auto& change = changes[static_cast<u32>((rip - stubs) / stub_size)];
    u64 offset = (rip - stubs) % stub_size;
    return offset < change.call ? change.at + offset : 0;
}

bool mend_invalid_instruction(TrapFrame& frame) {
    u64 rip = frame.rip;
    bool mended = false;
    changes.for_each_in_page(rip, [&](u32 number) {
        auto& change = changes[number];
        if (!change.takes_comparison() || rip != change.return_address || is_in_force(change)) return;
        frame.rip = change.at + change.call + call_size;
        mended = true;
    });
    return mended;
}

void stop_rewriting() {
    possible = false;
    keep_mapped(0, 0);
    flush_kernel({program_start}, {program_end});  // on all CPUs, whatever program they run
    core::debug("system calls: a program has memory at {:x}; they stay signals", jump_table);
}

}  // namespace spore::arch
