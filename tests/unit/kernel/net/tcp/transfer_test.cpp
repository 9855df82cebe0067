// Whole transfers between two connections of the stack, over a wire that loses, doubles, swaps and damages. The peer turns everything round: what goes from
// the stack's first address to a far host comes back from that host to the stack's second one.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "kernel/memory/fault_injection.hpp"
#include "kernel/net/binding.hpp"
#include "kernel/net/ip/arrival.hpp"
#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

class Loop {
public:
    Loop(const Faults& faults, const device::NetFeatures& features, const Options& options) : stack({.features = features}) {
        start();
        EXPECT_TRUE(stack.interface->add_address({.address = second, .prefix_length = 96 + 24}));
        auto binding = Binding::create(Transport::tcp, {second, port, 0}, {});
        EXPECT_TRUE(binding);
        listener = *Listener::create(std::move(*binding), 16, options, nullptr);
        stack.peer.set_faults_from_stack(faults);
        auto other = faults;
        other.seed += 1000;
        stack.peer.set_faults_to_stack(other);
        client = *Connection::connect({}, {stack.far_v4, port, 0}, options, nullptr);
        for (int i = 0; i < 100'000 && !server; ++i) {
            turn();
            if (auto made = listener->accept()) server = *made;
        }
        EXPECT_TRUE(server);
    }
    ~Loop() {
        stack.peer.set_faults_from_stack({});
        stack.peer.set_faults_to_stack({});
        for (auto* one : {&client, &server})
            if (*one) (*one)->close(), *one = nullptr;
        listener->close();
        for (int i = 0; i < 100; ++i) turn();
        stack.advance(600_s);  // in which nothing arrives: eight timeouts of a slow connection
        u32 left = 0;
        for_each([](void* context, const Summary&) { ++*static_cast<u32*>(context); }, &left);
        EXPECT_EQ(left, 0u);
    }
    /// What was sent arrives half a round trip later.
    void turn(Duration half = 1_ms) {
        std::vector<Bytes> frames;
        for (auto& packet : stack.peer.take()) {
            if (!packet.is_ip || packet.ip.protocol != 6) continue;
            auto fields = packet.ip;
            fields.destination = packet.ip.source == second ? stack.own_v4 : second;
            fields.source = stack.far_v4;
            auto segment = packet.payload;
            segment[16] = segment[17] = 0;
            u16 sum = plain_checksum(segment, plain_pseudo_sum(fields.source, fields.destination, 6, segment.size()));
            segment[16] = static_cast<u8>(sum >> 8), segment[17] = static_cast<u8>(sum);
            frames.push_back(stack.peer.frame_of(fields, segment));
        }
        stack.advance(half);
        if (!frames.empty()) stack.peer.send_frames(std::move(frames));
    }
    void transfer(Connection& from, Connection& to, u64 size) {
        u64 sent = 0, got = 0;
        for (int idle = 0; got < size && idle < 200'000;) {
            u64 before = sent + got;
            if (sent < size) {
                StreamSource source(sent);
                sent += from.send(source, std::min<u64>(size - sent, 50'000), SendFlags::none).value_or(0);
            }
            turn();
            StreamSink sink(got, Side::stack);
            got += to.receive(sink, 1 << 20, ReceiveFlags::none).value_or(0);
            ASSERT_TRUE(sink.right) << got;
            idle = sent + got == before ? idle + 1 : 0;
        }
        ASSERT_EQ(got, size);
    }

    Stack stack;
    const IpAddress second = ip("10.0.0.3");
    static constexpr u16 port = 777;
    Shared<Listener> listener;
    Shared<Connection> client, server;
};

void run(const Faults& faults, u64 size, const device::NetFeatures& features = {}, const Options& options = {}) {
    Loop loop(faults, features, options);
    ASSERT_TRUE(loop.server);
    loop.transfer(*loop.client, *loop.server, size);
    loop.transfer(*loop.server, *loop.client, size / 4);
    ASSERT_TRUE(loop.client->shut_writing());
    StreamSink sink(size, Side::stack);
    Result<u64> end = fail(Error::would_block);
    for (int i = 0; i < 100'000 && !end; ++i) {
        loop.turn();
        end = loop.server->receive(sink, 1, ReceiveFlags::none);
    }
    EXPECT_EQ(end, 0u);
}

TEST(TcpTransfer, OverAGoodWire) { run({}, 2'000'000); }
TEST(TcpTransfer, WithOffloads) { run({}, 2'000'000, NetDevice::all_offloads()); }
TEST(TcpTransfer, WithLoss) { run({.loss = 10}, 1'000'000); }
TEST(TcpTransfer, WithMuchLoss) { run({.loss = 80}, 200'000); }
TEST(TcpTransfer, WithReordering) { run({.reorder = 100}, 1'000'000); }
TEST(TcpTransfer, WithDuplicates) { run({.duplicate = 100}, 1'000'000); }
TEST(TcpTransfer, WithDamage) { run({.corrupt = 20}, 500'000); }
TEST(TcpTransfer, WithEverything) { run({.loss = 30, .duplicate = 30, .reorder = 50, .corrupt = 10}, 300'000, NetDevice::all_offloads()); }
TEST(TcpTransfer, WithEverythingByNewReno) {
    Options options;
    options.congestion = CongestionControl::new_reno;
    run({.loss = 20, .duplicate = 20, .reorder = 50, .corrupt = 10, .seed = 5}, 300'000, {}, options);
}

/// Each allocation fails once: whatever is lost for that is sent again.
TEST(TcpTransfer, WithoutMemoryNowAndThen) {
    for (u64 nth = 1; nth < 50; ++nth) {
        Loop loop({}, {}, {});
        ASSERT_TRUE(loop.server);
        memory::fail_allocation(nth);
        loop.transfer(*loop.client, *loop.server, 40'000);
        memory::fail_allocation(0);
        if (testing::Test::HasFailure()) FAIL() << "at allocation " << nth;
    }
}

/// One end's stream to the other: written in pieces, read in pieces, ended.
struct Flow {
    Connection& from;
    Connection& to;
    u64 size;
    u64 sent = 0, got = 0;
    bool shut = false, ended = false;

    void step(std::mt19937_64& random) {
        if (sent < size && random() % 4) {
            StreamSource source(sent);
            auto how = random() % 8 ? SendFlags::none : SendFlags::more;
            sent += from.send(source, std::min<u64>(size - sent, 1 + random() % 20'000), how).value_or(0);
        } else if (sent == size && !shut) {
            shut = from.shut_writing().has_value();
        }
        if (ended || random() % 3 == 0) return;  // a reader that lags closes the window
        StreamSink sink(got, Side::stack);
        auto read = to.receive(sink, 1 + random() % 9'000, ReceiveFlags::none);
        ASSERT_TRUE(sink.right) << got;
        got += read.value_or(0);
        ended = read && *read == 0;
    }
};

/// Options, faults, pieces and delays as the seed has them; both directions at once, each ended when all is written.
void run_seed(u64 seed) {
    std::mt19937_64 random(seed);
    auto one_of = [&](auto... choices) {
        const std::common_type_t<decltype(choices)...> all[] = {choices...};
        return all[random() % sizeof...(choices)];
    };
    Options options;
    options.no_delay = random() % 2, options.cork = random() % 8 == 0;
    options.congestion = one_of(CongestionControl::cubic, CongestionControl::new_reno);
    options.max_segment = static_cast<u16>(one_of(0, 0, 100, 536));
    options.send_buffer = one_of(0u, 0u, 4'000u, 30'000u);
    options.receive_buffer = one_of(0u, 0u, 3'000u, 30'000u);
    auto rate = [&](u32 most) { return random() % 2 ? static_cast<u32>(random() % most) : 0; };
    Faults faults{.loss = rate(60), .duplicate = rate(60), .reorder = rate(150), .corrupt = rate(20), .seed = seed};
    Loop loop(faults, random() % 2 ? NetDevice::all_offloads() : device::NetFeatures{}, options);
    ASSERT_TRUE(loop.server);
    Flow there{*loop.client, *loop.server, random() % 60'000}, back{*loop.server, *loop.client, random() % 60'000};
    for (int turns = 0; !(there.ended && back.ended); ++turns) {
        ASSERT_LT(turns, 100'000) << there.got << " of " << there.size << ", " << back.got << " of " << back.size;
        there.step(random), back.step(random);
        loop.turn(random() % 50 ? 2_ms : 300_ms);  // now and then long enough for a timeout that was for nothing
        if (testing::Test::HasFailure()) return;
    }
    EXPECT_EQ(there.got, there.size);
    EXPECT_EQ(back.got, back.size);
}

/// SPORE_TCP_SEEDS=N runs N of them.
TEST(TcpTransfer, WhateverTheSeed) {
    const char* asked = std::getenv("SPORE_TCP_SEEDS");
    for (u64 seed = 1, last = asked ? std::strtoull(asked, nullptr, 10) : 40; seed <= last; ++seed) {
        run_seed(seed);
        if (HasFailure()) FAIL() << "with seed " << seed;
    }
}

/// Somebody else reads, or looks, while this one's bytes are on their way to the program.
class Interrupted final : public ByteSink {
public:
    Interrupted(Connection& connection, ReceiveFlags flags) : connection_(connection), flags_(flags) {}
    StreamSink bytes{0};
    Result<u64> other = 0;
    Result<void> put(ByteSpan piece) override {
        StreamSink elsewhere(0);
        other = connection_.receive(elsewhere, 100, flags_);
        return bytes.put(piece);
    }

private:
    Connection& connection_;
    ReceiveFlags flags_;
};
struct Told final : EndpointListener {
    u32 times = 0;
    void changed(Ready what) override { times += any(what & Ready::in); }
};

TEST(TcpTransfer, TwoReadersTakeTurns) {
    for (auto flags : {ReceiveFlags::none, ReceiveFlags::peek, ReceiveFlags::urgent}) {
        TcpScript s;
        s.open();
        s.inject(psh().seq(1).ack(1).data(1000));
        s.inject(psh().seq(1001).ack(1).data(1000).urg(flags == ReceiveFlags::urgent ? 1000 : 0));
        Told told;
        s.connection->set_listener(&told);
        Interrupted sink(*s.connection, flags);
        EXPECT_EQ(s.connection->receive(sink, 1200, ReceiveFlags::none), 1200u);
        EXPECT_TRUE(sink.bytes.right);
        EXPECT_EQ(sink.other.error(), Error::would_block);
        EXPECT_EQ(told.times, 1u) << "the other comes again";
        StreamSink rest(1200);
        EXPECT_EQ(s.connection->receive(rest, 799, ReceiveFlags::none), 799u);
        EXPECT_TRUE(rest.right);
        EXPECT_EQ(told.times, 1u);
        s.connection->set_listener(nullptr);
        s.take();
    }
}

}  // namespace
}  // namespace spore::net::tcp
