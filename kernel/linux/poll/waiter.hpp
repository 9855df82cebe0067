// A thread that waits for any of several files: what poll, select and blocking reads of event files are made of.
#pragma once

#include "kernel/fs/file.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::linux {

/// Woken by sources that it is attached to. One thread waits.
class PollWaiter {
public:
    /// Sleeps until a source said something since the last call, or the deadline. interrupted, timed_out.
    Result<void> wait(Instant deadline) {
        Guard guard(lock_);
        while (!notified_) TRY(queue_.wait(lock_, sync::Interruptible::yes, deadline));
        notified_ = false;
        return {};
    }
    void notify() {
        Guard guard(lock_);
        notified_ = true;
        queue_.wake_one();
    }

private:
    sync::Spin lock_;
    bool notified_ = false;
    sync::WaitQueue queue_;
};

/// Ties a waiter to one source for as long as it lives.
class PollTie final : public fs::PollObserver {
public:
    PollTie() = default;
    PollTie(const PollTie&) = delete;
    ~PollTie() { detach(); }

    /// The source must outlive this; null attaches to nothing.
    void attach(PollWaiter& waiter, fs::PollSource* source, fs::Ready wanted) {
        waiter_ = &waiter, source_ = source, wanted_ = wanted;
        if (source_) source_->attach(*this);
    }
    void detach() {
        if (source_) source_->detach(*this);
        source_ = nullptr;
    }
    bool notify(fs::Ready what) override {
        bool heard = any(what & wanted_);
        if (heard) waiter_->notify();
        return heard;
    }

private:
    PollWaiter* waiter_ = nullptr;
    fs::PollSource* source_ = nullptr;
    fs::Ready wanted_ = fs::Ready::none;
};

/// Conditions that are told whether asked for or not.
inline constexpr fs::Ready always_told = fs::Ready::error | fs::Ready::hang_up;

/// Tries until it gives something else than would_block, sleeping in between until the source tells of `wanted` or of an end.
template <typename Attempt>
auto try_until_ready(fs::PollSource& source, fs::Ready wanted, Instant deadline, Attempt&& attempt) -> decltype(attempt()) {
    auto result = attempt();
    if (result || result.error() != Error::would_block || deadline == Instant{}) return result;
    PollWaiter waiter;
    PollTie tie;
    tie.attach(waiter, &source, wanted | always_told | fs::Ready::read_hang_up);
    while (true) {
        result = attempt();
        if (result || result.error() != Error::would_block) return result;
        if (auto waited = waiter.wait(deadline); !waited) return fail(waited.error() == Error::timed_out ? Error::would_block : waited.error());
    }
}

// Programs have further names for "data of normal priority": POLLRDNORM and POLLWRNORM, which mean what POLLIN and POLLOUT mean.
inline constexpr u32 normal_in = 0x40, normal_out = 0x100;
constexpr fs::Ready from_program(u32 events) {
    return static_cast<fs::Ready>(events | (events & normal_in ? 1 : 0) | (events & normal_out ? 4 : 0));
}
constexpr u32 to_program(fs::Ready found, u32 asked) {
    u32 all = static_cast<u32>(found);
    if (any(found & fs::Ready::in)) all |= normal_in;
    if (any(found & fs::Ready::out)) all |= normal_out;
    return all & (asked | static_cast<u32>(always_told));
}

}  // namespace spore::linux
