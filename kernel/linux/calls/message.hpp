// Messages of sendmsg and recvmsg, copied from the program's memory once: who waits before they go does not look there again.
#pragma once

#include "kernel/linux/calls/transfer.hpp"
#include "kernel/linux/socket/address.hpp"
#include "kernel/linux/uapi/socket.hpp"

namespace spore::linux::calls {

class Message {
public:
    static Result<Message> to_send(const MessageHeader& header);
    static Result<Message> to_receive(const MessageHeader& header);
    /// `data` is buffer(), or what is left of it.
    Result<u64> send(Task& task, Socket& socket, u32 flags, fs::IoBuffer data);
    /// Into `into`, buffer() or another. What came with the bytes is then in header().
    Result<u64> receive(Task& task, Socket& socket, u32 flags, fs::IoBuffer into) { return receive(task, socket, flags, into, header_); }
    /// The same with another header.
    static Result<u64> receive(Task& task, Socket& socket, u32 flags, fs::IoBuffer into, MessageHeader& header);
    fs::IoBuffer buffer() { return pieces_.buffer(); }
    const MessageHeader& header() const { return header_; }

private:
    MessageHeader header_{};
    Pieces pieces_;
    SocketAddress to_;
    HeapArray<std::byte> control_;
};

}  // namespace spore::linux::calls
