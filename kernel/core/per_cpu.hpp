// The one way to define a variable that every CPU has its own instance of.
//
//   PER_CPU(RunQueue, run_queue);          in a .cpp, at namespace scope; constant-initialised
//   run_queue->push(thread);               this CPU's
//   run_queue.of(3).push(thread);          CPU 3's, for those that lock
//
// The section `per_cpu` holds the initial values; every CPU works on its own copy of it.
#pragma once

#include "arch/cpu.hpp"

namespace spore {

template <typename T>
class PerCpu {
public:
    template <typename... Args>
    explicit constexpr PerCpu(Args&&... args) : initial_(static_cast<Args&&>(args)...) {}

    T& operator*() { return at(arch::per_cpu_offset()); }
    T* operator->() { return &at(arch::per_cpu_offset()); }
    T& of(u32 cpu) { return at(arch::per_cpu_offset(cpu)); }

private:
    T& at(u64 offset) { return *reinterpret_cast<T*>(reinterpret_cast<u64>(&initial_) + offset); }
    T initial_;
};

}  // namespace spore

#define PER_CPU(type, name) [[gnu::section("per_cpu")]] constinit ::spore::PerCpu<type> name
