// UDP sockets over the real IP layer, with a peer on the wire.
#include "kernel/net/udp/udp.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "kernel/net/binding.hpp"
#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/ip/path.hpp"
#include "tests/fakes/net/stack.hpp"
#include "tests/unit/kernel/net/bytes.hpp"

namespace spore::net {
namespace {

using fakes::Bytes;
using fakes::operator+;
using fakes::Stack;

struct Listening final : EndpointListener {
    u32 told = 0;
    void changed(Ready what) override { told |= static_cast<u32>(what); }
};

class UdpTest : public testing::TestWithParam<int> {
protected:
    UdpTest() { udp::start(); }
    Stack stack;
    Listening listening;
    bool v4() const { return GetParam() == 4; }
    IpAddress own() const { return v4() ? stack.own_v4 : stack.own_v6; }
    IpAddress near() const { return v4() ? stack.peer_v4 : stack.peer_v6; }
    IpAddress any_address() const { return v4() ? IpAddress::any_v4() : IpAddress(); }

    Shared<udp::Socket> bound(u16 port, const BindOptions& options = {}, std::optional<IpAddress> address = {}) {
        auto socket = udp::create(&listening);
        EXPECT_TRUE(socket);
        auto binding = Binding::create(Transport::udp, {address.value_or(any_address()), port, 0}, options);
        EXPECT_TRUE(binding);
        EXPECT_TRUE((*socket)->bind(std::move(*binding)));
        return *socket;
    }
    void peer_sends(u16 from_port, u16 to_port, const Bytes& payload) {
        stack.peer.send({.source = near(), .destination = own(), .protocol = 17}, fakes::udp_datagram(near(), from_port, own(), to_port, payload));
    }
    static Result<u64> send(udp::Socket& socket, const Bytes& bytes, const udp::Target& target = {}) { return send_bytes(socket, bytes, target); }
    static Bytes receive(udp::Socket& socket) { return received_bytes(socket); }
};
INSTANTIATE_TEST_SUITE_P(Versions, UdpTest, testing::Values(4, 6));

TEST_P(UdpTest, CanSendBeforeItIsBound) {
    auto socket = udp::create(&listening);
    ASSERT_TRUE(socket);
    EXPECT_EQ((*socket)->ready(), Ready::out);
    (*socket)->close();
}

TEST_P(UdpTest, SendsAndReceives) {
    auto socket = bound(5000);
    Endpoint to{near(), 53, 0};
    for (u32 size : {0u, 5u, 112u, 113u, 1400u}) {
        auto bytes = fakes::pattern_bytes(size);
        ASSERT_EQ(send(*socket, bytes, {.to = &to}), size);
        auto sent = stack.peer.take_one();
        EXPECT_EQ(sent.payload, fakes::udp_datagram(own(), 5000, near(), 53, bytes)) << size;
    }
    peer_sends(53, 5000, fakes::text("answer"));
    EXPECT_TRUE(any(socket->ready() & Ready::in));
    EXPECT_TRUE(listening.told & static_cast<u32>(Ready::in));
    EXPECT_EQ(socket->receivable(), 6u);
    Sink sink;
    auto got = socket->receive(sink, 3, udp::Socket::Peek::yes);
    ASSERT_TRUE(got);
    EXPECT_EQ(sink.bytes, fakes::text("ans"));
    EXPECT_EQ(got->size, 6u);
    EXPECT_EQ(got->from, (Endpoint{near(), 53, 0}));
    EXPECT_EQ(got->to, own());
    EXPECT_EQ(receive(*socket), fakes::text("answer"));
    EXPECT_FALSE(any(socket->ready() & Ready::in));
    EXPECT_EQ(socket->receive(sink, 3, udp::Socket::Peek::no).error(), Error::would_block);
}

TEST_P(UdpTest, CutsLargeDatagramsIntoFragmentsAndJoinsThem) {
    auto socket = bound(5000);
    auto bytes = fakes::pattern_bytes(20'000);
    Endpoint self{own(), 5000, 0}, to{near(), 53, 0};
    ASSERT_TRUE(send(*socket, fakes::text("found"), {.to = &to}));  // few packets wait for a neighbour that is not known yet
    stack.peer.take_one();
    ASSERT_TRUE(send(*socket, bytes, {.to = &to}));
    EXPECT_GE(stack.peer.take().size(), 13u);
    ASSERT_TRUE(send(*socket, bytes, {.to = &self}));
    stack.peer.run();
    EXPECT_EQ(receive(*socket), bytes);
    EXPECT_EQ(send(*socket, fakes::pattern_bytes(65'530), {.to = &to}).error(), Error::message_too_long);
}

TEST_P(UdpTest, HeedsWhatIsKnownOfAPathAsTheProgramChooses) {
    using enum datagram::Discovery;
    auto socket = bound(5000);
    auto far = v4() ? stack.far_v4 : stack.far_v6;
    Endpoint to{far, 53, 0};
    ASSERT_TRUE(send(*socket, fakes::text("found"), {.to = &to}));
    stack.peer.take_one();
    accept_path_mtu({.kind = PathError::Kind::too_big, .type = 0, .code = 0, .mtu = 1280, .reporter = near(), .source = own(), .destination = far, .protocol = 17, .quoted = {}});
    struct Outcome {
        std::size_t packets;  ///< 0: an error
        bool whole = false;   ///< IPv4's routers may not cut it
    };
    struct {
        datagram::Discovery discovery;
        Outcome longer_than_path, longer_than_link;
    } cases[] = {{dont, {2}, {2}}, {want, {2}, {2}}, {must, {0}, {0}}, {probe, {1, true}, {0}}, {interface, {1}, {0}}, {omit, {1}, {2}}};
    for (auto& one : cases) {
        auto options = socket->options();
        (v4() ? options.discovery_v4 : options.discovery_v6) = one.discovery;
        socket->set_options(options);
        for (auto& [size, expected] : {std::pair{1300u, one.longer_than_path}, std::pair{1600u, one.longer_than_link}}) {
            auto sent = send(*socket, fakes::pattern_bytes(size), {.to = &to});
            auto packets = stack.peer.take();
            EXPECT_EQ(packets.size(), expected.packets) << int(one.discovery) << ", " << size;
            if (!expected.packets) EXPECT_EQ(sent.error(), Error::message_too_long) << int(one.discovery);
            if (v4() && packets.size() == 1) EXPECT_EQ(packets[0].ip.dont_fragment, expected.whole) << int(one.discovery);
        }
    }
}

/// One packet that stands for three datagrams, of which the filter wants four bytes of the second.
TEST_P(UdpTest, AFilterSeesEachDatagram) {
    namespace bpf = wire::bpf;
    const bpf::Instruction program[] = {{bpf::ld | bpf::abs | bpf::b, 0, 0, bpf::network_begin + (v4() ? 28u : 48u)},
                                        {bpf::jmp | bpf::jeq | bpf::k, 0, 3, 'b'},
                                        {bpf::ld | bpf::abs | bpf::h, 0, 0, 4},  // the size that the header tells
                                        {bpf::jmp | bpf::jeq | bpf::k, 0, 1, 1008},
                                        {bpf::ret | bpf::k, 0, 0, 12},
                                        {bpf::ret | bpf::k, 0, 0, 0}};
    auto* bytes = reinterpret_cast<const u8*>(program);
    Bytes text(bytes, bytes + sizeof program);
    Source source(text);
    auto socket = bound(5000);
    auto options = socket->options();
    options.segment_size = 1000;
    options.filter = *Filter::create(source, std::size(program));
    socket->set_options(options);
    Endpoint self{own(), 5000, 0};
    ASSERT_TRUE(send(*socket, Bytes(1000, 'a') + Bytes(1000, 'b') + Bytes(1000, 'c'), {.to = &self}));
    stack.advance(Duration::ms(1));
    EXPECT_EQ(receive(*socket), fakes::text("bbbb"));
    EXPECT_FALSE(any(socket->ready() & Ready::in));
    udp::for_each([](void*, const datagram::Summary& one) { EXPECT_EQ(one.drops, 2u); }, nullptr);
    socket->close();
}

TEST_P(UdpTest, TellsWhatItLost) {
    auto socket = bound(5000);
    auto options = socket->options();
    options.receive_buffer = 1;
    options.tell_drops = true;
    socket->set_options(options);
    Sink sink;
    for (u32 i = 0; i < 4; ++i) peer_sends(53, 5000, fakes::text("x"));
    EXPECT_EQ(socket->receive(sink, 9, udp::Socket::Peek::no)->drops, 0u) << "none yet when it came";
    peer_sends(53, 5000, fakes::text("y"));
    EXPECT_EQ(socket->receive(sink, 9, udp::Socket::Peek::no)->drops, 3u);
}

TEST_P(UdpTest, ConnectedTakesThePeerOnly) {
    auto socket = bound(5000);
    ASSERT_TRUE(socket->connect({near(), 53, 0}));
    EXPECT_EQ(socket->local().address, own());
    EXPECT_EQ(*socket->remote(), (Endpoint{near(), 53, 0}));
    peer_sends(54, 5000, fakes::text("stranger"));
    EXPECT_FALSE(any(socket->ready() & Ready::in));
    peer_sends(53, 5000, fakes::text("peer"));
    EXPECT_EQ(receive(*socket), fakes::text("peer"));
    socket->disconnect();
    EXPECT_EQ(socket->remote().error(), Error::not_connected);
    EXPECT_EQ(send(*socket, fakes::text("x")).error(), Error::destination_required);
}

TEST_P(UdpTest, HearsThatNobodyListens) {
    auto socket = bound(5000);
    Endpoint to{own(), 9, 0};
    ASSERT_TRUE(socket->connect(to));
    ASSERT_TRUE(send(*socket, fakes::text("x")));
    stack.peer.run();
    EXPECT_TRUE(any(socket->ready() & Ready::error));
    EXPECT_EQ(socket->take_error().error(), Error::connection_refused);
    EXPECT_TRUE(socket->take_error());
    EXPECT_FALSE(any(socket->ready() & (Ready::error | Ready::in)));
}

TEST_P(UdpTest, PrefersTheMoreSpecificSocket) {
    auto wide = bound(5000, {.reuse_address = true});
    auto narrow = bound(5000, {.reuse_address = true}, own());
    auto connected = bound(5000, {.reuse_address = true}, own());
    ASSERT_TRUE(connected->connect({near(), 77, 0}));
    peer_sends(77, 5000, fakes::text("c"));
    peer_sends(78, 5000, fakes::text("n"));
    EXPECT_EQ(receive(*connected), fakes::text("c"));
    EXPECT_EQ(receive(*narrow), fakes::text("n"));
    EXPECT_FALSE(any(wide->ready() & Ready::in));
}

TEST_P(UdpTest, SpreadsFlowsOverSocketsThatShareThePort) {
    std::vector<Shared<udp::Socket>> sockets;
    for (int i = 0; i < 4; ++i) sockets.push_back(bound(5000, {.reuse_port = true}));
    for (u16 port = 1000; port < 1100; ++port) peer_sends(port, 5000, fakes::text("x"));
    for (auto& socket : sockets) {
        int count = 0;
        while (any(socket->ready() & Ready::in)) receive(*socket), ++count;
        EXPECT_GT(count, 5);
    }
}

TEST_P(UdpTest, LimitsWhatWaits) {
    auto socket = bound(5000);
    auto options = socket->options();
    options.receive_buffer = 4096;
    socket->set_options(options);
    auto before = stack.drops(Drop::socket_full);
    for (int i = 0; i < 100; ++i) peer_sends(53, 5000, fakes::text("x"));
    int count = 0;
    while (any(socket->ready() & Ready::in)) receive(*socket), ++count;
    EXPECT_GT(count, 2);
    EXPECT_LT(count, 10);
    EXPECT_EQ(stack.drops(Drop::socket_full) - before, static_cast<u64>(100 - count));
}

TEST_P(UdpTest, DropsWhatIsDamaged) {
    auto socket = bound(5000);
    auto good = fakes::udp_datagram(near(), 53, own(), 5000, fakes::text("payload"));
    auto damaged = good;
    damaged.back() ^= 1;
    auto short_size = good;
    short_size[4] = 0, short_size[5] = 7;
    auto long_size = good;
    long_size[5] = 200;
    for (auto& bytes : {damaged, short_size, long_size, Bytes(good.begin(), good.begin() + 7)})
        stack.peer.send({.source = near(), .destination = own(), .protocol = 17}, bytes);
    EXPECT_FALSE(any(socket->ready() & Ready::in));
    EXPECT_EQ(stack.drops(Drop::checksum), 1u);
    EXPECT_EQ(stack.drops(Drop::malformed), 3u);
}

TEST_P(UdpTest, ReadsNothingAfterShutdown) {
    auto socket = bound(5000);
    socket->shut_reading();
    Sink sink;
    auto got = socket->receive(sink, 10, udp::Socket::Peek::no);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->size, 0u);
    socket->shut_writing();
    Endpoint to{near(), 53, 0};
    EXPECT_EQ(send(*socket, fakes::text("x"), {.to = &to}).error(), Error::broken_pipe);
    EXPECT_TRUE(any(socket->ready() & Ready::hang_up));
}

/// One that stands for several is read piece by piece, and leaves nothing behind of what was counted for it.
TEST_P(UdpTest, ForgetsWhatWasReadByPieces) {
    auto socket = bound(5000);
    Endpoint self{own(), 5000, 0};
    auto options = socket->options();
    options.segment_size = 1000;
    socket->set_options(options);
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(send(*socket, fakes::pattern_bytes(30'000), {.to = &self}), 30'000u);
        stack.advance(Duration::ms(1));
        for (int piece = 0; piece < 30; ++piece) ASSERT_EQ(receive(*socket).size(), 1000u);
    }
    udp::for_each([](void*, const datagram::Summary& one) { EXPECT_EQ(one.receive_queue, 0u); }, nullptr);
    socket->close();
}

TEST_P(UdpTest, OptionsChooseTheWayAnew) {
    if (!v4()) return;
    auto socket = bound(5000);
    Endpoint everybody{IpAddress::v4(0xffff'ffff), 9, 0};
    auto set = [&](bool broadcast) {
        auto options = socket->options();
        options.broadcast = broadcast;
        socket->set_options(options);
    };
    set(true);
    EXPECT_TRUE(send(*socket, fakes::text("all"), {.to = &everybody}));
    set(false);
    EXPECT_FALSE(send(*socket, fakes::text("all"), {.to = &everybody}));
    socket->close();
}

TEST(Binding, KeepsPortsApart) {
    Stack stack;
    auto make = [](const IpAddress& address, u16 port, const BindOptions& options = {}) {
        return Binding::create(Transport::udp, {address, port, 0}, options);
    };
    auto first = make(IpAddress::any_v4(), 700);
    ASSERT_TRUE(first);
    EXPECT_EQ(make(IpAddress::any_v4(), 700).error(), Error::address_in_use);
    EXPECT_EQ(make(stack.own_v4, 700).error(), Error::address_in_use);
    EXPECT_EQ(make(IpAddress(), 700).error(), Error::address_in_use) << ":: takes IPv4 too";
    EXPECT_TRUE(make(IpAddress(), 700, {.only_v6 = true}));
    EXPECT_TRUE(Binding::create(Transport::tcp, {IpAddress::any_v4(), 700, 0}, {})) << "TCP's ports are others";
    EXPECT_EQ(make(IpAddress::v4(0x08080808), 701).error(), Error::address_not_available);
    EXPECT_TRUE(make(IpAddress::v4(0x08080808), 701, {.free_bind = true}));
    first->reset();
    EXPECT_TRUE(make(stack.own_v4, 700));
    auto chosen = make(IpAddress::any_v4(), 0);
    ASSERT_TRUE(chosen);
    EXPECT_GE((*chosen)->local().port, first_chosen_port);
    EXPECT_LE((*chosen)->local().port, last_chosen_port);
}

TEST(Binding, ListensOnce) {
    Stack stack;
    auto make = [](const BindOptions& options) { return Binding::create(Transport::tcp, {IpAddress::any_v4(), 80, 0}, options); };
    auto first = make({.reuse_address = true}), second = make({.reuse_address = true});
    ASSERT_TRUE(first && second);
    EXPECT_TRUE((*first)->listen());
    EXPECT_EQ((*second)->listen().error(), Error::address_in_use);
    EXPECT_EQ(make({.reuse_address = true}).error(), Error::address_in_use) << "somebody listens";
    first->reset();
    EXPECT_TRUE((*second)->listen());
}

}  // namespace
}  // namespace spore::net
