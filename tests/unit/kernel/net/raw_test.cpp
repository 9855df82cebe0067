// Raw sockets, sockets of ICMP echo, and sockets of whole frames, with a peer on the wire.
#include "kernel/net/raw/raw.hpp"

#include <gtest/gtest.h>

#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/link/socket.hpp"
#include "kernel/net/ping/ping.hpp"
#include "kernel/net/udp/udp.hpp"
#include "tests/fakes/net/stack.hpp"
#include "tests/unit/kernel/net/bytes.hpp"

namespace spore::net {
namespace {

using datagram::Socket, datagram::Target;
using fakes::big;
using fakes::Bytes;
using fakes::operator+;

class RawTest : public testing::TestWithParam<int> {
protected:
    RawTest() {
        ping::start();
        udp::start();
    }
    fakes::Stack stack;
    bool v4() const { return GetParam() == 4; }
    IpAddress own() const { return v4() ? stack.own_v4 : stack.own_v6; }
    IpAddress near() const { return v4() ? stack.peer_v4 : stack.peer_v6; }
    u8 icmp() const { return v4() ? 1 : 58; }
    u8 request() const { return v4() ? 8 : 128; }
    u8 reply() const { return v4() ? 0 : 129; }

    Shared<Socket> raw(u8 protocol) { return *raw::create(v4() ? raw::Version::v4 : raw::Version::v6, protocol, nullptr); }
    Shared<Socket> ping() { return *ping::create(v4() ? ping::Version::v4 : ping::Version::v6, nullptr); }
    Result<u64> send(Socket& socket, const Bytes& bytes) {
        Endpoint to{near(), 0};
        return send_bytes(socket, bytes, {.to = &to});
    }
    void peer_sends(u8 protocol, const Bytes& payload) { stack.peer.send({.source = near(), .destination = own(), .protocol = protocol}, payload); }
    Bytes echo(u8 type, u32 rest, const Bytes& body) const {
        return type == request() ? fakes::icmp_message(own(), near(), type, 0, rest, body) : fakes::icmp_message(near(), own(), type, 0, rest, body);
    }
};
INSTANTIATE_TEST_SUITE_P(Versions, RawTest, testing::Values(4, 6));

TEST_P(RawTest, GetsEveryPacketOfItsProtocolAndPassesItOn) {
    auto socket = raw(icmp());
    auto message = echo(reply(), 7u << 16, fakes::text("to the socket"));
    peer_sends(icmp(), message);
    auto got = received_bytes(*socket);
    if (v4()) {
        ASSERT_EQ(got.size(), 20 + message.size());
        EXPECT_EQ(got[0], 0x45);
        EXPECT_EQ(got[9], 1);
        EXPECT_EQ(Bytes(got.begin() + 20, got.end()), message);
    } else {
        EXPECT_EQ(got, message) << "without the header";
    }
    auto asked = fakes::icmp_message(near(), own(), request(), 0, 1, {});
    peer_sends(icmp(), asked);
    EXPECT_EQ(stack.peer.take_one().payload.at(0), reply()) << "the stack answers all the same";
    socket->close();
    peer_sends(icmp(), asked);
    EXPECT_EQ(stack.peer.take_one().payload.at(0), reply());
}

TEST_P(RawTest, SpeaksAProtocolOfItsOwn) {
    constexpr u8 protocol = 253;
    peer_sends(protocol, fakes::text("nobody is there"));
    EXPECT_EQ(stack.peer.take_one().ip.protocol, icmp()) << "it is unknown here";
    auto socket = raw(protocol);
    EXPECT_TRUE(send(*socket, fakes::text("out")));
    auto sent = stack.peer.take_one();
    EXPECT_EQ(sent.ip.protocol, protocol);
    EXPECT_EQ(sent.ip.source, own());
    EXPECT_EQ(sent.payload, fakes::text("out"));
    peer_sends(protocol, fakes::text("in"));
    auto got = received_bytes(*socket);
    EXPECT_EQ(Bytes(got.end() - 2, got.end()), fakes::text("in"));
    EXPECT_TRUE(stack.peer.take().empty()) << "no error for what somebody took";
}

TEST_P(RawTest, WantsOnlySomeTypes) {
    auto socket = raw(icmp());
    datagram::TypeFilter blocked{};
    blocked[reply() / 32] |= 1u << reply() % 32;
    socket->set_type_filter(blocked);
    peer_sends(icmp(), echo(reply(), 0, {}));
    EXPECT_EQ(socket->receivable(), 0u);
}

TEST_P(RawTest, ChecksumOfIpv6IsTheKernelsToMake) {
    if (v4()) return;
    auto socket = raw(58);
    EXPECT_TRUE(send(*socket, Bytes{128, 0, 0xab, 0xcd, 0, 1, 0, 2}));
    EXPECT_EQ(stack.peer.take_one().payload.at(0), 128) << "take_one() has checked the checksum";
    EXPECT_EQ(send(*socket, Bytes{128, 0, 0}).error(), Error::invalid) << "no room for a checksum";
    while (socket->receivable()) received_bytes(*socket);  // the neighbour's answers
    auto broken = echo(reply(), 0, {});
    broken[7] ^= 1;
    peer_sends(58, broken);
    EXPECT_EQ(socket->receivable(), 0u);
}

TEST_P(RawTest, WritesTheHeaderItself) {
    if (!v4()) return;
    auto socket = raw(255);
    auto header = Bytes{0x45, 0x10, 0, 0, 0, 0, 0, 0, 7, 253, 0, 0} + big(0, 4) + big(near().v4_value(), 4);
    EXPECT_TRUE(send(*socket, header + fakes::text("mine")));
    auto sent = stack.peer.take_one();
    EXPECT_EQ(sent.ip.hop_limit, 7);
    EXPECT_EQ(sent.ip.traffic_class, 0x10);
    EXPECT_EQ(sent.ip.source, own());
    EXPECT_EQ(sent.payload, fakes::text("mine"));
    EXPECT_EQ(send(*socket, Bytes{0x45, 0}).error(), Error::invalid);
    header[0] = 0x4f;
    EXPECT_EQ(send(*socket, header).error(), Error::invalid) << "a header longer than the packet";
    EXPECT_EQ(send(*socket, Bytes(1501, 0x45)).error(), Error::message_too_long);
}

TEST_P(RawTest, PingGetsItsOwnRepliesOnly) {
    auto one = ping(), other = ping();
    EXPECT_TRUE(send(*one, echo(request(), 0xffff'0005, fakes::text("ping"))));
    EXPECT_TRUE(send(*other, echo(request(), 0, {})));
    auto sent = stack.peer.take();
    ASSERT_EQ(sent.size(), 2u);
    auto identifier = static_cast<u16>(fakes::read_big(sent[0].payload, 4, 2));
    EXPECT_EQ(identifier, one->local().port);
    EXPECT_NE(identifier, other->local().port);
    EXPECT_EQ(fakes::read_big(sent[0].payload, 6, 2), 5u) << "the sequence number is the program's";
    auto answer = echo(reply(), u32{identifier} << 16 | 5, fakes::text("ping"));
    peer_sends(icmp(), answer);
    EXPECT_EQ(other->receivable(), 0u);
    EXPECT_EQ(received_bytes(*one), answer);
    EXPECT_EQ(send(*one, echo(reply(), 0, {})).error(), Error::invalid) << "requests only";
    EXPECT_EQ(send(*one, Bytes{request(), 0}).error(), Error::invalid);
}

TEST_P(RawTest, ErrorsWaitInAQueueForWhoAskedForThem) {
    auto socket = ping();
    auto options = socket->options();
    options.receive_errors = true;
    socket->set_options(options);
    EXPECT_TRUE(send(*socket, echo(request(), 9, {})));
    auto sent = stack.peer.take_one();
    peer_sends(icmp(), fakes::icmp_message(near(), own(), v4() ? 11 : 3, 0, 0, sent.packet));
    EXPECT_TRUE(any(socket->ready() & Ready::error));
    Sink sink;
    u64 copied = 0;
    auto error = socket->receive_error(sink, 100, copied);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->error, Error::host_unreachable);
    EXPECT_EQ(error->reporter, near());
    EXPECT_EQ(error->destination, near());
    EXPECT_EQ(error->type, v4() ? 11 : 3);
    EXPECT_EQ(sink.bytes, sent.payload) << "what it is about";
    EXPECT_FALSE(any(socket->ready() & Ready::error));
    EXPECT_EQ(socket->receive_error(sink, 100, copied).error(), Error::would_block);
}

TEST_P(RawTest, WhatPassesCannotBeForgedByALaterOne) {
    auto socket = ping();
    EXPECT_TRUE(send(*socket, echo(request(), 9, {})));
    auto sent = stack.peer.take_one();
    auto other = sent.packet;
    other[other.size() - 4] ^= 1;  // another identifier
    peer_sends(icmp(), fakes::icmp_message(near(), own(), v4() ? 3 : 1, v4() ? 2 : 4, 0, other));
    EXPECT_TRUE(socket->take_error()) << "about nobody's packet";
}

class LinkTest : public testing::Test {
protected:
    LinkTest() { udp::start(); }
    fakes::Stack stack;
    static Bytes received(link::Socket& socket, link::Received* about = nullptr) {
        Sink sink;
        auto got = socket.receive(sink, 65536, link::Socket::Peek::no);
        EXPECT_TRUE(got);
        if (got && about) *about = *got;
        return sink.bytes;
    }
};

TEST_F(LinkTest, SeesBothDirections) {
    auto socket = *link::Socket::create(link::Headers::seen, link::every_protocol, nullptr);
    stack.peer.send({.source = stack.peer_v4, .destination = stack.own_v4, .protocol = 1}, fakes::icmp_message(stack.peer_v4, stack.own_v4, 8, 0, 1, {}));
    link::Received about;
    auto frame = received(*socket, &about);
    EXPECT_EQ(about.from.kind, link::Kind::own);
    EXPECT_EQ(about.from.mac, stack.peer.mac);
    EXPECT_EQ(about.from.protocol, 0x0800);
    EXPECT_EQ(fakes::read_big(frame, 12, 2), 0x0800u);
    bool replied = false;
    while (socket->receivable()) {
        auto next = received(*socket, &about);
        replied |= about.from.kind == link::Kind::outgoing && next.size() > 34 && next[23] == 1 && next[34] == 0;
    }
    EXPECT_TRUE(replied);
}

TEST_F(LinkTest, TakesOneProtocolWithoutHeaders) {
    auto socket = *link::Socket::create(link::Headers::hidden, 0x88b5, nullptr);  // for experiments [IEEE 802 9.2.4]
    stack.peer.send_frame(fakes::ethernet_frame(stack.device.mac(), stack.peer.mac, 0x0800, Bytes(46)));
    EXPECT_EQ(socket->receivable(), 0u);
    stack.peer.send_frame(fakes::ethernet_frame(stack.device.mac(), stack.peer.mac, 0x88b5, Bytes(46, 7)));
    EXPECT_EQ(received(*socket), Bytes(46, 7));
    link::Address to{.interface = stack.interface->index(), .protocol = 0x88b5, .kind = {}, .mac = stack.peer.mac};
    Bytes payload(50, 8);
    Source source(payload);
    EXPECT_TRUE(socket->send(source, payload.size(), &to));
    auto sent = stack.peer.take_one();
    EXPECT_EQ(sent.type, 0x88b5);
    EXPECT_EQ(sent.payload, payload);
    EXPECT_FALSE(socket->bind(9, 0x88b5));
    EXPECT_EQ(socket->send(source, 50, nullptr).error(), Error::no_such_device_address);
}

TEST_F(LinkTest, NobodyWatchesWhenAllAreClosed) {
    auto socket = *link::Socket::create(link::Headers::seen, link::every_protocol, nullptr);
    EXPECT_TRUE(stack.interface->watched());
    EXPECT_TRUE(socket->bind(1, link::every_protocol));
    EXPECT_FALSE(stack.interface->watched()) << "the loopback only";
    socket->close();
    EXPECT_FALSE(interface(1)->watched());
}

TEST_F(LinkTest, KeepsNoMoreThanItsBuffer) {
    auto socket = *link::Socket::create(link::Headers::seen, 0x88b5, nullptr);
    socket->set_receive_buffer(10'000);
    for (int i = 0; i < 100; ++i) stack.peer.send_frame(fakes::ethernet_frame(stack.device.mac(), stack.peer.mac, 0x88b5, Bytes(46)));
    auto counted = socket->take_statistics();
    EXPECT_GT(counted.dropped, 50u);
    EXPECT_EQ(counted.received + counted.dropped, 100u);
    for (u32 i = 0; i < counted.received; ++i) received(*socket);
    EXPECT_EQ(socket->receivable(), 0u);
}

}  // namespace
}  // namespace spore::net
