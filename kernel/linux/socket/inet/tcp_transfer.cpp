// Sending and receiving through TCP sockets.
#include "arch/user_memory.hpp"
#include "kernel/linux/process/task.hpp"
#include "kernel/linux/socket/inet/extended_error.hpp"
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
    if (request.flags & msg_zerocopy && request.data.remaining() && is_on(so_zerocopy)) return send_lent(request.data, request.flags);
    return send_bytes(request.data, request.flags);
}

/// MSG_ZEROCOPY: the program's pages go as they are, until the peer has them. Somebody on this machine would get to see what the program does
/// with them next, so for him they are copied.
Result<u64> TcpSocket::send_lent(fs::IoBuffer& from, u32 flags) {
    auto current = connection();
    if (!current) return fail(Error::broken_pipe);
    auto number = current->begin_hand_over();
    if (!number) return fail(number.error() == Error::no_memory ? Error::no_buffers : number.error());
    bool copying = current->stays_here() || flags & msg_oob;
    auto sent = copying ? send_bytes(from, flags) : send_program_pages(from, flags);
    current->end_hand_over(*number, sent.value_or(0), copying ? tcp::Connection::Pages::copied : tcp::Connection::Pages::lent);
    return sent;
}

Result<u64> TcpSocket::send_program_pages(fs::IoBuffer& from, u32 flags) {
    auto how = flags & msg_more ? tcp::SendFlags::more : tcp::SendFlags::none;
    auto& memory = current_task().memory();
    return send_all(from.remaining(), flags, [&](tcp::Connection& current, u64) -> Result<u64> {
        constexpr u32 most = 16;
        device::Slice slices[most];
        u32 count = 0;
        for (fs::IoBuffer ahead = from; ahead.remaining() && count < most;) {
            auto [base, size] = ahead.front();
            u32 within = static_cast<u32>(base % page_size);
            u32 part = static_cast<u32>(std::min<u64>(size, page_size - within));
            auto page = memory.hold_page({base});
            if (!page && count == 0) return fail(page.error());
            if (!page) break;
            slices[count++] = {.frame = std::move(*page), .offset = within, .size = part};
            ahead.skip(part);
        }
        u64 sent = TRY(current.send_slices({slices, count}, how));
        from.skip(sent);
        return sent;
    });
}

Result<u64> TcpSocket::receive_finished_sends(ReceiveRequest& request) {
    auto current = connection();
    auto finished = current ? current->take_finished_sends() : std::nullopt;
    if (!finished) return fail(Error::would_block);
    TRY(put_extended_error(request, family(), {.number = 0, .origin = origin_zerocopy, .type = 0, .code = finished->copied ? zerocopy_copied : u8{0}, .padding = 0,
                                               .info = finished->first, .data = finished->last}));
    return 0;
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

Result<u64> TcpSocket::receive(ReceiveRequest& request) {
    if (request.flags & msg_errqueue) return receive_finished_sends(request);
    u64 received = TRY(receive_bytes(request.data, request.flags));
    if (request.control && tells_queued_.load(std::memory_order_relaxed)) {
        // The end of the stream counts as one: there is something to read still [linux: tcp_inq_hint].
        auto current = connection();
        u64 left = current ? current->receivable() + any(current->ready() & net::Ready::read_hang_up) : 0;
        TRY(request.control->put(level_tcp, tcp_inq, bytes_of(static_cast<i32>(left)), request.result_flags));
    }
    return received;
}

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
