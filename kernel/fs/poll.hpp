// Readiness: what poll, select, epoll and signal-driven I/O watch.
#pragma once

#include <atomic>

#include "base/list.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::fs {

/// Conditions of a file; the values are Linux's EPOLL* so that the ABI need not translate.
enum class Ready : u32 {
    none = 0,
    in = 0x001,
    priority = 0x002,
    out = 0x004,
    error = 0x008,
    hang_up = 0x010,
    read_hang_up = 0x2000,
};
constexpr Ready operator|(Ready a, Ready b) { return static_cast<Ready>(static_cast<u32>(a) | static_cast<u32>(b)); }
constexpr Ready operator&(Ready a, Ready b) { return static_cast<Ready>(static_cast<u32>(a) & static_cast<u32>(b)); }
constexpr Ready& operator|=(Ready& a, Ready b) { return a = a | b; }
constexpr bool any(Ready r) { return r != Ready::none; }

class PollSource;

/// Somebody who wants to know when a source changes. notify() runs under the source's lock, in any context: it must not
/// sleep, nor attach or detach.
class PollObserver {
public:
    /// Whether a thread that waited for this goes on because of it.
    virtual bool notify(Ready what) = 0;
    ListLink<PollObserver> link;
    /// Of those that say so, one that a thread waits at is enough [epoll_ctl(2), EPOLLEXCLUSIVE]. Not changed while attached.
    bool exclusive = false;

protected:
    ~PollObserver() = default;
};

/// The observable side, a member of everything pollable.
class PollSource {
public:
    constexpr PollSource() = default;
    /// Whoever is still attached is detached: it will not hear of this source again.
    ~PollSource();
    void attach(PollObserver& observer);
    void detach(PollObserver& observer);
    /// Something became ready. Cheap when nobody is attached. Called after the change was made under the lock that File::ready()
    /// reads it under: then an observer that attaches first and asks ready() second misses nothing.
    void notify(Ready what) {
        if (attached_.load(std::memory_order_acquire)) notify_all(what);
    }

private:
    void notify_all(Ready what);
    std::atomic<u32> attached_ = 0;
    sync::Spin lock_;
    List<PollObserver, &PollObserver::link> observers_;
};

}  // namespace spore::fs
