// A network of machines: who is let in, what goes where, and what its name server says.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "host/lan/addresses.hpp"
#include "host/lan/daemon/switch.hpp"
#include "host/lan/sender.hpp"
#include "tests/unit/host/door.hpp"
#include "wire/net/arp.hpp"
#include "wire/net/checksum.hpp"
#include "wire/net/ethernet.hpp"
#include "wire/net/ipv4.hpp"
#include "wire/net/ipv6.hpp"
#include "wire/net/nd.hpp"
#include "wire/net/udp.hpp"

namespace spore::host::lan {
namespace {

using namespace std::chrono_literals;

std::string text_of_bytes(ByteSpan bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
ByteSpan bytes_of_text(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string frame_of(const MacAddress& to, const MacAddress& from, std::string_view contents, u16 type = 0x88b5) {
    wire::ethernet::Header header{};
    std::copy(to.begin(), to.end(), header.destination);
    std::copy(from.begin(), from.end(), header.source);
    header.type = type;
    return text_of_bytes(std::as_bytes(std::span(&header, 1))).append(contents);
}
std::string on_the_stream(std::string_view frame) {
    be32 size{};
    size = static_cast<u32>(frame.size());
    return text_of_bytes(std::as_bytes(std::span(&size, 1))).append(frame);
}

/// A DNS query for the name, as a whole frame of the member's.
std::string query(unsigned member, std::string_view name, u16 type, u32 server = name_server_v4) {
    std::string message("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
    while (!name.empty()) {
        auto label = name.substr(0, name.find('.'));
        message += static_cast<char>(label.size());
        message += label;
        name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    message += std::string("\0", 1) + std::string{static_cast<char>(type >> 8), static_cast<char>(type)} + std::string("\0\1", 2);
    wire::udp::Header udp{};
    udp.source_port = u16{4000}, udp.destination_port = u16{53}, udp.size = static_cast<u16>(sizeof udp + message.size());
    wire::ipv4::Header ip{};
    ip.version_and_size = 0x45, ip.hop_limit = 64, ip.protocol = wire::udp::protocol, ip.total_size = static_cast<u16>(sizeof ip + sizeof udp + message.size());
    ip.source = member_v4(member), ip.destination = server;
    ip.checksum = wire::checksum_of(std::as_bytes(std::span(&ip, 1)));
    return frame_of({0x52, 0x55, 10, 0, 2, 3}, member_mac(member), text_of_bytes(std::as_bytes(std::span(&ip, 1))) + text_of_bytes(std::as_bytes(std::span(&udp, 1))) + message, 0x0800);
}

TEST(LanGreeting, SaysWhatWasSaid) {
    auto arrival = Arrival::from_line(Arrival{"db", true, {{"127.0.0.1", 8080, 80, false}, {"", 53, 53, true}}}.to_line());
    ASSERT_TRUE(arrival);
    EXPECT_EQ(arrival->name, "db");
    EXPECT_TRUE(arrival->insists);
    EXPECT_EQ(arrival->ports, (std::vector<PortForward>{{"127.0.0.1", 8080, 80, false}, {"", 53, 53, true}}));
    auto welcome = Welcome::from_line(Welcome{17, "db-2"}.to_line());
    ASSERT_TRUE(welcome);
    EXPECT_EQ(welcome->number, 17u);
    EXPECT_EQ(welcome->name, "db-2");
    auto refused = Welcome::from_line(Welcome::refusal("no room"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "no room");
}

TEST(LanGreeting, RefusesWhatNobodySays) {
    for (const char* line : {"", "{}", "[]", "7", R"({"name":"a b","insists":true,"ports":[]})", R"({"name":"a","insists":1,"ports":[]})", R"({"name":"a","insists":true,"ports":["x"]})",
                             R"({"name":"a","insists":true,"ports":[1]})", R"({"name":"a","insists":true})"})
        EXPECT_FALSE(Arrival::from_line(line)) << line;
    for (const char* line : {"", "{}", R"({"number":15,"name":"a"})", R"({"number":251,"name":"a"})", R"({"number":-1,"name":"a"})", R"({"number":16,"name":""})"}) EXPECT_FALSE(Welcome::from_line(line)) << line;
}

TEST(LanNames, AreAnswered) {
    Names names;
    EXPECT_TRUE(names.add("Db", 17));
    EXPECT_FALSE(names.add("dB", 18));
    EXPECT_EQ(names.find("DB"), 17u);
    auto answer = names.answer(bytes_of_text(query(16, "dB", 1)));
    ASSERT_TRUE(answer);
    auto text = text_of_bytes(*answer);
    EXPECT_TRUE(text.starts_with(frame_of(member_mac(16), {0x52, 0x55, 10, 0, 2, 3}, "", 0x0800)));
    auto packet = ByteSpan(*answer).subspan(14);
    auto ip = wire::ipv4::parse(packet, static_cast<u32>(packet.size()));
    ASSERT_TRUE(ip);
    EXPECT_EQ((*ip)->source, name_server_v4);
    EXPECT_EQ((*ip)->destination, member_v4(16));
    wire::InternetSum sum;  // with the pseudo-header [RFC 768]
    sum.add(packet.subspan(12)), sum.add(u16{17}), sum.add(static_cast<u16>(packet.size() - 20));
    EXPECT_TRUE(sum.verifies());
    EXPECT_EQ(text.substr(14 + 20 + 8, 12), std::string("\x12\x34\x85\x80\0\1\0\1\0\0\0\0", 12));
    EXPECT_TRUE(text.ends_with(std::string("\xc0\x0c\0\1\0\1\0\0\0\5\0\4\x0a\0\2\x11", 16)));
    auto reverse = names.answer(bytes_of_text(query(16, "17.2.0.10.in-addr.arpa", 12)));
    ASSERT_TRUE(reverse);
    EXPECT_TRUE(text_of_bytes(*reverse).ends_with(std::string("\0\4\2db\0", 6)));
    // There is such a name, but it has no IPv6 address.
    auto nothing = names.answer(bytes_of_text(query(16, "db", 28)));
    ASSERT_TRUE(nothing);
    EXPECT_EQ(text_of_bytes(*nothing).substr(14 + 20 + 8, 12), std::string("\x12\x34\x85\x80\0\1\0\0\0\0\0\0", 12));
    names.remove(17);
    EXPECT_FALSE(names.answer(bytes_of_text(query(16, "db", 1))));
}

TEST(LanNames, LeaveToOthersWhatIsNotTheirs) {
    Names names;
    names.add("db", 17);
    EXPECT_FALSE(names.answer(bytes_of_text(query(16, "example.org", 1))));
    EXPECT_FALSE(names.answer(bytes_of_text(query(16, "db", 1, gateway_v4))));
    auto whole = query(16, "db", 1);
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(names.answer(bytes_of_text(std::string_view(whole).substr(0, size)))) << size;
    auto answer = whole;
    answer[14 + 20 + 8 + 2] = static_cast<char>(0x81);  // no query
    EXPECT_FALSE(names.answer(bytes_of_text(answer)));
}

TEST(LanFrames, AreTakenApartAndPutTogether) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    FileDescriptor other(ends[1]);
    FrameStream stream{FileDescriptor(ends[0])};
    std::vector<std::string> frames;
    auto take = [&](ByteSpan frame) { frames.push_back(text_of_bytes(frame)); };
    std::string first(60, 'a'), second(1518, 'b'), all = on_the_stream(first) + on_the_stream("short") + on_the_stream(std::string(1519, 'x')) + on_the_stream(second);
    for (char byte : all) {
        ASSERT_EQ(::write(other.number(), &byte, 1), 1);
        ASSERT_TRUE(stream.receive(take));
    }
    EXPECT_EQ(frames, (std::vector<std::string>{first, second}));
    stream.send(bytes_of_text(first)), stream.send(bytes_of_text(second));
    EXPECT_TRUE(stream.waits());
    EXPECT_TRUE(stream.flush());
    EXPECT_FALSE(stream.waits());
    std::string got(4096, '\0');
    got.resize(static_cast<std::size_t>(::read(other.number(), got.data(), got.size())));
    EXPECT_EQ(got, on_the_stream(first) + on_the_stream(second));
    // A length that no frame has.
    ASSERT_EQ(::write(other.number(), "\xff\xff\xff\xff", 4), 4);
    EXPECT_FALSE(stream.receive(take));
}

TEST(LanFrames, ThatNobodyTakesAreDroppedWhole) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    FileDescriptor other(ends[1]);
    FrameStream stream{FileDescriptor(ends[0])}, reader{std::move(other)};
    std::string frame(1500, 'f');
    constexpr std::size_t sent = 1500;
    for (std::size_t i = 0; i < sent; ++i) {
        stream.send(bytes_of_text(frame));
        if (i % 100 == 0) ASSERT_TRUE(stream.flush());
    }
    std::size_t count = 0;
    bool whole = true;
    while (stream.waits()) {
        ASSERT_TRUE(reader.receive([&](ByteSpan one) { whole &= text_of_bytes(one) == frame, ++count; }));
        ASSERT_TRUE(stream.flush());
    }
    EXPECT_TRUE(whole);
    EXPECT_GT(count, 500u);
    EXPECT_LT(count, sent);
}

/// Keeps what it gets.
class FakeGateway final : public Gateway {
public:
    explicit FakeGateway(std::function<void(ByteSpan)> send) : send(std::move(send)) {}
    void take(ByteSpan frame) override { taken.push_back(text_of_bytes(frame)); }
    bool open(const PortForward& port, unsigned member) override {
        errno = EADDRINUSE;
        return port.host_port != 9 && open_ports.emplace(port.host_port, member).second;
    }
    void close(const PortForward& port) override { open_ports.erase(port.host_port); }
    void add_waits(Waits&, u32&) override {}
    void serve(const Waits&) override {}

    std::function<void(ByteSpan)> send;
    std::vector<std::string> taken;
    std::map<u16, unsigned> open_ports;
};

class LanSwitch : public testing::Test {
protected:
    LanSwitch()
        : network_(FileDescriptor(::dup(door_.listener())), [this](std::function<void(ByteSpan)> send) {
              auto made = std::make_unique<FakeGateway>(std::move(send));
              gateway_ = made.get();
              return made;
          }) {}

    void settle() {
        for (int round = 0; round < 4; ++round) network_.serve(0ms);
    }
    /// What is there to read.
    std::string heard_by(const FileDescriptor& wire) {
        settle();
        std::string all(1 << 16, '\0');
        auto size = ::recv(wire.number(), all.data(), all.size(), MSG_DONTWAIT);
        all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return all;
    }
    FileDescriptor come(const Arrival& arrival, std::string& reply) {
        auto wire = door_.knock(arrival.to_line());
        reply = heard_by(wire);
        return wire;
    }
    FileDescriptor come(const std::string& name, unsigned number) {
        std::string reply;
        auto wire = come(Arrival{name, true, {}}, reply);
        auto welcome = Welcome::from_line(reply);
        EXPECT_TRUE(welcome && welcome->number == number && welcome->name == name) << reply;
        return wire;
    }
    void say(const FileDescriptor& wire, const std::string& frame) {
        write_all(wire.number(), bytes_of_text(on_the_stream(frame)));
        settle();
    }

    TestDoor door_;
    FakeGateway* gateway_ = nullptr;
    Switch network_;
};

TEST_F(LanSwitch, CarriesFramesToWhomTheyAreFor) {
    auto a = come("a", 16), b = come("b", 17), c = come("c", 18);
    auto to_b = frame_of(member_mac(17), member_mac(16), "to b");
    say(a, to_b);
    EXPECT_EQ(heard_by(b), on_the_stream(to_b));
    auto to_all = frame_of(wire::ethernet::broadcast, member_mac(17), "to all");
    say(b, to_all);
    EXPECT_EQ(heard_by(a), on_the_stream(to_all));
    EXPECT_EQ(heard_by(c), on_the_stream(to_all));
    EXPECT_EQ(heard_by(b), "");
    auto out = frame_of({0x52, 0x55, 10, 0, 2, 2}, member_mac(18), "out");
    say(c, out);
    EXPECT_EQ(gateway_->taken, (std::vector{to_all, out}));
    auto in = frame_of(member_mac(18), {0x52, 0x55, 10, 0, 2, 2}, "in");
    gateway_->send(bytes_of_text(in));
    EXPECT_EQ(heard_by(c), on_the_stream(in));
    EXPECT_EQ(heard_by(a), "");
}

TEST_F(LanSwitch, LetsNobodySpeakForAnother) {
    auto a = come("a", 16), b = come("b", 17);
    say(a, frame_of(member_mac(17), member_mac(18), "forged"));
    say(a, frame_of(wire::ethernet::broadcast, {0x52, 0x55, 10, 0, 2, 2}, "forged"));
    EXPECT_EQ(heard_by(b), "");
    EXPECT_TRUE(gateway_->taken.empty());
}

/// Frames of member 16's card to all.
std::string said_by_16(u16 type, const std::string& contents) { return frame_of(wire::ethernet::broadcast, member_mac(16), contents, type); }
template <typename T>
std::string text_of_struct(const T& value) { return text_of_bytes(std::as_bytes(std::span(&value, 1))); }

TEST(LanSender, HasItsOwnAddresses) {
    auto says = [](u16 type, const std::string& contents) { return speaks_for_itself(bytes_of_text(said_by_16(type, contents)), 16); };
    auto arp = [](u32 sender, unsigned card = 16) {
        wire::arp::Packet packet{};
        packet.hardware = u16{1}, packet.protocol = wire::ethernet::type_ipv4, packet.hardware_size = 6, packet.protocol_size = 4, packet.operation = u16{2};
        std::ranges::copy(member_mac(card), packet.sender_mac);
        packet.sender = sender;
        return text_of_struct(packet);
    };
    EXPECT_TRUE(says(0x0806, arp(member_v4(16))));
    EXPECT_TRUE(says(0x0806, arp(0)));
    EXPECT_FALSE(says(0x0806, arp(member_v4(17))));
    EXPECT_FALSE(says(0x0806, arp(gateway_v4)));
    EXPECT_FALSE(says(0x0806, arp(member_v4(16), 17)));
    EXPECT_FALSE(says(0x0806, "short"));
    auto v4 = [](u32 source) {
        wire::ipv4::Header header{};
        header.source = source;
        return text_of_struct(header);
    };
    EXPECT_TRUE(says(0x0800, v4(member_v4(16))));
    EXPECT_TRUE(says(0x0800, v4(0)));
    EXPECT_FALSE(says(0x0800, v4(member_v4(17))));
    EXPECT_FALSE(says(0x0800, ""));
    EXPECT_TRUE(says(0x88b5, "whatever"));
    EXPECT_FALSE(says(0x8100, std::string("\0\1\x08\0", 4) + v4(member_v4(17))));
    EXPECT_FALSE(says(0x88a8, "xxxx"));
    EXPECT_FALSE(speaks_for_itself(bytes_of_text(said_by_16(0x88b5, "x")), 17));
}

TEST(LanSender, IsNoRouterAndNobodysNeighbourButItself) {
    auto says = [](const std::array<u8, 16>& source, const std::string& rest, u8 next) {
        wire::ipv6::Header header{};
        header.version_class_flow = u32{6} << 28, header.next = next, header.payload_size = static_cast<u16>(rest.size());
        std::ranges::copy(source, header.source);
        return speaks_for_itself(bytes_of_text(said_by_16(0x86dd, text_of_struct(header) + rest)), 16);
    };
    constexpr u8 icmp = 58, tcp = 6;
    EXPECT_TRUE(says(member_v6(16), "x", tcp));
    EXPECT_TRUE(says(member_link_local(16), "x", tcp));
    EXPECT_TRUE(says({}, "x", tcp));
    EXPECT_FALSE(says(member_v6(17), "x", tcp));
    EXPECT_FALSE(says(member_link_local(17), "x", tcp));
    auto neighbour = [](u8 type, const std::array<u8, 16>& target) {
        wire::nd::Neighbour message{};
        message.type = type;
        std::ranges::copy(target, message.target);
        return text_of_struct(message);
    };
    EXPECT_TRUE(says(member_v6(16), neighbour(136, member_v6(16)), icmp));
    EXPECT_TRUE(says(member_v6(16), neighbour(136, member_link_local(16)), icmp));
    EXPECT_FALSE(says(member_v6(16), neighbour(136, member_v6(17)), icmp));
    EXPECT_TRUE(says(member_v6(16), neighbour(135, member_v6(17)), icmp));
    EXPECT_FALSE(says(member_link_local(16), neighbour(134, {}), icmp));
    EXPECT_FALSE(says(member_link_local(16), neighbour(137, {}), icmp));
    EXPECT_TRUE(says(member_v6(16), std::string("\x80\0", 2), icmp));
    // Behind options it is the same message.
    EXPECT_FALSE(says(member_v6(16), std::string("\x3a\0\1\4\0\0\0\0", 8) + neighbour(134, {}), 60));
    EXPECT_TRUE(says(member_v6(16), std::string("\x3a\0\1\4\0\0\0\0", 8) + neighbour(136, member_v6(16)), 60));
}

TEST_F(LanSwitch, KnowsItsMembersByName) {
    auto a = come("a", 16), b = come("b", 17);
    say(a, query(16, "b", 1));
    EXPECT_TRUE(heard_by(a).ends_with(std::string("\x0a\0\2\x11", 4)));
    EXPECT_TRUE(gateway_->taken.empty());
    say(a, query(16, "elsewhere", 1));
    EXPECT_EQ(gateway_->taken.size(), 1u);
    std::string reply;
    auto refused = come(Arrival{"B", true, {}}, reply);
    EXPECT_NE(reply.find("choose another --hostname"), std::string::npos);
    auto third = come(Arrival{"b", false, {}}, reply);
    auto welcome = Welcome::from_line(reply);
    ASSERT_TRUE(welcome);
    EXPECT_EQ(welcome->name, "b-2");
    EXPECT_EQ(welcome->number, 18u);
}

TEST_F(LanSwitch, GivesBackWhatAMemberHad) {
    std::string reply;
    auto a = come(Arrival{"a", true, {{"", 8080, 80, false}, {"", 8081, 81, false}}}, reply);
    EXPECT_EQ(gateway_->open_ports, (std::map<u16, unsigned>{{8080, 16}, {8081, 16}}));
    auto b = come(Arrival{"b", true, {{"", 8082, 80, false}, {"", 9, 80, false}}}, reply);
    EXPECT_NE(reply.find("-p 9:80: Address already in use"), std::string::npos) << reply;
    EXPECT_EQ(gateway_->open_ports.size(), 2u);
    EXPECT_EQ(network_.members(), 1u);
    a.close();
    settle();
    EXPECT_EQ(network_.members(), 0u);
    EXPECT_TRUE(gateway_->open_ports.empty());
    auto again = come("a", 16);
}

TEST_F(LanSwitch, EndsWithItsMembers) {
    auto ended = std::chrono::steady_clock::now();
    network_.run(20ms);
    EXPECT_LT(std::chrono::steady_clock::now() - ended, 10s);
}

TEST_F(LanSwitch, SendsAwayWhoDoesNotGreet) {
    auto nonsense = door_.knock("GET / HTTP/1.0\n"), endless = door_.knock(std::string(100'000, 'x')), silent = door_.knock();
    settle();
    for (int round = 0; round < 40; ++round) network_.serve(0ms);
    EXPECT_EQ(network_.members(), 0u);
    char byte;
    EXPECT_NE(heard_by(nonsense).find("refused"), std::string::npos);
    EXPECT_LE(::recv(endless.number(), &byte, 1, MSG_DONTWAIT), 0);
    EXPECT_NE(errno, EAGAIN);
    auto a = come("a", 16);
}

TEST_F(LanSwitch, IsNotHeldUpByWhoDoesNotListen) {
    auto a = come("a", 16), b = come("b", 17), c = come("c", 18);
    auto frame = frame_of(wire::ethernet::broadcast, member_mac(16), std::string(1400, 'x'));
    std::size_t heard = 0;
    for (int i = 0; i < 1200; ++i) {
        say(a, frame);
        heard += heard_by(c).size();
    }
    EXPECT_EQ(heard, 1200 * (frame.size() + 4));
    EXPECT_EQ(network_.members(), 3u);
}

}  // namespace
}  // namespace spore::host::lan
