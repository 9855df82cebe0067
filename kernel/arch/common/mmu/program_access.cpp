#include "arch/mmu.hpp"
#include "arch/user_memory.hpp"
#include "kernel/memory/poison.hpp"

extern "C" {
spore::u64 program_copy(void* to, const void* from, spore::u64 size);
spore::u64 program_zero(void* to, spore::u64 size);
spore::u64 program_string(const char* from, spore::u64 limit, spore::u64* length);
spore::u64 program_load(const spore::u32* from, spore::u32* value);
spore::u64 program_exchange(spore::u32* at, spore::u32 expected, spore::u32 desired, spore::u32* found);
/// Set when program pages are closed to the kernel outside of stac/clac (guarded mode with SMAP).
constinit bool program_access_guarded = false;
}

namespace spore::arch {
namespace {
bool in_program(VirtAddr at, u64 size) { return size <= program_end && at.value <= program_end - size; }
Result<void> outcome(u64 failed) {
    if (failed) return fail(Error::bad_address);
    return {};
}
}  // namespace

Result<void> copy_from_program(void* to, VirtAddr from, std::size_t size) {
    if (!in_program(from, size)) return fail(Error::bad_address);
    memory::check(to, size, memory::Touch::write);
    return outcome(program_copy(to, from.as<void>(), size));
}

Result<void> copy_to_program(VirtAddr to, const void* from, std::size_t size) {
    if (!in_program(to, size)) return fail(Error::bad_address);
    memory::check(from, size, memory::Touch::read);
    return outcome(program_copy(to.as<void>(), from, size));
}

Result<void> zero_program(VirtAddr to, std::size_t size) {
    if (!in_program(to, size)) return fail(Error::bad_address);
    return outcome(program_zero(to.as<void>(), size));
}

[[gnu::always_inline]] Result<std::size_t> program_string_length(VirtAddr from, std::size_t limit) {
    if (!in_program(from, 1)) return fail(Error::bad_address);
    u64 reach = program_end - from.value;
    u64 length = 0;
    TRY(outcome(program_string(from.as<char>(), reach < limit ? reach : limit, &length)));
    if (length == limit) return fail(Error::name_too_long);
    if (length == reach) return fail(Error::bad_address);
    return length;
}

[[gnu::always_inline]] Result<u32> load_program_word(VirtAddr at) {
    if (!in_program(at, sizeof(u32))) return fail(Error::bad_address);
    u32 value = 0;
    TRY(outcome(program_load(at.as<u32>(), &value)));
    return value;
}

Result<u32> exchange_program_word(VirtAddr at, u32 expected, u32 desired) {
    if (!in_program(at, sizeof(u32))) return fail(Error::bad_address);
    u32 found = 0;
    TRY(outcome(program_exchange(at.as<u32>(), expected, desired, &found)));
    return found;
}

}  // namespace spore::arch
