#include "kernel/main/channel.hpp"

#include <algorithm>
#include <cstring>

#include "arch/cpu.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/log_sink.hpp"
#include "kernel/core/panic.hpp"
#include "kernel/core/panic_hook.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/core/random.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/main/standstill.hpp"
#include "kernel/task/thread.hpp"
#include "kernel/time/timer.hpp"

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

/// What of a nested frame comes before its own payload.
struct NestedHead {
    abi::NestedPayload program;
    abi::FrameHeader frame;
};
struct WholeNestedHead {
    abi::FrameHeader outer;
    NestedHead nested;
};
static_assert(nested_head_size == sizeof(WholeNestedHead));
WholeNestedHead nested_head(u32 number, GuestFrame kind, std::size_t size) {
    WholeNestedHead head{header(GuestFrame::nested, sizeof(NestedHead) + size), {{}, header(kind, size)}};
    head.nested.program.number = number;
    return head;
}

class Channel final : public ChannelConsole {
public:
    constexpr Channel() : ChannelConsole(max_payload) {}

    void open(device::ByteStream& stream, const wire::Manifest& manifest) {
        stream_ = &stream;
        if (auto terminal = manifest.terminal()) set_terminal({terminal->rows, terminal->columns});
        greet();
        tells_marks_ = manifest.timeline();
    }
    /// Without sleeping: in a machine that was restored nothing else runs yet.
    void greet() {
        abi::HelloPayload hello{};
        hello.version = abi::channel_version;
        hello.boot_nanoseconds = arch::monotonic_nanoseconds();
        send_urgently(GuestFrame::hello, bytes_of(hello));
    }

    Result<void> send(GuestFrame kind, ByteSpan payload) override {
        auto h = header(kind, payload.size());
        return stream_->send(bytes_of(h), payload);
    }
    Result<void> send_nested(u32 number, GuestFrame kind, ByteSpan payload) {
        auto head = nested_head(number, kind, payload.size());
        return stream_->send(bytes_of(head), payload);
    }
    void send_nested_urgently(u32 number, GuestFrame kind, ByteSpan payload) {
        auto head = nested_head(number, kind, payload.size());
        stream_->send_urgently(bytes_of(head), payload);
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

    /// The channel's thread: takes frames from the host for ever.
    [[noreturn]] void listen();

    ChannelActions actions;

private:
    void act(HostFrame kind, ByteSpan payload) override;
    void take_nested(u32 size);
    void freeze();
    void thaw(const abi::ThawPayload& thaw);

    static constexpr u32 window_changed_signal = 28;  // SIGWINCH, the same on every Linux machine

    device::ByteStream* stream_ = nullptr;
    bool tells_marks_ = false;

    friend void receive(MutableByteSpan into);
    friend void receive_awake(MutableByteSpan into);
};

constinit Channel channel;

void receive(MutableByteSpan into) {
    while (!into.empty()) {
        auto got = channel.stream_->receive(into);
        if (got) into = into.subspan(*got);
    }
}

void Channel::listen() {
    while (true) {
        abi::FrameHeader h;
        receive({reinterpret_cast<std::byte*>(&h), sizeof h});
        auto kind = static_cast<HostFrame>(h.kind);
        if (kind == HostFrame::nested) {
            take_nested(h.size);
        } else {
            take(kind, h.size, receive);
            if (kind == HostFrame::freeze) freeze();
        }
    }
}

void Channel::take_nested(u32 size) {
    NestedHead head;
    if (size < sizeof head) return skip(size, receive);
    receive({reinterpret_cast<std::byte*>(&head), sizeof head});
    size -= sizeof head;
    if (head.frame.size != size || !actions.nested) return skip(size, receive);
    actions.nested(head.program.number, static_cast<HostFrame>(head.frame.kind), size, receive);
}

/// receive() for who must not let others run.
void receive_awake(MutableByteSpan into);

/// Both directions are between two frames while the machine stands still: whoever has the other end of a copy of it can begin anew.
void Channel::freeze() {
    abi::FrozenPayload answer{};
    auto reply = [&](abi::FreezeState state) {
        answer.state = static_cast<u8>(state);
        stream_->drain();
        send_urgently(GuestFrame::frozen, bytes_of(answer));
        stream_->drain();
    };
    if constexpr (!core::has(core::Part::snapshot)) return reply(abi::FreezeState::tailored);
    auto standstill = Standstill::begin();
    if (!standstill) return reply(abi::FreezeState::no_memory);
    reply(abi::FreezeState::still);
    while (true) {
        abi::FrameHeader head;
        receive_awake({reinterpret_cast<std::byte*>(&head), sizeof head});
        abi::ThawPayload payload;
        if (static_cast<HostFrame>(head.kind) != HostFrame::thaw || head.size != sizeof payload) {
            skip(head.size, receive_awake);
            continue;
        }
        receive_awake({reinterpret_cast<std::byte*>(&payload), sizeof payload});
        return thaw(payload);
    }
}

void Channel::thaw(const abi::ThawPayload& thaw) {
    if (!thaw.restored) return;
    core::add_entropy(std::as_bytes(std::span(thaw.seed)));
    time::change_wall_nanoseconds(static_cast<i64>(u64{thaw.wall_nanoseconds}));
    begin_anew();
    greet();
}

void receive_awake(MutableByteSpan into) {
    while (!into.empty()) {
        while (!channel.stream_->has_input()) arch::relax();
        auto got = channel.stream_->receive(into);
        if (got) into = into.subspan(*got);
    }
}

void Channel::act(HostFrame kind, ByteSpan payload) {
    switch (kind) {
    case HostFrame::signal:
        if (auto* number = view_at<le32>(payload, 0); number && actions.signal) actions.signal(*number);
        return;
    case HostFrame::window_size:
        if (actions.signal) actions.signal(window_changed_signal);
        return;
    case HostFrame::shutdown:
        if (actions.shutdown) actions.shutdown();
        return;
    case HostFrame::query:
        if (auto* number = view_at<le32>(payload, 0); number && actions.query)
            actions.query(*number, {reinterpret_cast<const char*>(payload.data()) + sizeof(le32), payload.size() - sizeof(le32)});
        return;
    default: return;
    }
}

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
    if (!channel.pay_urgently(size + 1, abi::log_overdraft)) return;
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
    return channel;
}

Result<void> listen_on_channel(ChannelActions actions) {
    if (!channel.is_open()) return {};
    channel.actions = actions;
    task::start(TRY(task::Thread::create("channel", [](void*) { channel.listen(); }, nullptr)));
    return {};
}

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
    if (channel.pay_urgently(sizeof head, abi::log_overdraft)) channel.send_urgently(GuestFrame::reply, bytes_of(head));
}

Result<void> send_nested(u32 number, GuestFrame kind, ByteSpan payload, device::Console::Wait wait) {
    auto size = sizeof(NestedHead) + payload.size();
    if (wait == device::Console::Wait::yes) TRY(channel.pay(size));
    else (void)channel.pay_urgently(size, ~u32{0});
    return channel.send_nested(number, kind, payload);
}

void refuse_nested(u32 number, abi::StartFailure why) {
    abi::ExitPayload exit{};
    exit.reason = static_cast<u8>(abi::ExitReason::failed);
    exit.status = static_cast<u32>(why);
    if (channel.pay_urgently(sizeof(NestedHead) + sizeof exit, abi::log_overdraft)) channel.send_nested_urgently(number, GuestFrame::exit, bytes_of(exit));
}

void send_trace_events(ByteSpan events) {
    if (channel.pay(events.size(), sync::Interruptible::no)) (void)channel.send(GuestFrame::trace, events);
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
