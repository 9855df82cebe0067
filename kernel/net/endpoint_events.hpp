// How sockets hear of what happens at their end of a conversation, and how their data passes. The stack never sleeps and knows no files:
// whoever must wait does so above it (kernel/linux/socket/inet).
#pragma once

#include <atomic>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace spore::net {

/// What can be done now without waiting. The values are those of Linux's EPOLL*, so that they need no translation.
enum class Ready : u32 {
    none = 0,
    in = 0x001,          ///< receive() or accept() would give something, the end included
    priority = 0x002,    ///< urgent data
    out = 0x004,         ///< send() would take something, or fail
    error = 0x008,       ///< take_error() has one, or finished sends are to be told of
    hang_up = 0x010,     ///< both directions have ended
    read_hang_up = 0x2000,  ///< the peer sends no more
};
constexpr Ready operator|(Ready a, Ready b) { return static_cast<Ready>(static_cast<u32>(a) | static_cast<u32>(b)); }
constexpr Ready operator&(Ready a, Ready b) { return static_cast<Ready>(static_cast<u32>(a) & static_cast<u32>(b)); }
constexpr Ready& operator|=(Ready& a, Ready b) { return a = a | b; }
constexpr bool any(Ready r) { return r != Ready::none; }

/// Told when readiness may have grown. Called in any context, under the endpoint's spin lock: it must not sleep, nor call the endpoint
/// except for ready(), which takes no lock. Readiness is stored before the call: who attaches first and asks ready() second misses nothing.
class EndpointListener {
public:
    virtual void changed(Ready what) = 0;

protected:
    ~EndpointListener() = default;
};

/// What an endpoint can do, and who hears of it: changed under the endpoint's lock, read without.
class Readiness {
public:
    explicit Readiness(EndpointListener* listener) : listener_(listener) {}
    Ready now() const { return static_cast<Ready>(state_.load(std::memory_order_acquire)); }
    void set_listener(EndpointListener* listener) { listener_ = listener; }
    /// Tells the listener of what is new.
    void change(Ready set, Ready clear = Ready::none) {
        u32 before = state_.load(std::memory_order_relaxed);
        state_.store((before & ~static_cast<u32>(clear)) | static_cast<u32>(set), std::memory_order_release);
        if (listener_ && any(set)) listener_->changed(set);
    }

private:
    std::atomic<u32> state_ = static_cast<u32>(Ready::out);  ///< who only sends datagrams or frames never waits
    EndpointListener* listener_;
};

/// Where received bytes go, and where sent ones come from: the program's memory. May sleep in a page fault, so it is called without a lock.
class ByteSink {
public:
    /// All of them; bad_address.
    virtual Result<void> put(ByteSpan bytes) = 0;

protected:
    ~ByteSink() = default;
};
class ByteSource {
public:
    /// Fills all of `into`; bad_address.
    virtual Result<void> take(MutableByteSpan into) = 0;

protected:
    ~ByteSource() = default;
};

}  // namespace spore::net
