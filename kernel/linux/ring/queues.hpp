// The two rings that a program shares with the kernel, and the submissions that the first one's entries name [io_uring(7)].
//
// Heads and tails count on without end. The kernel believes its own of them, of the program's only how far they are from its own; entries are copied
// before anybody looks at them.
#pragma once

#include <optional>

#include "kernel/linux/ring/format.hpp"
#include "kernel/linux/ring/memory.hpp"

namespace spore::linux::ring {

class Queues {
public:
    static Result<Queues> create(u32 submissions, u32 completions, u32 setup);
    /// How many bytes it takes.
    static u64 memory_for(u32 submissions, u32 completions, u32 setup);
    /// Tells the program where in the mapping all is.
    void describe(Parameters& parameters) const;
    /// What mmap shows, at the places that the ABI has for the parts.
    const Shared<memory::MappedObject>& mapping() const { return mapping_; }

    u32 submissions() const { return submissions_; }
    u32 completions() const { return completions_; }

    /// How many submissions wait.
    u32 submitted() const;
    /// Copies the next one. Nothing when there is none, or the program names one that does not exist: that counts as dropped.
    std::optional<Submission> take();
    /// The program may use the places of those that were taken again.
    void give_back_taken() { rings_.word(at_head).store(head_, std::memory_order_release); }

    // One thread at a time, with the ring's lock.
    bool has_room() const { return unseen() < completions_; }
    /// How many completions the program has not taken yet.
    u32 unseen() const {
        u32 count = tail_ - rings_.word(at_completion_head).load(std::memory_order_acquire);
        return count < completions_ ? count : completions_;
    }
    /// There is room.
    void put(const Completion& completion);
    void set_flag(SubmissionRingFlag flag, bool on) {
        auto word = rings_.word(at_flags);
        on ? word.fetch_or(flag, std::memory_order_release) : word.fetch_and(~u32{flag}, std::memory_order_release);
    }
    bool events_disabled() const { return rings_.word(at_completion_flags).load(std::memory_order_relaxed) & ring_event_disabled; }
    /// As far as the program sees them.
    u32 posted() const { return tail_; }

private:
    Queues(u32 submissions, u32 completions, u32 setup) : submissions_(submissions), completions_(completions), setup_(setup) {}
    static constexpr u64 at_head = 0, at_tail = 64, at_mask = 128, at_entries = 132, at_flags = 136, at_dropped = 140, at_completion_head = 192,
                         at_completion_tail = 256, at_completion_mask = 320, at_completion_entries = 324, at_overflow = 328, at_completion_flags = 332, at_completions = 384;
    u64 completion_size() const { return setup_ & setup_large_completions ? 2 * sizeof(Completion) : sizeof(Completion); }
    u64 submission_size() const { return setup_ & setup_large_submissions ? 2 * sizeof(Submission) : sizeof(Submission); }
    u64 rings_size() const;
    u64 entries_size() const;
    u64 at_array() const { return at_completions + completions_ * completion_size(); }

    u32 submissions_ = 0, completions_ = 0, setup_ = 0;
    mutable u32 head_ = 0;  ///< of submissions; changed by one thread at a time, looked at by any
    u32 tail_ = 0;  ///< of completions
    RingMemory rings_, entries_;
    Shared<memory::MappedObject> mapping_;
};

}  // namespace spore::linux::ring
