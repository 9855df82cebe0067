#include "host/trace/recording.hpp"

#include <algorithm>
#include <limits>

namespace spore::host {

namespace {

/// As many processors as the kernel can have.
constexpr u32 most_processors = 64;
/// Three hundred years; sums of such times do not overflow.
constexpr u64 latest = std::numeric_limits<i64>::max();

bool is_of_threads(u8 point) { return point <= static_cast<u8>(abi::TracePoint::thread_end); }

}  // namespace

void Recording::add(ByteSpan payload) {
    do {
        u64 taken = add_piece(payload);
        if (!taken) ++damaged_;
        payload = taken ? payload.subspan(taken) : ByteSpan{};
    } while (!payload.empty());
}

u64 Recording::add_piece(ByteSpan payload) {
    auto* head = view_at<abi::TracePayload>(payload, 0);
    if (!head || (head->ring >= most_processors && head->ring != abi::trace_ring_of_threads)) return 0;
    u64 size = u64{head->events} * sizeof(abi::TraceEvent);
    if (size > payload.size() - sizeof *head) return 0;
    u64 lost = head->lost;
    lost_ = lost > latest - lost_ ? latest : lost_ + lost;
    auto& ring = rings_[head->ring];
    for (u64 at = sizeof *head; at < sizeof *head + size; at += sizeof(abi::TraceEvent)) {
        auto* event = view_at<abi::TraceEvent>(payload, at);
        bool good = event->point < abi::trace_point_count && event->nanoseconds <= latest && is_of_threads(event->point) == (head->ring == abi::trace_ring_of_threads) &&
                    ring.size() < abi::most_trace_events;
        if (!good) {
            ++damaged_;
            continue;
        }
        ring.push_back({event->nanoseconds, head->ring, event->thread, static_cast<abi::TracePoint>(event->point),
                        {event->arguments[0], event->arguments[1], event->arguments[2]}});
    }
    return sizeof *head + size;
}

std::vector<TracedEvent> Recording::events() const {
    std::vector<TracedEvent> all;
    // From the last ring, which is that of threads: of two things at one time, a thread begins before it does something.
    for (auto ring = rings_.rbegin(); ring != rings_.rend(); ++ring) all.insert(all.end(), ring->second.begin(), ring->second.end());
    std::ranges::stable_sort(all, {}, &TracedEvent::nanoseconds);
    return all;
}

}  // namespace spore::host
