// The program's memory is the host's. The zero page is nobody's.
#include "arch/user_memory.hpp"

#include <atomic>

#include "tests/fakes/cpu.hpp"

namespace spore::arch {
namespace {
bool is_program(VirtAddr at) { return at.value >= page_size && at.value < (u64{1} << 47); }
std::atomic_ref<u32> word(VirtAddr at) { return std::atomic_ref(*at.as<u32>()); }
}  // namespace

[[gnu::weak]] Result<u32> load_program_word(VirtAddr at) {
    if (!is_program(at)) return fail(Error::bad_address);
    fakes::interleave();
    return word(at).load();
}
[[gnu::weak]] Result<u32> exchange_program_word(VirtAddr at, u32 expected, u32 desired) {
    if (!is_program(at)) return fail(Error::bad_address);
    fakes::interleave();
    word(at).compare_exchange_strong(expected, desired);
    return expected;
}
}  // namespace spore::arch
