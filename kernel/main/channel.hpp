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
};

/// Starts the channel over `stream`; from now on log lines and panics travel on it. The returned console is the program's.
device::Console& start_channel(device::ByteStream& stream, const wire::Manifest& manifest);
void set_channel_actions(ChannelActions actions);

/// One line of strace for the host; without a channel, for the log.
void send_strace_line(std::string_view line);

/// The last frame. Everything sent before has reached the host when it returns.
void send_exit(abi::ExitReason reason, u32 status);

}  // namespace spore::main
