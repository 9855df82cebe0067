// Recording, and the boot timeline.
#include "kernel/core/trace.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "arch/cpu.hpp"
#include "kernel/core/log.hpp"

namespace spore::core {
namespace {

// Not PER_CPU: a new CPU's area may be a copy of another's, and rings are given by number. The last one is of threads.
constinit std::atomic<TraceRing*> rings[arch::max_cpus + 1] = {};
/// Held by who records into the ring of threads. Those of sync/ stand above this folder.
constinit std::atomic_flag threads_busy;

constinit u32 (*subject)() = nullptr;

std::atomic<TraceRing*>& ring_of(u32 cpu) { return rings[std::min(cpu, arch::max_cpus)]; }

constinit BootMark marks[48] = {};
constinit std::atomic<u32> mark_count = 0;

}  // namespace

constinit std::atomic<u32> traced_point_set = 0;

void set_traced_points(u32 points) { traced_point_set.store(points, std::memory_order_relaxed); }
void set_trace_subject(u32 (*running_thread)()) { subject = running_thread; }
void set_trace_ring(u32 cpu, TraceRing& ring) { ring_of(cpu).store(&ring, std::memory_order_release); }
TraceRing* trace_ring(u32 cpu) { return ring_of(cpu).load(std::memory_order_acquire); }

void TraceRing::add_block(std::span<Slot> block) {
    blocks_[size_ / block_slots] = block.data();
    size_ += block.size();
}

void TraceRing::record(TracePoint point, u32 thread, u64 a, u64 b, u64 c) {
    u64 number = recorded_.load(std::memory_order_relaxed);
    // Who sees a word of this event sees all before it recorded, and so that the one in its place went; pairs with read().
    std::atomic_thread_fence(std::memory_order_release);
    u64 what = thread | static_cast<u64>(point) << 32;
    auto& words = slot(number).words;
    words[0].store(arch::monotonic_nanoseconds(), std::memory_order_relaxed);
    words[1].store(what, std::memory_order_relaxed);
    words[2].store(a, std::memory_order_relaxed);
    words[3].store(b, std::memory_order_relaxed);
    words[4].store(c, std::memory_order_relaxed);
    recorded_.store(number + 1, std::memory_order_release);
}

std::optional<abi::TraceEvent> TraceRing::read(u64 number) const {
    u64 words[std::size(Slot{}.words)];
    std::ranges::transform(slot(number).words, words, [](auto& word) { return word.load(std::memory_order_relaxed); });
    std::atomic_thread_fence(std::memory_order_acquire);  // pairs with record()
    if (recorded_.load(std::memory_order_relaxed) >= number + size_) return std::nullopt;
    abi::TraceEvent event;
    static_assert(std::endian::native == std::endian::little && sizeof event == sizeof words);
    std::memcpy(&event, words, sizeof event);
    return event;
}

[[gnu::cold, clang::preserve_most]] void record(TracePoint point, u64 a, u64 b, u64 c) {
    auto* ring = ring_of(arch::cpu_id()).load(std::memory_order_acquire);
    if (ring && subject) ring->record(point, subject(), a, b, c);
}

[[gnu::cold]] void record_switch(u32 from, u32 to, abi::TraceLeft left) {
    if (auto* ring = ring_of(arch::cpu_id()).load(std::memory_order_acquire)) ring->record(TracePoint::switch_thread, from, to, static_cast<u64>(left), 0);
}

[[gnu::cold]] void record_thread(TracePoint point, u32 thread, u32 process, std::string_view name) {
    auto* ring = ring_of(abi::trace_ring_of_threads).load(std::memory_order_acquire);
    if (!ring) return;
    u64 letters[2] = {};
    std::memcpy(letters, name.data(), std::min(name.size(), sizeof letters));
    while (threads_busy.test_and_set(std::memory_order_acquire)) arch::relax();
    ring->record(point, thread, process, letters[0], letters[1]);
    threads_busy.clear(std::memory_order_release);
}

void mark_boot(const char* name) {
    u32 index = mark_count.fetch_add(1, std::memory_order_relaxed);
    if (index < std::size(marks)) marks[index] = {name, arch::monotonic_nanoseconds()};
}

std::span<const BootMark> boot_marks() { return {marks, std::min<u32>(mark_count.load(std::memory_order_relaxed), std::size(marks))}; }

void log_boot_timeline() {
    u64 before = 0;
    for (auto& mark : boot_marks()) {
        u64 at = mark.nanoseconds / 1000;
        debug("boot: {} us (+{}) {}", at, at - before, mark.name);
        before = at;
    }
}

}  // namespace spore::core
