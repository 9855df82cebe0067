// When the detector begins: with the last CPU. With SPORE_RACE in the machine's environment two threads race then, for a test of the detector.
#include <string_view>

#include "../linuxu/boot/environment.hpp"
#include "arch/boot.hpp"
#include "arch/cpu.hpp"
#include "kernel/task/thread.hpp"
#include "races.hpp"

namespace spore::arch {

extern "C" {
[[noreturn]] void __real_start_machine(const u64* stack);
u32 __real__ZN5spore4arch10start_cpusEj(u32 wanted);
}

namespace {

constinit bool wants_race = false;
constinit u64 raced_for = 0;
constexpr u64 race_time = 300'000'000;  // nanoseconds

[[noreturn]] void race(void*) {
    for (u64 end = monotonic_nanoseconds() + race_time; monotonic_nanoseconds() < end;) ++raced_for;
    task::end();
}

void start_race() {
    for (int i = 0; i < 3; ++i)
        if (auto thread = task::Thread::create("race", race, nullptr)) task::start(std::move(*thread));
}

}  // namespace

extern "C" [[noreturn, gnu::used]] void __wrap_start_machine(const u64* stack) {
    wants_race = find_in_environment(stack, "SPORE_RACE=") != nullptr;
    __real_start_machine(stack);
}

extern "C" [[gnu::used]] u32 __wrap__ZN5spore4arch10start_cpusEj(u32 wanted) {
    u32 running = __real__ZN5spore4arch10start_cpusEj(wanted);
    races::begin();
    if (wants_race) start_race();
    return running;
}

}  // namespace spore::arch
