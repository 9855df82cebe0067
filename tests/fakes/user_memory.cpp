// The program's memory is the host's. The zero page is nobody's.
#include "arch/user_memory.hpp"

#include <atomic>
#include <cstring>

#include "tests/fakes/cpu.hpp"

namespace spore::arch {
namespace {
bool is_program(VirtAddr at) { return at.value >= page_size && at.value < (u64{1} << 47); }
std::atomic_ref<u32> word(VirtAddr at) { return std::atomic_ref(*at.as<u32>()); }
}  // namespace

Result<void> copy_from_program(void* to, VirtAddr from, std::size_t size) {
    if (size == 0) return {};
    if (!is_program(from)) return fail(Error::bad_address);
    std::memcpy(to, from.as<void>(), size);
    return {};
}
Result<void> copy_to_program(VirtAddr to, const void* from, std::size_t size) {
    if (size == 0) return {};
    if (!is_program(to)) return fail(Error::bad_address);
    std::memcpy(to.as<void>(), from, size);
    return {};
}
Result<void> zero_program(VirtAddr to, std::size_t size) {
    if (size == 0) return {};
    if (!is_program(to)) return fail(Error::bad_address);
    std::memset(to.as<void>(), 0, size);
    return {};
}
Result<std::size_t> program_string_length(VirtAddr from, std::size_t limit) {
    if (!is_program(from)) return fail(Error::bad_address);
    auto length = strnlen(from.as<char>(), limit);
    if (length == limit) return fail(Error::name_too_long);
    return length;
}
Result<u32> load_program_word(VirtAddr at) {
    if (!is_program(at)) return fail(Error::bad_address);
    fakes::interleave();
    return word(at).load();
}
Result<u32> exchange_program_word(VirtAddr at, u32 expected, u32 desired) {
    if (!is_program(at)) return fail(Error::bad_address);
    fakes::interleave();
    word(at).compare_exchange_strong(expected, desired);
    return expected;
}
}  // namespace spore::arch
