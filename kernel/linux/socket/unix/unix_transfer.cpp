// Sending and receiving through Unix sockets.
#include "kernel/linux/socket/unix/in_flight.hpp"
#include "kernel/linux/socket/unix/unix_socket.hpp"

namespace spore::linux {

namespace {

/// A stream is cut into pieces of at most so much: what one allocation is asked for.
constexpr u64 largest_piece = 32_KiB;

}  // namespace

/// One message of `size` bytes of the request's data into a queue that has room for it, with all that goes beside it. `writer`: the own queue's number.
Result<void> UnixSocket::deliver(SendRequest& request, UnixQueue& out, u64 size, u64 writer, Instant deadline, Shared<UnixName> from) {
    auto message = TRY(make_owned<UnixMessage>());
    if (size) message->bytes = TRY(HeapArray<std::byte>::create(size));
    TRY(request.data.take(message->bytes.span()));
    // The sender does not learn of it when the receiver's filter does not want the message [linux: unix_dgram_sendmsg].
    if (type() != socket_stream && !TRY(out.passes_filter(*message))) return {};
    TRY(out.wait_for_room(options().send_buffer, writer, deadline));
    message->from = std::move(from);
    message->writer = writer;
    if (request.ancillary.sender.pid == 0 && (is_on(so_pass_credentials) || out.wants_sender)) request.ancillary.sender = current_sender();
    message->ancillary = std::move(request.ancillary);
    request.ancillary = {.files = {}, .sender = message->ancillary.sender};
    if (message->ancillary.files.size()) {
        TRY(note_in_flight(*message));
        break_rings();
    }
    TRY(out.put(*message));
    (void)message.release();
    return {};
}

Result<u64> UnixSocket::send(SendRequest& request) {
    if (request.flags & msg_oob) return fail(Error::not_supported);
    if (type() == socket_datagram) return send_message(request);
    auto now = state();
    if (type() == socket_stream && request.to) return fail(now.connected ? Error::already_connected : Error::not_supported);
    if (!now.connected) return fail(Error::not_connected);
    if (type() == socket_messages) {
        if (now.in->take_reset()) return fail(Error::connection_reset);
        return send_message(request);
    }
    if (now.shut_writing) return fail(Error::broken_pipe);
    return send_stream(request, *now.out);
}

Result<u64> UnixSocket::send_stream(SendRequest& request, UnixQueue& out) {
    auto deadline = send_deadline(request.flags);
    u64 done = 0;
    auto answer = [&](Error error) -> Result<u64> {
        if (done) return done;
        return fail(error == Error::shut_down || error == Error::connection_refused ? Error::broken_pipe : error);
    };
    while (request.data.remaining()) {
        auto room = out.wait_for_room(options().send_buffer, 0, deadline);
        if (!room) return answer(room.error());
        u64 size = std::min({request.data.remaining(), largest_piece, *room});
        auto delivered = deliver(request, out, size, 0, deadline, nullptr);
        if (!delivered) return answer(delivered.error());
        done += size;
    }
    return done;
}

Result<u64> UnixSocket::send_message(SendRequest& request) {
    if (is_on(so_pass_credentials)) {
        Guard guard(changing_);
        TRY(name_if_senders_matter());
    }
    auto now = state();
    Shared<UnixQueue> out = now.out;
    if (request.to && type() == socket_datagram) {
        out = TRY(find_unix_name(*request.to, type()))->offer().datagrams;
        if (!out) return fail(Error::connection_refused);
    }
    if (!out) return fail(Error::not_connected);
    if (now.shut_writing) return fail(Error::broken_pipe);
    // Who has chosen a peer hears from nobody else.
    if (!is_stream())
        if (u64 partner = out->partner.load(std::memory_order_relaxed); partner && partner != now.in->number()) return fail(Error::not_permitted);
    u64 size = request.data.remaining();
    constexpr u32 overhead = 32;
    if (size > options().send_buffer - overhead) return fail(Error::message_too_long);
    auto delivered = deliver(request, *out, size, now.in->number(), send_deadline(request.flags), now.name);
    if (delivered) return size;
    if (delivered.error() == Error::shut_down) return fail(Error::broken_pipe);
    if (delivered.error() != Error::connection_refused) return fail(delivered.error());
    if (is_stream()) return fail(Error::broken_pipe);
    // Told once: from here on it is connected to nobody.
    Guard guard(changing_);
    if (state().out == out) TRY(connect_datagram(nullptr, nullptr));
    return fail(Error::connection_refused);
}

/// Files and identity that came with a message go to the receiver; with `peek` they also stay.
Result<void> UnixSocket::give_ancillary(ReceiveRequest& request, UnixMessage& message, bool peek) {
    if (is_on(so_pass_credentials)) {
        request.has_sender = true;
        request.ancillary.sender = message.ancillary.sender;
        constexpr u32 overflow = 65534;  // who is not known
        if (request.ancillary.sender.pid == 0) request.ancillary.sender = {0, overflow, overflow};
    }
    request.ancillary.files = peek ? TRY(copy_files(message)) : take_files(message);
    return {};
}

Result<u64> UnixSocket::receive(ReceiveRequest& request) {
    if (request.flags & msg_oob) return fail(Error::not_supported);
    auto now = state();
    if (is_stream() && !now.connected) return fail(type() == socket_stream ? Error::invalid : Error::not_connected);
    return type() == socket_stream ? receive_stream(request, *now.in) : receive_message(request, *now.in);
}

Result<u64> UnixSocket::receive_stream(ReceiveRequest& request, UnixQueue& in) {
    auto deadline = receive_deadline(request.flags);
    bool peek = request.flags & msg_peek;
    bool same_sender = is_on(so_pass_credentials);
    u64 done = 0;
    if (request.data.remaining() == 0) return 0;
    while (true) {
        u64 passed = 0;  // messages that a peek does not look at
        {
            Guard guard(in.reading);
            Identity sender;
            auto* message = in.first();
            u64 skip = peek_offset(peek).value_or(0);
            for (; message && skip >= message->remaining(); ++passed) skip -= message->remaining(), message = in.next(*message);
            while (message && request.data.remaining()) {
                // What came with files begins a new answer, and so does another sender's when the receiver wants to know them.
                if (done && (message->ancillary.files.size() || (same_sender && message->ancillary.sender != sender))) return done;
                sender = message->ancillary.sender;
                u64 part = std::min(message->remaining() - skip, request.data.remaining());
                if (auto put = request.data.put(ByteSpan(message->bytes.span()).subspan(message->offset + skip, part)); !put)
                    return done ? Result<u64>(done) : fail(put.error());
                bool with_files = message->ancillary.files.size();
                if (done == 0) TRY(give_ancillary(request, *message, peek));
                done += part;
                move_peek_offset(peek, part);
                skip = 0;
                if (peek) {
                    message = in.next(*message);
                } else if (part == message->remaining()) {
                    in.remove(*message).reset();
                    message = in.first();
                } else {
                    in.take(*message, part);
                }
                if (with_files) return done;
            }
        }
        if (request.data.remaining() == 0 || (done && (peek || !(request.flags & msg_waitall)))) return done;
        auto state = in.state();
        if (state.messages <= passed && (state.writer_closed || state.reader_closed)) {
            if (done) return done;
            if (in.take_reset()) return fail(Error::connection_reset);
            return 0;
        }
        auto waited = in.wait_for_data(deadline, passed);
        if (!waited) return done ? Result<u64>(done) : fail(waited.error());
    }
}

Result<u64> UnixSocket::receive_message(ReceiveRequest& request, UnixQueue& in) {
    auto deadline = receive_deadline(request.flags);
    bool peek = request.flags & msg_peek;
    while (true) {
        if (is_stream() && in.take_reset()) return fail(Error::connection_reset);  // before what is there
        u64 passed = 0;  // messages that a peek does not look at
        {
            Guard guard(in.reading);
            auto* message = in.first();
            auto offset = peek_offset(peek);
            u64 skip = offset.value_or(0);
            // One without bytes is looked at once [linux] __skb_try_recv_from_queue.
            for (; offset && message && skip >= message->remaining() && (skip || message->peeked); ++passed) skip -= message->remaining(), message = in.next(*message);
            if (message) {
                if (peek && message->remaining() == 0) message->peeked = true;
                u64 size = message->remaining() - skip;
                u64 part = std::min(size, request.data.remaining());
                TRY(request.data.put(ByteSpan(message->bytes.span()).subspan(skip, part)));
                move_peek_offset(peek, peek ? part : size);
                TRY(give_ancillary(request, *message, peek));
                if (message->from) request.from = message->from->address();
                if (part < size) request.result_flags |= msg_trunc;
                if (!peek) in.remove(*message).reset();
                return request.flags & msg_trunc ? size : part;
            }
        }
        auto state = in.state();
        if (state.messages <= passed && (state.reader_closed || (is_stream() && state.writer_closed))) {
            // Datagrams have no end that could be told of at once.
            if (!is_stream() && deadline == Instant{}) return fail(Error::would_block);
            return 0;
        }
        TRY(in.wait_for_data(deadline, passed));
    }
}

}  // namespace spore::linux
