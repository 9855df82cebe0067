// What the compiler calls before each access. Nothing in here is checked itself (unchecked.txt).
#include "access.hpp"

#include "arch/mmu.hpp"
#include "kernel/core/panic.hpp"

namespace spore::arch {
namespace {

using memory::Touch;

[[gnu::noinline, gnu::cold]] void look_closely(u64 at, u64 size, Touch touch) {
    u64 bad = shadow.first_bad(at, size);
    if (bad < at + size) report(at, size, bad, touch);
}

template <u64 size>
void check_access(u64 at, Touch touch) {
    if (is_checked(at) && !shadow.is_plain<size>(at)) [[unlikely]] look_closely(at, size, touch);
}

void check_range(u64 at, u64 size, Touch touch) {
    if (!is_checked(at) || size == 0) return;
    u64 bad = shadow.first_bad(at, size);
    if (bad < at + size) [[unlikely]] report(at, size, bad, touch);
}

u64 address(const void* pointer) { return reinterpret_cast<u64>(pointer); }

}  // namespace
}  // namespace spore::arch

namespace spore::memory::checks {

void poison(const void* start, std::size_t size, Poison why) { arch::shadow.poison(arch::address(start), size, static_cast<u8>(why)); }
void unpoison(const void* start, std::size_t size) { arch::shadow.unpoison(arch::address(start), size); }
void check(const void* start, std::size_t size, Touch touch) { arch::check_range(arch::address(start), size, touch); }

}  // namespace spore::memory::checks

using spore::u64;
using namespace spore::arch;

extern "C" {

void* memcpy(void* to, const void* from, std::size_t size);
void* memmove(void* to, const void* from, std::size_t size);
void* memset(void* to, int value, std::size_t size);

#define ACCESS(size)                                                                             \
    [[gnu::used]] void __asan_load##size(u64 at) { check_access<size>(at, Touch::read); }        \
    [[gnu::used]] void __asan_store##size(u64 at) { check_access<size>(at, Touch::write); }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

[[gnu::used]] void __asan_loadN(u64 at, u64 size) { check_range(at, size, Touch::read); }
[[gnu::used]] void __asan_storeN(u64 at, u64 size) { check_range(at, size, Touch::write); }

[[gnu::used]] void* __asan_memcpy(void* to, const void* from, std::size_t size) {
    check_range(address(from), size, Touch::read);
    check_range(address(to), size, Touch::write);
    return memcpy(to, from, size);
}
[[gnu::used]] void* __asan_memmove(void* to, const void* from, std::size_t size) {
    check_range(address(from), size, Touch::read);
    check_range(address(to), size, Touch::write);
    return memmove(to, from, size);
}
[[gnu::used]] void* __asan_memset(void* to, int value, std::size_t size) {
    check_range(address(to), size, Touch::write);
    return memset(to, value, size);
}

}  // extern "C"
