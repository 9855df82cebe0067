// The control channel's guest end (abi/channel.hpp): the program's console, the log, and the exit status, as frames on a byte stream.
#pragma once

#include "kernel/device/byte_stream.hpp"
#include "kernel/main/channel_console.hpp"
#include "wire/manifest.hpp"

namespace spore::main {

/// What the host asks for beyond input: set by those who can do it.
struct ChannelActions {
    void (*signal)(u32 number) = nullptr;
    void (*shutdown)() = nullptr;
    /// Called on the channel's thread, which must not wait: the answer is send_reply()'s, from another one.
    void (*query)(u32 number, std::string_view path) = nullptr;
    /// A frame for a program beside the first, whose payload `receive` gives and must be asked for. Must not wait either.
    void (*nested)(u32 number, abi::HostFrame kind, u32 size, Receive receive) = nullptr;
};

/// Starts the channel over `stream`; from now on log lines and panics travel on it. The returned console is the program's.
device::Console& start_channel(device::ByteStream& stream, const wire::Manifest& manifest);
/// The host's frames are taken from now on; before, those wait in the stream, so that none comes too early. no_memory. Nothing where there is no channel.
Result<void> listen_on_channel(ChannelActions actions);

/// One line of strace for the host; without a channel, for the log.
void send_strace_line(std::string_view line);

/// A piece of a question's answer, no longer than max_reply_text. Waits until the host takes it.
inline constexpr std::size_t max_reply_text = 2048;
void send_reply(u32 number, abi::ReplyState state, ByteSpan text);
/// Says in the channel's own thread that there will be no answer; lost when the host takes nothing.
void refuse_query(u32 number, abi::ReplyState why);

/// A frame of a program beside the first; at most max_nested_payload bytes. Where `wait` is yes, once the host takes it.
inline constexpr std::size_t nested_head_size = 2 * sizeof(abi::FrameHeader) + sizeof(abi::NestedPayload);
inline constexpr std::size_t max_nested_payload = device::ByteStream::atomic_size - nested_head_size;
Result<void> send_nested(u32 number, abi::GuestFrame kind, ByteSpan payload, device::Console::Wait wait);
/// Says in the channel's own thread that it does not start; lost when the host takes nothing.
void refuse_nested(u32 number, abi::StartFailure why);
/// A frame of what was recorded, no longer than max_reply_text. Waits until the host takes it, whatever signals come.
void send_trace_events(ByteSpan events);

/// The last frame. Everything sent before has reached the host when it returns.
void send_exit(abi::ExitReason reason, u32 status);

}  // namespace spore::main
