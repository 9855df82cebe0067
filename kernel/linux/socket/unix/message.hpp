// What lies in a Unix socket's queue: bytes, and the files and identity that came with them.
#pragma once

#include "kernel/linux/socket/socket.hpp"

namespace spore::linux {

class UnixName;
struct FilesSender;

struct UnixMessage {
    UnixMessage() = default;
    UnixMessage(const UnixMessage&) = delete;
    ~UnixMessage();

    u64 remaining() const { return bytes.size() - offset; }

    HeapArray<std::byte> bytes;
    u64 offset = 0;           ///< what a stream's reader has taken
    Ancillary ancillary;
    FilesSender* files_counted = nullptr;  ///< by whom its files are in flight; null: they are not
    u64 writer = 0;           ///< of datagrams and packets: the number of the sender's own queue
    bool peeked = false;      ///< of one without bytes: that was peeked at
    Shared<UnixName> from;
    ListLink<UnixMessage> link;
};
using UnixMessages = List<UnixMessage, &UnixMessage::link>;

}  // namespace spore::linux
