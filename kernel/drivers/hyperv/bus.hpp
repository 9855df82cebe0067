// The way to the host: what it offers, and messages about that. Questions are asked while the machine starts, by one thread.
#pragma once

#include <span>

#include "arch/hyperv.hpp"
#include "base/time.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "wire/hyperv/vmbus.hpp"

namespace spore::drivers::hyperv {

/// A device, or a part of one, that the host offers.
struct Offer {
    wire::hyperv::Guid interface, instance;
    u32 channel;     ///< its number, for messages, and its flag's among the events
    u32 connection;  ///< to signal it by
};

class Bus {
public:
    static constexpr std::size_t most_offers = 64, most_listeners = 24;

    /// Says who we are and hears what there is. Sleeps. timed_out, not_supported, no_memory.
    Result<void> connect();
    std::span<const Offer> offers() const { return {offers_, offer_count_}; }

    /// Shares memory, whole pages of it, with a channel, for ever; its number. Sleeps, as the next one. no_memory where the host refuses.
    Result<u32> share(u32 channel, PhysAddr first, u32 bytes);
    /// Opens a channel with rings in memory that is shared under `rings`; the host writes from `incoming_page` on. not_supported.
    Result<void> open(u32 channel, u32 rings, u32 incoming_page);

    /// Calls a handler on the channel's events, on CPU 0 with interrupts off, and sets `gone` before that when the host has taken the channel back. no_space.
    Result<void> listen(u32 channel, arch::InterruptHandler handler, void* context, std::atomic<bool>& gone);

    /// Hears what is said later, for ever.
    void serve();

private:
    struct Message {
        alignas(8) u8 bytes[wire::hyperv::message_size];
        u32 size;
        wire::hyperv::MessageKind kind() const;
        /// As one of its kind; nothing when it is shorter than that.
        template <typename T>
        const T* as() const { return size >= sizeof(T) ? reinterpret_cast<const T*>(bytes) : nullptr; }
    };
    struct Listener {
        u32 channel;
        arch::InterruptHandler handler;
        void* context;
        std::atomic<bool>* gone;
    };

    static void on_interrupt(void* self);
    void dispatch(u32 channel);
    Result<void> post(ByteSpan message);
    Result<Message> next_message(Instant deadline);
    /// The next message of that kind. Others are noted.
    template <typename T>
    Result<T> await(wire::hyperv::MessageKind kind);
    void note(const Message& message);
    void take_back(u32 channel);

    sync::Spin lock_;
    sync::WaitQueue news_;
    memory::FrameRef pages_[3];  ///< that a host may write to, of older kinds; nobody looks into them
    Offer offers_[most_offers];
    std::size_t offer_count_ = 0;
    Listener listeners_[most_listeners];
    u32 listener_count_ = 0;
    u32 last_share_ = 0;
};

}  // namespace spore::drivers::hyperv
