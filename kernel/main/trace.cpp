#include "kernel/main/trace.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <new>

#include "arch/cpu.hpp"
#include "base/owned.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/linux/dispatch.hpp"
#include "kernel/linux/machine/name.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/main/channel.hpp"
#include "kernel/memory/heap.hpp"

namespace spore::main {
namespace {

using core::TraceRing;

/// Threads begin and end seldom.
constexpr u32 events_of_threads = 4096;
constinit u32 events_of_cpu = 0;  ///< 0: none are wanted

/// The ring stays for good, and so does its memory.
Result<void> make_ring(u32 cpu, u32 events) {
    auto ring = TRY(make_owned<TraceRing>());
    u32 all = std::bit_ceil(events), in_block = std::min(all, TraceRing::block_slots);
    for (u32 count = 0; count < all; count += in_block) {
        auto* block = static_cast<TraceRing::Slot*>(memory::allocate(in_block * sizeof(TraceRing::Slot)));
        if (!block) return fail(Error::no_memory);
        for (u32 i = 0; i < in_block; ++i) new (block + i) TraceRing::Slot;
        ring->add_block({block, in_block});
    }
    core::set_trace_ring(cpu, *ring.release());
    return {};
}

bool add_ring(u32 cpu, u32 events) {
    if (core::trace_ring(cpu) || make_ring(cpu, events)) return true;
    core::set_traced_points(events_of_cpu = 0);
    core::error("too little memory for the trace: give the VM more with -m, or ask for fewer --events");
    return false;
}

void begin(u32 points) {
    core::set_traced_points(points);
    linux::watch_calls(linux::CallWatcher::trace, points & (abi::trace_bit(abi::TracePoint::call_begin) | abi::trace_bit(abi::TracePoint::call_end)));
}

/// Events of one ring on their way to the host: as the answer to a question, or, without one, as a frame.
class Piece {
public:
    Piece(u32 question, u32 ring, u64 lost) : question_(question), lost_(lost) { head_.ring = ring; }
    ~Piece() { send(); }
    Piece(const Piece&) = delete;

    void lose() { ++lost_; }
    void add(const abi::TraceEvent& event) {
        if (count_ == most) send();
        events_[count_++] = event;
    }

private:
    static constexpr std::size_t most = (max_reply_text - sizeof(abi::TracePayload)) / sizeof(abi::TraceEvent);
    void send() {
        if (count_ == 0 && lost_ == 0) return;
        head_.events = count_;
        head_.lost = lost_;
        ByteSpan all{reinterpret_cast<const std::byte*>(&head_), sizeof head_ + count_ * sizeof *events_};
        if (question_) send_reply(question_, abi::ReplyState::more, all);
        else send_trace_events(all);
        count_ = 0, lost_ = 0;
    }

    u32 question_;
    u32 count_ = 0;
    u64 lost_;
    abi::TracePayload head_{};  // the events follow
    abi::TraceEvent events_[most];
};

void send_ring(u32 question, u32 cpu) {
    auto* ring = core::trace_ring(cpu);
    if (!ring) return;
    Piece piece(question, cpu, ring->first() - ring->start());
    for (u64 number = ring->first(), end = ring->end(); number < end; ++number) {
        if (auto event = ring->read(number)) piece.add(*event);
        else piece.lose();
    }
}

void send_rings(u32 question) {
    begin(0);
    send_ring(question, abi::trace_ring_of_threads);
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) send_ring(question, cpu);
}

/// A number, and the character behind it, which goes too. 0 when there is none; what is too large comes out as some other.
u32 take_number(std::string_view& text) {
    u32 value = 0;
    while (!text.empty()) {
        char c = text.front();
        text.remove_prefix(1);
        if (c < '0' || c > '9') break;
        value = value * 10 + static_cast<u32>(c - '0');
    }
    return value;
}

/// What is recorded already is forgotten: who asks last has the trace.
abi::ReplyState begin_anew(u32 question, std::string_view numbers) {
    u32 points = take_number(numbers) & abi::all_trace_points;
    u32 events = std::clamp(take_number(numbers), abi::least_trace_events, abi::most_trace_events);
    begin(0);
    if (!add_ring(abi::trace_ring_of_threads, events_of_threads)) return abi::ReplyState::failed;
    core::trace_ring(abi::trace_ring_of_threads)->restart();
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) {
        if (!add_ring(cpu, events)) return abi::ReplyState::failed;
        core::trace_ring(cpu)->restart();
    }
    begin(points);
    task::trace_kernel_threads();
    linux::trace_tasks();
    send_reply(question, abi::ReplyState::more, std::as_bytes(std::span(linux::machine::name)));
    return abi::ReplyState::complete;
}

}  // namespace

void start_trace(const wire::Manifest& manifest) {
    auto wanted = manifest.trace();
    if (!wanted) return;
    events_of_cpu = wanted->events;
    begin(wanted->points);
    (void)(add_ring(abi::trace_ring_of_threads, events_of_threads) && add_ring(arch::cpu_id(), events_of_cpu));
}

void trace_other_cpus() {
    for (u32 cpu = 0; events_of_cpu && cpu < arch::cpu_count(); ++cpu) (void)add_ring(cpu, events_of_cpu);
}

void send_trace() {
    if (events_of_cpu) send_rings(0);
}

abi::ReplyState answer_trace(u32 question, std::string_view what) {
    static constinit std::atomic<bool> busy = false;
    if (busy.exchange(true, std::memory_order_acquire)) return abi::ReplyState::failed;
    auto state = abi::ReplyState::unknown;
    if (what.starts_with(abi::begin_trace)) {
        state = begin_anew(question, what.substr(std::string_view(abi::begin_trace).size()));
    } else if (what == abi::end_trace && core::traced_points()) {
        send_rings(question);
        state = abi::ReplyState::complete;
    }
    busy.store(false, std::memory_order_release);
    return state;
}

}  // namespace spore::main
