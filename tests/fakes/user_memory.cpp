// The program's memory: the host's, where the zero page is nobody's; or what the active page table says, as kernel/arch does it.
#include "tests/fakes/user_memory.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "arch/entry.hpp"
#include "arch/user_memory.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/mmu.hpp"

namespace spore::fakes {
namespace {
auto memory_kind = ProgramMemory::host;
}
void set_program_memory(ProgramMemory kind) { memory_kind = kind; }
}  // namespace spore::fakes

namespace spore::arch {
namespace {

using fakes::memory_kind;
using fakes::ProgramMemory;

bool is_program(VirtAddr at) { return at.value >= page_size && at.value < (u64{1} << 47); }

/// The host's address of a byte of the program's; null when an access as this would be a fault that nobody serves.
std::byte* find(VirtAddr at, Access wanted) {
    if (memory_kind == ProgramMemory::host) return is_program(at) ? at.as<std::byte>() : nullptr;
    if (at.value >= program_end) return nullptr;
    constexpr int enough = 4;  // a page that is served and gone again is somebody else's work; for ever, a mistake
    for (int i = 0; i < enough; ++i) {
        if (auto* byte = fakes::translate(at, wanted)) return byte;
        if (!entry::kernel_touch(at, wanted)) return nullptr;
    }
    return nullptr;
}

// What is copied may be the same memory by another name, as when a file is written from its own mapping.

/// Calls `f` for each part of [at, at + size) that lies in one piece: its place, its offset, its size.
template <typename F>
Result<void> for_each_piece(VirtAddr at, std::size_t size, Access wanted, F&& f) {
    for (std::size_t done = 0; done < size;) {
        auto* place = find(at + done, wanted);
        if (!place) return fail(Error::bad_address);
        std::size_t left = memory_kind == ProgramMemory::host ? size : page_size - (at.value + done) % page_size;
        std::size_t part = std::min(size - done, left);
        f(place, done, part);
        done += part;
    }
    return {};
}

std::atomic<u32>* find_word(VirtAddr at, Access wanted) {
    if (at.value % sizeof(u32) != 0) return nullptr;
    return reinterpret_cast<std::atomic<u32>*>(find(at, wanted));
}

}  // namespace

Result<void> copy_from_program(void* to, VirtAddr from, std::size_t size) {
    return for_each_piece(from, size, {.read = true},
                          [&](std::byte* place, std::size_t done, std::size_t part) { std::memmove(static_cast<std::byte*>(to) + done, place, part); });
}
Result<void> copy_to_program(VirtAddr to, const void* from, std::size_t size) {
    return for_each_piece(to, size, {.write = true}, [&](std::byte* place, std::size_t done, std::size_t part) {
        std::memmove(place, static_cast<const std::byte*>(from) + done, part);
    });
}
Result<void> zero_program(VirtAddr to, std::size_t size) {
    return for_each_piece(to, size, {.write = true}, [](std::byte* place, std::size_t, std::size_t part) { std::memset(place, 0, part); });
}
Result<std::size_t> program_string_length(VirtAddr from, std::size_t limit) {
    std::size_t length = 0;
    while (length < limit) {
        auto* place = find(from + length, {.read = true});
        if (!place) return fail(Error::bad_address);
        std::size_t left = memory_kind == ProgramMemory::host ? limit : page_size - (from.value + length) % page_size;
        std::size_t part = std::min(limit - length, left);
        std::size_t found = strnlen(reinterpret_cast<char*>(place), part);
        length += found;
        if (found < part) return length;
    }
    return fail(Error::name_too_long);
}
Result<u32> load_program_word(VirtAddr at) {
    auto* word = find_word(at, {.read = true});
    if (!word) return fail(Error::bad_address);
    fakes::interleave();
    return word->load();
}
Result<u32> exchange_program_word(VirtAddr at, u32 expected, u32 desired) {
    auto* word = find_word(at, {.write = true});
    if (!word) return fail(Error::bad_address);
    fakes::interleave();
    word->compare_exchange_strong(expected, desired);
    return expected;
}
}  // namespace spore::arch
