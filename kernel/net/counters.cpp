// Counters of dropped packets, one set a CPU: counting costs no more than an increment.
#include "kernel/core/per_cpu.hpp"
#include "kernel/net/interface.hpp"

namespace spore::net {

namespace {
struct Drops {
    u64 by_reason[drop_reasons] = {};
};
PER_CPU(Drops, drops);
}  // namespace

void count_drop(Drop reason) { ++drops->by_reason[static_cast<unsigned>(reason)]; }

u64 dropped(Drop reason) {
    u64 sum = 0;
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) sum += drops.of(cpu).by_reason[static_cast<unsigned>(reason)];
    return sum;
}

}  // namespace spore::net
