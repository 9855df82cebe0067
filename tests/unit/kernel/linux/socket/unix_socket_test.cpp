#include "kernel/linux/socket/unix/unix_socket.hpp"

#include <gtest/gtest.h>

#include <string>

#include "kernel/linux/socket/unix/in_flight.hpp"
#include "tests/fakes/cpu.hpp"

namespace spore::linux {
namespace {

constexpr Identity me{1, 0, 0};
constexpr fs::OpenMode nonblocking{.read = true, .write = true, .nonblocking = true};

SocketPair pair_of(u16 type) { return *UnixSocket::create_pair_of(type, nonblocking, me); }

Result<u64> send(Socket& socket, std::string_view text, HeapArray<Shared<fs::File>> files = {}) {
    auto buffer = fs::IoBuffer::kernel(std::as_bytes(std::span(text)));
    SendRequest request{.data = buffer, .ancillary = {.files = std::move(files), .sender = me}};
    return socket.send(request);
}
HeapArray<Shared<fs::File>> one(Shared<fs::File> file) {
    auto files = *HeapArray<Shared<fs::File>>::create(1);
    files[0] = std::move(file);
    return files;
}

struct Received {
    std::string text;
    HeapArray<Shared<fs::File>> files;
    u32 flags = 0;
    u64 result = 0;
};
Result<Received> receive(Socket& socket, std::size_t size = 64, u32 flags = 0) {
    std::string text(size, '\0');
    auto buffer = fs::IoBuffer::kernel(std::as_writable_bytes(std::span(text)));
    ReceiveRequest request{.data = buffer, .flags = flags};
    u64 result = TRY(socket.receive(request));
    text.resize(std::min<u64>(result, size));
    return Received{text, std::move(request.ancillary.files), request.result_flags, result};
}
Error error_of(auto&& result) { return result ? Error::canceled : result.error(); }

TEST(UnixSocket, StreamsJoinWhatWasWritten) {
    auto [a, b] = pair_of(socket_stream);
    EXPECT_EQ(error_of(receive(*b)), Error::would_block);
    EXPECT_EQ(*send(*a, "one"), 3u);
    EXPECT_EQ(*send(*a, "two"), 3u);
    EXPECT_EQ(receive(*b, 4, msg_peek)->text, "onet");
    EXPECT_EQ(receive(*b, 4)->text, "onet");
    EXPECT_EQ(receive(*b)->text, "wo");
}

TEST(UnixSocket, MessagesKeepTheirEnds) {
    auto [a, b] = pair_of(socket_messages);
    ASSERT_TRUE(send(*a, "first"));
    ASSERT_TRUE(send(*a, "second"));
    auto cut = receive(*b, 3);
    EXPECT_EQ(cut->text, "fir");
    EXPECT_TRUE(cut->flags & msg_trunc);
    EXPECT_EQ(receive(*b, 3, msg_trunc)->result, 6u);
    a.reset();
    EXPECT_EQ(receive(*b)->result, 0u);
}

TEST(UnixSocket, AFullStreamTakesAPart) {
    auto [a, b] = pair_of(socket_stream);
    std::string much(1'000'000, 'x');
    u64 sent = *send(*a, much);
    EXPECT_GT(sent, 100'000u);
    EXPECT_LT(sent, much.size());
    EXPECT_EQ(error_of(send(*a, "y")), Error::would_block);
    EXPECT_FALSE(any(a->ready() & fs::Ready::out));
    EXPECT_EQ(receive(*b, sent)->result, sent);
    EXPECT_TRUE(any(a->ready() & fs::Ready::out));
}

TEST(UnixSocket, EndsAreSeenByThePeer) {
    auto [a, b] = pair_of(socket_stream);
    ASSERT_TRUE(send(*a, "last"));
    ASSERT_TRUE(a->shutdown(Shut::writing));
    EXPECT_EQ(error_of(send(*a, "x")), Error::broken_pipe);
    EXPECT_TRUE(any(b->ready() & fs::Ready::read_hang_up));
    EXPECT_FALSE(any(b->ready() & fs::Ready::hang_up));
    EXPECT_EQ(receive(*b)->text, "last");
    EXPECT_EQ(receive(*b)->result, 0u);
    ASSERT_TRUE(send(*b, "back"));
    a.reset();  // without reading it
    EXPECT_TRUE(any(b->ready() & fs::Ready::hang_up));
    EXPECT_EQ(error_of(receive(*b)), Error::connection_reset);
    EXPECT_EQ(receive(*b)->result, 0u);
    EXPECT_EQ(error_of(send(*b, "x")), Error::broken_pipe);
}

TEST(UnixSocket, DatagramsHaveALimitAndAPeer) {
    auto [a, b] = pair_of(socket_datagram);
    int count = 0;
    while (send(*a, "x")) ++count;
    EXPECT_EQ(count, 277);  // of 769 bytes each: between a pair the buffer is the only limit
    EXPECT_EQ(error_of(send(*a, std::string(300'000, 'x'))), Error::message_too_long);
    b.reset();
    EXPECT_EQ(error_of(send(*a, "x")), Error::connection_refused);
    EXPECT_EQ(error_of(send(*a, "x")), Error::not_connected);
}

/// Files count as those of who sends them.
void by_a_thread(void (*body)()) { EXPECT_TRUE(fakes::simulate({}, body)); }

TEST(UnixSocket, FilesArriveWithTheirBytes) {
    by_a_thread([] {
        auto [a, b] = pair_of(socket_stream);
        auto [c, d] = pair_of(socket_stream);
        ASSERT_TRUE(send(*a, "plain"));
        ASSERT_TRUE(send(*a, "with", one(c)));
        ASSERT_TRUE(send(*a, "after"));
        auto* sent = c.get();
        c.reset();
        EXPECT_EQ(receive(*b)->text, "plain");
        auto peeked = receive(*b, 64, msg_peek);
        ASSERT_EQ(peeked->files.size(), 1u);
        peeked->files = {};
        auto got = receive(*b);
        EXPECT_EQ(got->text, "with");
        ASSERT_EQ(got->files.size(), 1u);
        EXPECT_EQ(got->files[0].get(), sent);
        EXPECT_EQ(receive(*b)->text, "after");
        EXPECT_FALSE(any(d->ready() & fs::Ready::hang_up));
        got->files = {};
        EXPECT_TRUE(any(d->ready() & fs::Ready::hang_up));
    });
}

TEST(UnixSocket, UnreadFilesAreClosedWithTheirQueue) {
    by_a_thread([] {
        auto [a, b] = pair_of(socket_stream);
        auto [c, d] = pair_of(socket_stream);
        ASSERT_TRUE(send(*a, "x", one(c)));
        c.reset();
        EXPECT_FALSE(any(d->ready() & fs::Ready::hang_up));
        b.reset();
        EXPECT_TRUE(any(d->ready() & fs::Ready::hang_up));
    });
}

/// What closing a descriptor does.
void close(Shared<Socket>& socket) {
    socket->descriptor_closed();
    socket.reset();
}

TEST(UnixSocket, RingsAreBroken) {
    by_a_thread([] {
        auto [witness, held] = pair_of(socket_stream);
        {
            auto [a, b] = pair_of(socket_stream);
            auto [c, d] = pair_of(socket_stream);
            ASSERT_TRUE(send(*a, "to b", one(d)));  // b's queue holds d
            ASSERT_TRUE(send(*c, "to d", one(b)));  // and d's holds b,
            ASSERT_TRUE(send(*c, "to d", one(held)));  // and the witness's peer
            close(held), close(b), close(d);
            EXPECT_FALSE(any(witness->ready() & fs::Ready::hang_up));
            close(a), close(c);
        }
        break_rings();
        EXPECT_TRUE(any(witness->ready() & fs::Ready::hang_up));
    });
}

TEST(UnixSocket, WhatSomebodyCanReceiveIsNoRing) {
    by_a_thread([] {
        auto [a, b] = pair_of(socket_stream);
        auto [c, d] = pair_of(socket_stream);
        ASSERT_TRUE(send(*c, "inside", one(c)));  // d's queue holds c
        ASSERT_TRUE(send(*a, "outside", one(d)));
        close(c), close(d);
        break_rings();
        auto got = receive(*b);
        ASSERT_EQ(got->files.size(), 1u);
        auto& socket = static_cast<Socket&>(*got->files[0]);
        EXPECT_EQ(receive(socket)->files.size(), 1u);
    });
}

TEST(UnixSocket, LongChainsEndWithoutRecursion) {
    by_a_thread([] {
        Shared<Socket> last;
        for (int i = 0; i < 20000; ++i) {
            auto [a, b] = pair_of(socket_stream);
            if (last) {
                ASSERT_TRUE(send(*a, "x", one(last)));
                last.reset();
            }
            last = b;
        }
        last.reset();
    });
}

TEST(UnixSocket, OptionsAreReadBack) {
    auto [a, b] = pair_of(socket_stream);
    const i32 wanted = 10000;
    ASSERT_TRUE(a->set_option(level_socket, so_send_buffer, bytes_of(wanted)));
    i32 value = 0;
    EXPECT_EQ(*a->get_option(level_socket, so_send_buffer, std::as_writable_bytes(std::span(&value, 1))), sizeof value);
    EXPECT_EQ(value, 20000);
    EXPECT_EQ(error_of(a->get_option(level_socket, 9999, std::as_writable_bytes(std::span(&value, 1)))), Error::no_protocol_option);
    Identity peer;
    ASSERT_TRUE(a->get_option(level_socket, so_peer_credentials, std::as_writable_bytes(std::span(&peer, 1))));
    EXPECT_EQ(peer, me);
}

}  // namespace
}  // namespace spore::linux
