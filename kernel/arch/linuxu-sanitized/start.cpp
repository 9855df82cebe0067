// The shadow is there before the first access that is checked. All CPUs share it: their processes inherit the mapping.
#include "start.hpp"

#include <sys/mman.h>

#include "../linuxu/boot/environment.hpp"
#include "../linuxu/host/call.hpp"
#include "access.hpp"

namespace spore::arch {

extern "C" void __real_move_image(const u64* stack);

namespace {

bool map_shadow() {
    constexpr int kind = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    auto start = reinterpret_cast<i64>(shadow.of(checked_start));
    return host::call(SYS_mmap, start, checked_size / granule, PROT_READ | PROT_WRITE, kind, -1, 0) == start;
}

}  // namespace

/// In move_image's place.
extern "C" [[gnu::used]] void __wrap_move_image(const u64* stack) {
    constexpr std::string_view trouble = "spore-linuxu: the host does not map the shadow of the kernel's memory\n";
    constexpr u64 cannot_start = 125;  // as boot/start.cpp
    if (!map_shadow()) {
        host::call(SYS_write, 2, trouble.data(), trouble.size());
        host::call(SYS_exit_group, cannot_start);
    }
    __real_move_image(stack);
    guard_globals();  // what lies between them was copied until here
    if (auto* mistake = find_in_environment(stack, "SPORE_MISTAKE=")) choose_mistake(mistake);
}

}  // namespace spore::arch
