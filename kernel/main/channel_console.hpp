// A program's console at the end of a channel: what the host's frames bring it, and frames of its output. The first program's is the channel's own;
// those of programs started besides it are nested in that (execution.hpp).
#pragma once

#include <atomic>

#include "abi/channel.hpp"
#include "base/owned.hpp"
#include "kernel/device/console.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::main {

/// Gives the next bytes that the host sent, all that are asked for.
using Receive = void (*)(MutableByteSpan into);
/// Passes over what nobody wants.
void skip(u32 size, Receive receive);

class ChannelConsole : public Counted, public device::Console {
public:
    virtual ~ChannelConsole() = default;

    Result<void> write(device::OutputStream stream, ByteSpan bytes) override;
    bool is_taken(device::OutputStream stream) const override { return !(gone_.load(std::memory_order_relaxed) & bit_of(stream)); }
    Result<std::size_t> read(MutableByteSpan into, Wait wait) override;
    std::size_t readable() const override;
    bool is_terminal() const override { return terminal_; }
    device::WindowSize window_size() const override { return window_; }
    void set_listener(Listener listener, void* context) override;

    /// Takes one of the host's frames, whose payload `receive` gives. On the channel's thread.
    void take(abi::HostFrame kind, u32 size, Receive receive);
    /// Nobody is there any more: reads find the end, writes fail with broken_pipe.
    void hang_up();
    /// Another session of the host's has the other end: what the former was told and had taken counts no more.
    void begin_anew();
    bool hung_up() const { return hung_up_.load(std::memory_order_acquire); }

    /// Waits until the host takes `size` bytes more.
    Result<void> pay(std::size_t size, sync::Interruptible interruptible = sync::Interruptible::yes);
    /// The same for what does not wait; false beyond `overdraft`, when the host would lose it.
    bool pay_urgently(std::size_t size, u32 overdraft);

protected:
    /// `most` is how much of the payload one frame can carry.
    explicit constexpr ChannelConsole(std::size_t most) : most_payload_(most) {}
    /// Before the first frame is taken.
    void set_terminal(device::WindowSize window) { terminal_ = true, window_ = window; }
    virtual Result<void> send(abi::GuestFrame kind, ByteSpan payload) = 0;
    /// What concerns more than the console. The payload is empty when it is longer than any of these is.
    virtual void act(abi::HostFrame kind, ByteSpan payload) = 0;
    /// There is input, its end, or another window.
    void tell_readers();

private:
    /// Bytes of standard input that arrived and were not read yet; as much as the credit allows.
    class Input {
    public:
        ~Input();
        void append(ByteSpan bytes);
        std::size_t take(MutableByteSpan into);
        std::size_t size() const { return end_ - start_; }

    private:
        static constexpr u64 capacity = abi::initial_stdin_credit;
        std::byte* bytes_ = nullptr;  ///< memory for them when the first arrive
        u64 start_ = 0, end_ = 0;
    };

    mutable sync::Spin lock_;
    sync::WaitQueue arrivals_, room_;
    std::atomic<i64> output_credit_ = abi::initial_output_credit;  ///< a panic changes it without the lock
    Input input_;
    std::size_t most_payload_;
    bool ended_ = false, terminal_ = false;
    static u8 bit_of(device::OutputStream stream) { return static_cast<u8>(1u << static_cast<u8>(stream)); }
    std::atomic<u8> gone_ = 0;  ///< bit_of() the output that nobody takes
    std::atomic<bool> hung_up_ = false;
    device::WindowSize window_;
    Listener listener_ = nullptr;
    void* listener_context_ = nullptr;
};

}  // namespace spore::main
