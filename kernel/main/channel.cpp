#include "kernel/main/channel.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "arch/cpu.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/log_sink.hpp"
#include "kernel/core/panic.hpp"
#include "kernel/core/panic_hook.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/memory/heap.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "kernel/task/thread.hpp"

namespace spore::main {
namespace {

using abi::GuestFrame;
using abi::HostFrame;

/// Frames that fit one piece of the stream are never mixed with those of other threads.
constexpr std::size_t max_payload = device::ByteStream::atomic_size - sizeof(abi::FrameHeader);

abi::FrameHeader header(GuestFrame kind, std::size_t size) {
    abi::FrameHeader h{};
    h.kind = static_cast<u8>(kind);
    h.size = static_cast<u32>(size);
    return h;
}

/// Bytes of standard input that arrived and were not read yet; as much as the credit allows.
class Input {
public:
    void append(ByteSpan bytes) {
        for (auto byte : bytes) {
            if (end_ - start_ == capacity) return;  // the host overran its credit
            bytes_[end_++ % capacity] = byte;
        }
    }
    std::size_t take(MutableByteSpan into) {
        std::size_t count = std::min<u64>(into.size(), end_ - start_);
        for (std::size_t i = 0; i < count; ++i) into[i] = bytes_[start_++ % capacity];
        return count;
    }
    std::size_t size() const { return end_ - start_; }
    /// Memory for the bytes, when the first arrive.
    bool ready() {
        if (!bytes_) bytes_ = static_cast<std::byte*>(memory::allocate(capacity, page_size));
        return bytes_;
    }

private:
    static constexpr u64 capacity = abi::initial_stdin_credit;
    std::byte* bytes_ = nullptr;
    u64 start_ = 0, end_ = 0;
};

class Channel final : public device::Console {
public:
    void open(device::ByteStream& stream, const wire::Manifest& manifest) {
        stream_ = &stream;
        if (auto terminal = manifest.terminal()) {
            terminal_ = true;
            window_ = {terminal->rows, terminal->columns};
        }
        abi::HelloPayload hello{};
        hello.version = abi::channel_version;
        hello.boot_nanoseconds = arch::monotonic_nanoseconds();
        (void)send(GuestFrame::hello, bytes_of(hello));
        tells_marks_ = manifest.timeline();
    }

    Result<void> write(device::OutputStream stream, ByteSpan bytes) override {
        auto kind = stream == device::OutputStream::standard_out ? GuestFrame::standard_out : GuestFrame::standard_err;
        while (!bytes.empty()) {
            auto part = bytes.first(std::min(bytes.size(), max_payload));
            TRY(pay(part.size()));
            TRY(send(kind, part));
            bytes = bytes.subspan(part.size());
        }
        return {};
    }

    Result<std::size_t> read(MutableByteSpan into, Wait wait) override {
        std::size_t count;
        {
            Guard guard(lock_);
            while (input_.size() == 0 && !ended_) {
                if (wait == Wait::no) return fail(Error::would_block);
                TRY(arrivals_.wait(lock_, sync::Interruptible::yes));
            }
            count = input_.take(into);
        }
        if (count) {
            le32 credit;
            credit = static_cast<u32>(count);
            TRY(send(GuestFrame::stdin_credit, bytes_of(credit)));
        }
        return count;
    }

    std::size_t readable() const override {
        Guard guard(lock_);
        return input_.size() == 0 && ended_ ? ~std::size_t{0} : input_.size();
    }
    bool is_terminal() const override { return terminal_; }
    device::WindowSize window_size() const override { return window_; }
    void set_listener(Listener listener, void* context) override {
        Guard guard(lock_);
        listener_ = listener;
        listener_context_ = context;
    }

    Result<void> send(GuestFrame kind, ByteSpan payload) {
        auto h = header(kind, payload.size());
        return stream_->send(bytes_of(h), payload);
    }
    void send_urgently(GuestFrame kind, ByteSpan payload) {
        auto h = header(kind, payload.size());
        stream_->send_urgently(bytes_of(h), payload);
    }
    void drain() { stream_->drain(); }
    bool is_open() const { return stream_; }
    /// When boot came to what, where the host wants to know.
    void send_marks() {
        if (!tells_marks_) return;
        for (auto& mark : core::boot_marks()) {
            std::byte payload[sizeof(abi::BootMarkPayload) + 64];
            abi::BootMarkPayload head{};
            head.nanoseconds = mark.nanoseconds;
            auto size = std::min(std::strlen(mark.name), sizeof payload - sizeof head);
            std::memcpy(payload, &head, sizeof head);
            std::memcpy(payload + sizeof head, mark.name, size);
            (void)send(GuestFrame::boot_mark, {payload, sizeof head + size});
        }
    }

    /// Waits until the host takes a frame of output.
    Result<void> pay(std::size_t size) {
        Guard guard(lock_);
        while (output_credit_ <= 0) TRY(room_.wait(lock_, sync::Interruptible::yes));
        output_credit_ -= static_cast<i64>(size + abi::frame_cost);
        return {};
    }
    /// The same for what cannot wait; false when the host would lose it.
    bool pay_urgently(std::size_t size) {
        if (output_credit_ < -i64{abi::log_overdraft}) return false;
        output_credit_ -= static_cast<i64>(size + abi::frame_cost);
        return true;
    }

    /// The channel's thread: takes frames from the host for ever.
    [[noreturn]] void listen() {
        while (true) {
            abi::FrameHeader h;
            receive({reinterpret_cast<std::byte*>(&h), sizeof h});
            handle(static_cast<HostFrame>(h.kind), h.size);
        }
    }

    ChannelActions actions;

private:
    void receive(MutableByteSpan into) {
        while (!into.empty()) {
            auto got = stream_->receive(into);
            if (got) into = into.subspan(*got);
        }
    }

    void handle(HostFrame kind, u32 size) {
        std::byte part[256];
        static_assert(sizeof part >= sizeof(le32) + abi::max_query_path);
        std::size_t kept = 0;
        bool whole = size <= sizeof part;
        while (size > 0) {
            auto count = std::min<u32>(size, sizeof part);
            receive({part, count});
            if (kind == HostFrame::standard_in) take_input({part, count});
            kept = count;
            size -= count;
        }
        switch (kind) {
        case HostFrame::stdin_end: {
            Guard guard(lock_);
            ended_ = true;
            break;
        }
        case HostFrame::signal:
            if (auto* number = view_at<le32>({part, kept}, 0); number && actions.signal) actions.signal(*number);
            return;
        case HostFrame::output_credit:
            if (auto* credit = view_at<le32>({part, kept}, 0)) {
                Guard guard(lock_);
                output_credit_ += u32{*credit};
                room_.wake_all();
            }
            return;
        case HostFrame::window_size:
            if (auto* size_payload = view_at<le16>({part, kept}, 2)) window_ = {*view_at<le16>({part, kept}, 0), *size_payload};
            if (actions.signal) actions.signal(window_changed_signal);
            return;
        case HostFrame::shutdown:
            if (actions.shutdown) actions.shutdown();
            return;
        case HostFrame::query:
            if (auto* number = view_at<le32>({part, kept}, 0); number && whole && actions.query)
                actions.query(*number, {reinterpret_cast<const char*>(part) + sizeof(le32), kept - sizeof(le32)});
            return;
        case HostFrame::standard_in: break;
        default: return;
        }
        arrivals_.wake_all();
        if (listener_) listener_(listener_context_);
    }

    void take_input(ByteSpan bytes) {
        Guard guard(lock_);
        if (input_.ready()) input_.append(bytes);
    }

    static constexpr u32 window_changed_signal = 28;  // SIGWINCH, the same on every Linux machine

    device::ByteStream* stream_ = nullptr;
    mutable sync::Spin lock_;
    sync::WaitQueue arrivals_, room_;
    std::atomic<i64> output_credit_ = abi::initial_output_credit;  ///< a panic changes it without the lock
    Input input_;
    bool ended_ = false;
    bool terminal_ = false;
    bool tells_marks_ = false;
    device::WindowSize window_;
    Listener listener_ = nullptr;
    void* listener_context_ = nullptr;
};

constinit Channel channel;

abi::ReplyPayload reply_head(u32 number, abi::ReplyState state) {
    abi::ReplyPayload head{};
    head.number = number;
    head.state = static_cast<u8>(state);
    return head;
}

void log_to_channel(core::LogLevel level, std::string_view line) {
    std::byte payload[300];
    payload[0] = static_cast<std::byte>(level);
    auto size = std::min(line.size(), sizeof payload - 1);
    if (!channel.pay_urgently(size + 1)) return;
    std::memcpy(payload + 1, line.data(), size);
    channel.send_urgently(GuestFrame::log, {payload, size + 1});
}

void panic_to_channel(std::string_view line) {
    if (!line.empty()) return log_to_channel(core::LogLevel::error, line);
    abi::ExitPayload exit{};
    exit.reason = static_cast<u8>(abi::ExitReason::panic);
    channel.send_urgently(GuestFrame::exit, bytes_of(exit));
    channel.drain();
}

}  // namespace

device::Console& start_channel(device::ByteStream& stream, const wire::Manifest& manifest) {
    channel.open(stream, manifest);
    core::set_log_sink(log_to_channel);
    core::set_panic_hook(panic_to_channel);
    auto listener = task::Thread::create("channel", [](void*) { channel.listen(); }, nullptr);
    if (!listener) core::panic("no memory for the channel's thread");
    task::start(std::move(*listener));
    return channel;
}

void set_channel_actions(ChannelActions actions) { channel.actions = actions; }

void send_strace_line(std::string_view line) {
    if (channel.is_open()) (void)channel.send(GuestFrame::strace, std::as_bytes(std::span(line)).first(std::min(line.size(), max_payload)));
    else core::log(core::LogLevel::error, "{}", line);
}

void send_reply(u32 number, abi::ReplyState state, ByteSpan text) {
    std::byte payload[sizeof(abi::ReplyPayload) + max_reply_text];
    static_assert(sizeof payload <= max_payload);
    auto head = reply_head(number, state);
    auto size = std::min(text.size(), max_reply_text);
    std::memcpy(payload, &head, sizeof head);
    if (size) std::memcpy(payload + sizeof head, text.data(), size);
    ByteSpan whole{payload, sizeof head + size};
    if (channel.pay(whole.size())) (void)channel.send(GuestFrame::reply, whole);
}

void refuse_query(u32 number, abi::ReplyState why) {
    auto head = reply_head(number, why);
    if (channel.pay_urgently(sizeof head)) channel.send_urgently(GuestFrame::reply, bytes_of(head));
}

void send_exit(abi::ExitReason reason, u32 status) {
    channel.send_marks();
    abi::ExitPayload exit{};
    exit.reason = static_cast<u8>(reason);
    exit.status = status;
    (void)channel.send(GuestFrame::exit, bytes_of(exit));
    channel.drain();
}

}  // namespace spore::main
