#include "rewrite.hpp"

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstring>

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

// ---- the code that a changed place jumps to ----

struct Place {
    u64 return_address;
    u32 number;    ///< of the system call
    u32 distance;  ///< from where the call would be made once more to the return address
    friend bool operator==(const Place&, const Place&) = default;
};

constexpr u32 capacity = jump_table_size / sizeof(u64);
constexpr u32 stub_size = 32;
constexpr u64 stubs = kernel_half::image + 256_MiB;  // near enough to the kernel's code for a jump

constinit bool possible = false;
constinit sync::Spin lock;
constinit std::array<Place, capacity> places{};

u64 hash(const Place& place) { return (place.return_address ^ u64{place.number} << 40) * 0x9e37'79b9'7f4a'7c15 >> 32; }

/// Writes the stub: mov $number, %eax; mov $return_address, %rcx; mov $distance, %r11d; jmp system_call_entry.
void write_stub(u64 at, const Place& place) {
    auto* code = reinterpret_cast<u8*>(at);
    auto put = [&](const void* bytes, std::size_t size) { std::memcpy(code, bytes, size), code += size; };
    auto opcode = [&](std::initializer_list<u8> bytes) { put(bytes.begin(), bytes.size()); };
    opcode({0xb8}), put(&place.number, 4);
    opcode({0x48, 0xb9}), put(&place.return_address, 8);
    opcode({0x41, 0xbb}), put(&place.distance, 4);
    opcode({0xe9});
    auto distance = static_cast<u32>(reinterpret_cast<u64>(system_call_entry) - (reinterpret_cast<u64>(code) + 4));
    put(&distance, 4);
}

/// The address of the table's word that leads to the place's stub, made when it is missing; 0 when the table is full around it.
u64 find_word(const Place& place) {
    constexpr u32 longest_search = 64;
    Guard guard(lock);
    for (u32 i = 0; i < longest_search; ++i) {
        auto index = static_cast<u32>((hash(place) + i) % capacity);
        auto& found = places[index];
        if (found == place) return jump_table + index * sizeof(u64);
        if (found.return_address) continue;
        write_stub(stubs + u64{index} * stub_size, place);
        reinterpret_cast<u64*>(jump_table)[index] = stubs + u64{index} * stub_size;
        found = place;
        return jump_table + index * sizeof(u64);
    }
    return 0;
}

// ---- the changes ----

constexpr u8 xor_code[] = {0x31, 0xc0, 0x0f, 0x05, 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff};
constexpr u32 xor_size = 2, jump_size = 7;
constexpr u8 jump_code[] = {0xff, 0x24, 0x25};
constexpr u8 compare_code[] = {0x4c, 0x39, 0xd8};
static_assert(sizeof xor_code == jump_size + sizeof compare_code);

// ---- what the code before a system call looks like ----

/// `size` bytes at `at` are in one page.
bool in_one_page(u64 at, u64 size) { return at / page_size == (at + size - 1) / page_size; }

/// A short jump in the same page leads to one of two instructions behind `start`, or looks as if it did. Farther ones do not occur in C libraries.
bool is_jumped_into(u64 start, u64 first, u64 second) {
    constexpr u64 reach = 130;
    u64 page = align_down(start, page_size), from = start - page > reach ? start - reach : page;
    u64 to = page + page_size - start > reach ? start + reach : page + page_size - 1;
    for (u64 at = from; at + 1 < to; ++at) {
        u8 opcode = *reinterpret_cast<const u8*>(at);
        bool jumps = (opcode & 0xf0) == 0x70 || opcode == 0xeb || (opcode & 0xfc) == 0xe0;
        u64 target = at + 2 + static_cast<u64>(static_cast<i64>(*reinterpret_cast<const i8*>(at + 1)));
        if (jumps && (target == first || target == second)) return true;
    }
    return false;
}

/// Bytes of a program's code, and what they become.
struct Change {
    u64 at = 0;
    u32 size = 0;
    u8 before[sizeof xor_code]{}, after[sizeof xor_code]{};
};

/// Every change that was made: pages lose theirs when they are unmapped, and get them again when they are mapped.
class Changes {
public:
    void add(const Change& change) {
        Guard guard(lock_);
        if (count_ == std::size(changes_)) return;
        for (u32 i = 0; i < count_; ++i)
            if (changes_[i].at == change.at && std::memcmp(&changes_[i], &change, sizeof change) == 0) return;
        changes_[count_] = change;
        __atomic_fetch_or(&pages_[bit(change.at) / 64], u64{1} << bit(change.at) % 64, __ATOMIC_RELAXED);
        __atomic_store_n(&count_, count_ + 1, __ATOMIC_RELEASE);  // the change itself before; pairs with for_each
    }
    bool any_in_page(u64 at) const { return __atomic_load_n(&pages_[bit(at) / 64], __ATOMIC_RELAXED) >> bit(at) % 64 & 1; }
    template <typename F>
    void for_each(F&& visit) const {
        u32 count = __atomic_load_n(&count_, __ATOMIC_ACQUIRE);
        for (u32 i = 0; i < count; ++i) visit(changes_[i]);
    }

private:
    /// Pages share bits: then others' changes are looked at in vain.
    static u64 bit(u64 at) { return (at / page_size) * 0x9e37'79b9'7f4a'7c15 >> 52; }
    sync::Spin lock_;
    u32 count_ = 0;
    Change changes_[1024]{};
    u64 pages_[4096 / 64]{};
};
constinit Changes changes;

bool reads(u64 at, const u8* expected, u32 size) { return std::memcmp(reinterpret_cast<const void*>(at), expected, size) == 0; }

void write_code(u64 page, const Change* const* first, u32 count) {
    if (host::call(SYS_mprotect, page, page_size, PROT_READ | PROT_WRITE | PROT_EXEC) < 0) return;
    for (u32 i = 0; i < count; ++i) std::memcpy(reinterpret_cast<void*>(first[i]->at), first[i]->after, first[i]->size);
    host::call(SYS_mprotect, page, page_size, PROT_READ | PROT_EXEC);
}

/// The change that makes this call a jump, if its surroundings allow for one.
bool find_change(u64 call, u32 number, Change& change) {
    constexpr u32 mov_size = 5;
    u64 start = call - mov_size;
    change.before[0] = 0xb8;
    std::memcpy(change.before + 1, &number, 4);
    if (in_one_page(start, mov_size) && reads(start, change.before, mov_size)) {
        u64 word = find_word({call + call_size, number, call_size});
        change.at = start, change.size = mov_size;
        std::memcpy(change.after, jump_code, sizeof jump_code);
        std::memcpy(change.after + sizeof jump_code, &word, 2);
        return word != 0;
    }
    start = call - xor_size;
    if (number != 0 || !in_one_page(start, sizeof xor_code) || !reads(start, xor_code, sizeof xor_code)) return false;
    if (is_jumped_into(start, call, call + call_size)) return false;
    u64 word = find_word({start + jump_size, 0, jump_size});
    change.at = start, change.size = sizeof xor_code;
    std::memcpy(change.before, xor_code, sizeof xor_code);
    std::memcpy(change.after, jump_code, sizeof jump_code);
    std::memcpy(change.after + sizeof jump_code, &word, 4);
    std::memcpy(change.after + jump_size, compare_code, sizeof compare_code);
    return word != 0;
}

/// An XOR that was changed, whether this CPU sees that now or not; null when there was none at `start`.
const Change* changed_xor(u64 start) {
    if (!changes.any_in_page(start)) return nullptr;
    const Change* found = nullptr;
    changes.for_each([&](const Change& change) {
        if (change.at == start && change.size == sizeof xor_code) found = &change;
    });
    return found;
}

bool is_in_force(const Change& change) {
    u8 code[sizeof xor_code];
    return copy_from_program(code, {change.at}, change.size) && std::memcmp(code, change.after, change.size) == 0;
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
    u64 call = frame.rip - call_size;
    Change change;
    if (!possible || !candidates->count(call) || !is_constant_code({call}) || !find_change(call, static_cast<u32>(frame.origin), change)) return;
    changes.add(change);
    const Change* list[] = {&change};
    write_code(align_down(call, page_size), list, 1);
}

void rewrite_page(u64 page) {
    if (!possible || !changes.any_in_page(page)) return;
    constexpr u32 most = 64;
    const Change* list[most];
    u32 count = 0;
    changes.for_each([&](const Change& change) {
        if (align_down(change.at, page_size) == page && count < most && reads(change.at, change.before, change.size)) list[count++] = &change;
    });
    if (count) write_code(page, list, count);
}

void mend_return(TrapFrame& frame) {
    if (auto* change = changed_xor(frame.rip - xor_size); change && is_in_force(*change)) frame.rip = change->at;
    if (auto* change = changed_xor(frame.rip - xor_size - call_size); change && is_in_force(*change)) {
        frame.rip = change->at + jump_size;
        frame.r11 = ~u64{0} - 4095;
    }
}

bool mend_invalid_instruction(TrapFrame& frame) {
    auto* change = changed_xor(frame.rip - jump_size);
    if (!change || is_in_force(*change)) return false;
    frame.rip = change->at + xor_size + call_size;
    return true;
}

void stop_rewriting() {
    possible = false;
    keep_mapped(0, 0);
    flush_kernel({program_start}, {program_end});  // on all CPUs, whatever program they run
    core::debug("system calls: a program has memory at {:x}; they stay signals", jump_table);
}

}  // namespace spore::arch
