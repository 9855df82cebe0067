#include "kernel/memory/buddy.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "kernel/core/panic.hpp"
#include "kernel/memory/frame_kind.hpp"
#include "kernel/memory/poison.hpp"

namespace spore::memory {
namespace {

constexpr u64 chunk_frames = 1u << max_order;

u64 number_of(const Frame& frame) { return address_of(frame).value >> page_shift; }
Frame& record(u64 number) { return detail::frame_records[number]; }

// While a block is free, its record links it: `link` to the next block of its order, `owner` to the one before.
Frame* next_of(const Frame& frame) { return reinterpret_cast<Frame*>(frame.link); }
Frame* previous_of(const Frame& frame) { return reinterpret_cast<Frame*>(frame.owner); }
u64 to_link(Frame* frame) { return reinterpret_cast<u64>(frame); }

}  // namespace

void Buddy::add(u64 first, u64 end) {
    if (first >= end) return;
    total_ += end - first;
    available_ += end - first;
    ASSERT(range_count_ < max_ranges);
    ranges_[range_count_++] = {first, end, first};
}

void Buddy::push(Frame& frame, unsigned order) {
    frame.references.store(0, std::memory_order_relaxed);
    frame.order = static_cast<u8>(order);
    frame.kind = FrameKind::free;
    frame.owner = 0;
    frame.link = to_link(lists_[order]);
    if (lists_[order]) lists_[order]->owner = to_link(&frame);
    lists_[order] = &frame;
}

void Buddy::remove(Frame& frame, unsigned order) {
    Frame* next = next_of(frame);
    if (auto* previous = previous_of(frame)) previous->link = to_link(next);
    else lists_[order] = next;
    if (next) next->owner = frame.owner;
}

bool Buddy::activate_chunk() {
    while (activating_ < range_count_ && ranges_[activating_].untouched == ranges_[activating_].end) ++activating_;
    if (activating_ == range_count_) return false;
    auto& range = ranges_[activating_];
    u64 at = range.untouched;
    u64 end = std::min(range.end, align_down(at, chunk_frames) + chunk_frames);
    range.untouched = end;
    if constexpr (checks_accesses) poison(bytes_of_frame(record(at)), (end - at) * page_size, Poison::free_frame);
    // The edges of a range need not be aligned: the largest blocks that are.
    while (at < end) {
        unsigned order = std::min<unsigned>(max_order, static_cast<unsigned>(std::bit_width(end - at)) - 1);
        if (at) order = std::min(order, static_cast<unsigned>(std::countr_zero(at)));
        push(record(at), order);
        at += u64{1} << order;
    }
    return true;
}

Frame* Buddy::take_idle() {
    Frame* block = lists_[max_order];
    if (block) remove(*block, max_order);
    return block;
}

void Buddy::put_idle(Frame& block, bool taken) {
    if (!taken) return push(block, max_order);
    block.link = to_link(taken_);
    taken_ = &block;
}

Frame* Buddy::take(unsigned order) {
    unsigned found = order;
    while (!lists_[found]) {
        if (found++ < max_order) continue;
        // One of those that the host took comes back as it is touched.
        if (!taken_) return nullptr;
        push(*std::exchange(taken_, next_of(*taken_)), --found);
    }
    Frame* frame = lists_[found];
    remove(*frame, found);
    while (found > order) {
        --found;
        push(*(frame + (u64{1} << found)), found);
    }
    frame->order = static_cast<u8>(order);
    frame->kind = FrameKind::waiting;
    bring(*frame, u64{1} << order);
    return frame;
}

/// Blocks are split from their lower end, so fresh memory comes into use upwards.
void Buddy::bring(const Frame& block, u64 frames) {
    if constexpr (arch::memory_comes_by_touch) {
        constexpr u64 at_once = 16;
        u64 first = number_of(block), end = align_up(first + frames, at_once);
        if (end <= brought_) return;
        arch::bring_memory({std::max(first, brought_) << page_shift}, {end << page_shift});
        brought_ = end;
    }
}

Frame* Buddy::allocate(unsigned order) {
    Frame* frame;
    while (!(frame = take(order)))
        if (!activate_chunk()) return nullptr;
    available_ -= u64{1} << order;
    return frame;
}

std::size_t Buddy::allocate_singles(std::span<Frame*> out) {
    std::size_t count = 0;
    while (count < out.size()) {
        // The smallest block there is keeps the large ones whole.
        unsigned order = 0;
        while (order < max_order && !lists_[order]) ++order;
        if (!lists_[order] && !taken_) {
            if (!activate_chunk()) break;
            continue;
        }
        order = std::min(order, static_cast<unsigned>(std::bit_width(out.size() - count)) - 1);
        Frame* block = take(order);
        for (u64 i = u64{1} << order; i-- > 0;) {
            Frame& frame = block[i];
            frame.references.store(0, std::memory_order_relaxed);
            frame.order = 0;
            frame.kind = FrameKind::waiting;
            out[count++] = &frame;
        }
    }
    available_ -= count;
    return count;
}

void Buddy::free(Frame& block, unsigned order) {
    available_ += u64{1} << order;
    u64 number = number_of(block);
    const Range* range = range_of(number);
    ASSERT(range);
    for (; order < max_order; ++order) {
        u64 other = number ^ (u64{1} << order);
        // Only what lies in the same range has a record that was written; a chunk enters the lists as a whole.
        if (other < range->first || other + (u64{1} << order) > range->end) break;
        Frame& buddy = record(other);
        if (!is_of_kind(buddy, FrameKind::free) || buddy.order != order) break;
        remove(buddy, order);
        number &= ~(u64{1} << order);
    }
    push(record(number), order);
}

}  // namespace spore::memory
