// Sending and receiving through TCP sockets.
#include "arch/user_memory.hpp"
#include "kernel/linux/socket/inet/tcp_socket.hpp"
#include "kernel/linux/uapi/inet.hpp"

namespace spore::linux {

namespace tcp = net::tcp;
using fs::Ready;

/// Sends `size` bytes by parts: all of them, unless the socket is nonblocking or something ends it. What was sent before an error counts.
template <typename Send>
Result<u64> TcpSocket::send_all(u64 size, u32 flags, Send&& part) {
    auto current = connection();
    // Linux says EPIPE where there never was a connection, too [linux: sk_stream_wait_connect].
    if (!current) return fail(Error::broken_pipe);
    u64 done = 0;
    auto deadline = send_deadline(flags);
    do {
        auto sent = wait_for(Ready::out, deadline, [&]() -> Result<u64> {
            auto result = part(*current, done);
            if (!result && result.error() == Error::in_progress) return fail(Error::would_block);
            return result;
        });
        if (!sent) {
            if (done) return done;
            return fail(sent.error() == Error::not_connected ? Error::broken_pipe : sent.error());
        }
        done += *sent;
    } while (done < size);
    return done;
}

Result<u64> TcpSocket::send_bytes(fs::IoBuffer& from, u32 flags) {
    u64 size = from.remaining();
    if (size == 0) return 0;
    BufferSource source(from);
    auto how = tcp::SendFlags::none;
    if (flags & msg_more) how = how | tcp::SendFlags::more;
    if (flags & msg_oob) how = how | tcp::SendFlags::urgent;
    return send_all(size, flags, [&](tcp::Connection& current, u64) { return current.send(source, from.remaining(), how); });
}

Result<u64> TcpSocket::send(SendRequest& request) {
    // An address is ignored once there is a connection [tcp(7)]; data with the first segment is not sent (MSG_FASTOPEN).
    if (request.flags & msg_fastopen) return fail(Error::not_supported);
    return send_bytes(request.data, request.flags);
}

Result<u64> TcpSocket::send_pages(std::span<const memory::FrameRef> pages, u32 offset, u64 size, u32 flags) {
    constexpr u32 most = 16;
    device::Slice slices[most];
    auto how = flags & msg_more ? tcp::SendFlags::more : tcp::SendFlags::none;
    return send_all(size, flags, [&](tcp::Connection& current, u64 done) -> Result<u64> {
        u32 count = 0;
        u64 covered = done;
        while (covered < size && count < most) {
            u64 at = offset + covered;
            u32 within = static_cast<u32>(at % page_size);
            u32 part = static_cast<u32>(std::min<u64>(size - covered, page_size - within));
            slices[count++] = {.frame = pages[at / page_size], .offset = within, .size = part};
            covered += part;
        }
        return current.send_slices({slices, count}, how);
    });
}

Result<u64> TcpSocket::receive_bytes(fs::IoBuffer& into, u32 flags) {
    auto current = connection();
    if (!current) return fail(Error::not_connected);
    if (flags & msg_errqueue) return fail(Error::would_block);
    auto how = tcp::ReceiveFlags::none;
    if (flags & msg_peek) how = how | tcp::ReceiveFlags::peek;
    if (flags & msg_trunc) how = how | tcp::ReceiveFlags::discard;
    BufferSink sink(into);
    if (flags & msg_oob) return current->receive(sink, into.remaining(), how | tcp::ReceiveFlags::urgent);
    u64 size = into.remaining();
    if (size == 0) return 0;
    auto deadline = receive_deadline(flags);
    u64 least = flags & msg_waitall ? size : std::min<u64>(size, deadline == Instant{} ? 1 : static_cast<u64>(options().receive_low));
    u64 done = 0;
    do {
        auto got = wait_for(Ready::in, deadline, [&]() -> Result<u64> {
            // What is only looked at must be there all at once.
            if ((flags & msg_peek) && least > 1 && current->receivable() < least && !any(current->ready() & (net::Ready::read_hang_up | net::Ready::hang_up)))
                return fail(Error::would_block);
            auto result = current->receive(sink, size - done, how);
            if (!result && result.error() == Error::in_progress) return fail(Error::would_block);
            return result;
        });
        if (!got) return done ? Result<u64>(done) : got;
        if (*got == 0) break;
        done += *got;
    } while (done < least && !(flags & msg_peek));
    return done;
}

Result<u64> TcpSocket::receive(ReceiveRequest& request) { return receive_bytes(request.data, request.flags); }

Result<u64> TcpSocket::ioctl(u32 request, u64 argument) {
    enum Request : u32 { bytes_to_read = 0x541b, bytes_to_write = 0x5411, bytes_not_sent = 0x894b, at_mark = 0x8905 };  // SIOCINQ, SIOCOUTQ, …
    auto tell = [&](u64 number) -> Result<u64> {
        i32 told = static_cast<i32>(number);
        TRY(arch::copy_to_program(VirtAddr{argument}, &told, sizeof told));
        return 0;
    };
    auto current = connection();
    switch (request) {
    case bytes_to_read:
    case bytes_to_write:
    case bytes_not_sent:
        if (listener()) return fail(Error::invalid);
        if (!current) return tell(0);
        return tell(request == bytes_to_read ? current->receivable() : request == bytes_to_write ? current->unacknowledged() : current->not_sent());
    case at_mark: return tell(current && current->at_urgent_mark());
    default: return InetSocket::ioctl(request, argument);
    }
}

}  // namespace spore::linux
