// Our half of a ring. The other half belongs to another domain: what it writes is taken as a copy, and its count is believed only as far as there
// are requests that it has not answered.
//
// A slot is a request's until its answer is taken. Requests are written by slot() from next() on, and shown by publish().
#pragma once

#include <atomic>

#include "kernel/drivers/xen/grants.hpp"
#include "kernel/memory/frame.hpp"
#include "wire/xen/ring.hpp"

namespace spore::drivers::xen {

template <typename Request, typename Answer>
class Ring {
public:
    static constexpr std::size_t slot_size = sizeof(Request) > sizeof(Answer) ? sizeof(Request) : sizeof(Answer);
    static constexpr u32 size = wire::xen::ring_slots(slot_size);

    /// Makes it and lets the domain use it. no_memory, no_space.
    Result<void> open(u16 domain) {
        page_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
        grant_ = TRY(take_grants(1));
        head().request_event = head().answer_event = 1;
        allow(grant_, domain, page_.address(), Sharing::write);
        return {};
    }
    u32 grant() const { return grant_; }

    u32 free() const { return size - (produced_ - consumed_); }
    u32 unanswered() const { return produced_ - consumed_; }
    u32 next() const { return produced_; }
    Request& slot(u32 number) { return *reinterpret_cast<Request*>(at(number)); }

    /// Shows the other end the next `count` requests; whether it wants to be told.
    bool publish(u32 count) {
        u32 before = produced_;
        produced_ += count;
        __atomic_store_n(&head().request_producer, produced_, __ATOMIC_RELEASE);  // the requests before the count; pairs with the other end's read
        std::atomic_thread_fence(std::memory_order_seq_cst);  // the count before the event; the other end does it the other way round
        return produced_ - __atomic_load_n(&head().request_event, __ATOMIC_RELAXED) < produced_ - before;
    }

    /// Answers that are there; none from one that has broken the rules.
    u32 answers() {
        u32 count = __atomic_load_n(&head().answer_producer, __ATOMIC_ACQUIRE) - consumed_;
        if (count > unanswered()) broken_ = true;
        return broken_ ? 0 : count;
    }
    bool has_news() { return answers(); }
    u32 position() const { return consumed_; }
    /// The next answer; there must be one.
    Answer take() { return take_as<Answer>(); }
    template <typename As>
    As take_as() {
        As copy;
        __builtin_memcpy(&copy, at(consumed_++), sizeof copy);
        std::atomic_signal_fence(std::memory_order_acquire);  // a copy: no second look at what may have changed
        return copy;
    }
    /// The other end has answered more than it was asked, or something else that it cannot; for ever.
    bool broken() {
        (void)answers();
        return broken_;
    }
    void give_up() { broken_ = true; }

    /// An event when so many answers more are there. What came before this must be looked for after it.
    void want_event(u32 after = 1) {
        __atomic_store_n(&head().answer_event, consumed_ + after, __ATOMIC_RELAXED);
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }

private:
    wire::xen::RingHead& head() const { return *reinterpret_cast<wire::xen::RingHead*>(page_.bytes()); }
    std::byte* at(u32 number) const { return page_.bytes() + sizeof(wire::xen::RingHead) + number % size * slot_size; }

    memory::FrameRef page_;
    u32 grant_ = 0, produced_ = 0, consumed_ = 0;
    bool broken_ = false;
};

}  // namespace spore::drivers::xen
