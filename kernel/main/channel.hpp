// The control channel's guest end (abi/channel.hpp): the program's console, the log, and the exit status, as frames on a byte stream.
#pragma once

#include "abi/channel.hpp"
#include "kernel/device/byte_stream.hpp"
#include "kernel/device/console.hpp"
#include "wire/manifest.hpp"

namespace spore::main {

/// What the host asks for beyond input: set by those who can do it.
struct ChannelActions {
    void (*signal)(u32 number) = nullptr;
    void (*shutdown)() = nullptr;
    /// Called on the channel's thread, which must not wait: the answer is send_reply()'s, from another one.
    void (*query)(u32 number, std::string_view path) = nullptr;
};

/// Starts the channel over `stream`; from now on log lines and panics travel on it. The returned console is the program's.
device::Console& start_channel(device::ByteStream& stream, const wire::Manifest& manifest);
void set_channel_actions(ChannelActions actions);

/// One line of strace for the host; without a channel, for the log.
void send_strace_line(std::string_view line);

/// A piece of a question's answer, no longer than max_reply_text. Waits until the host takes it.
inline constexpr std::size_t max_reply_text = 2048;
void send_reply(u32 number, abi::ReplyState state, ByteSpan text);
/// Says in the channel's own thread that there will be no answer; lost when the host takes nothing.
void refuse_query(u32 number, abi::ReplyState why);

/// The last frame. Everything sent before has reached the host when it returns.
void send_exit(abi::ExitReason reason, u32 status);

}  // namespace spore::main
