// The DHCPv6 client over the whole stack, with a server that is the test.
#include "kernel/net/dhcp6/dhcp6.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/start.hpp"
#include "tests/fakes/net/stack.hpp"

namespace spore::net {
namespace {

using fakes::big;
using fakes::Bytes;
using fakes::ip;
using fakes::operator+;

class Dhcp6Test : public testing::Test {
protected:
    Dhcp6Test() {
        udp::start();
        dhcp6::start();
    }
    struct Question {
        u8 type = 0;
        Bytes transaction, options;
        std::optional<Bytes> option(u16 code) const {
            for (std::size_t at = 0; at + 4 <= options.size(); at += 4 + fakes::read_big(options, at + 2, 2))
                if (fakes::read_big(options, at, 2) == code) return Bytes(options.begin() + static_cast<long>(at + 4), options.begin() + static_cast<long>(at + 4 + fakes::read_big(options, at + 2, 2)));
            return std::nullopt;
        }
    };
    /// What the client has asked since it was looked at last.
    std::vector<Question> asked() {
        std::vector<Question> all;
        for (auto& sent : stack.peer.take()) {
            if (sent.ip.protocol != 17 || fakes::read_big(sent.payload, 2, 2) != 547) continue;
            EXPECT_EQ(sent.ip.destination, ip("ff02::1:2"));
            EXPECT_TRUE(sent.ip.source.is_link_local());
            auto& p = sent.payload;
            all.push_back({p.at(8), Bytes(p.begin() + 9, p.begin() + 12), Bytes(p.begin() + 12, p.end())});
        }
        return all;
    }
    Question ask_one() {
        auto all = asked();
        EXPECT_EQ(all.size(), 1u);
        return all.empty() ? Question{} : all.front();
    }
    static Bytes option(u16 code, const Bytes& value) { return big(code, 2) + big(value.size(), 2) + value; }
    static Bytes bytes_of_address(const std::string& text) {
        auto all = ip(text).bytes();
        return Bytes(all.begin(), all.end());
    }
    static Bytes association(const std::string& address, u32 preferred, u32 valid, u32 renew = 0, u32 rebind = 0) {
        return option(3, big(2, 4) + big(renew, 4) + big(rebind, 4) + option(5, bytes_of_address(address) + big(preferred, 4) + big(valid, 4)));
    }
    void answer(const Question& question, u8 type, const Bytes& options) {
        auto message = Bytes{type} + question.transaction + option(1, *question.option(1)) + option(2, fakes::text("server")) + options;
        auto from = ip("fe80::99"), to = ip("fe80::1");
        stack.peer.send({.source = from, .destination = to, .protocol = 17}, fakes::udp_datagram(from, 547, to, 546, message));
    }
    std::optional<InterfaceAddress> find(const char* address) const {
        InterfaceAddress list[Interface::max_addresses];
        auto count = stack.interface->addresses(list);
        auto* at = std::find_if(list, list + count, [&](auto& one) { return one.address == ip(address); });
        return at == list + count ? std::nullopt : std::optional(*at);
    }
    /// From the first question to an address in use.
    void get_address() {
        dhcp6::advertised(*stack.interface, true, false);
        stack.advance(Duration::ms(10));
        answer(ask_one(), 2, association("2001:db8::5", 100, 200));
        stack.advance(Duration::ms(10));
        answer(ask_one(), 7, association("2001:db8::5", 100, 200) + option(23, bytes_of_address("2001:db8::53")));
        stack.advance(Duration::seconds(2));
    }
    fakes::Stack stack;
};

TEST_F(Dhcp6Test, GetsAnAddressWhereRoutersSaySo) {
    stack.advance(Duration::seconds(5));
    EXPECT_TRUE(asked().empty()) << "nobody spoke of a server";
    dhcp6::advertised(*stack.interface, true, true);
    stack.advance(Duration::ms(10));
    auto first = ask_one();
    EXPECT_EQ(first.type, 1);
    EXPECT_EQ(first.option(1)->size(), 10u);
    EXPECT_EQ(first.option(3), big(2, 4) + big(0, 8));
    answer(first, 2, association("2001:db8::5", 100, 200));
    stack.advance(Duration::ms(10));
    auto second = ask_one();
    EXPECT_EQ(second.type, 3);
    EXPECT_NE(second.transaction, first.transaction);
    EXPECT_EQ(second.option(2), fakes::text("server"));
    answer(first, 7, association("2001:db8::6", 100, 200));  // to another question
    EXPECT_FALSE(find("2001:db8::6"));
    answer(second, 7, association("2001:db8::5", 100, 200) + option(23, bytes_of_address("2001:db8::53")) + option(24, Bytes{3, 'l', 'a', 'n', 0}));
    ASSERT_TRUE(find("2001:db8::5"));
    EXPECT_TRUE(find("2001:db8::5")->tentative);
    stack.advance(Duration::seconds(2));
    EXPECT_FALSE(find("2001:db8::5")->tentative);
    auto told = resolver();
    ASSERT_EQ(told.count, 1u);
    EXPECT_EQ(told.servers[0], ip("2001:db8::53"));
    EXPECT_STREQ(told.search, "lan");
}

TEST_F(Dhcp6Test, AsksAgainMoreAndMoreSlowly) {
    dhcp6::advertised(*stack.interface, true, false);
    stack.advance(Duration::seconds(70));
    auto all = asked();
    EXPECT_GE(all.size(), 5u);
    EXPECT_LE(all.size(), 8u);
}

TEST_F(Dhcp6Test, RenewsThenAsksAnybodyThenBeginsAnew) {
    get_address();
    stack.advance(Duration::seconds(50));
    auto renewal = asked();
    ASSERT_FALSE(renewal.empty());
    EXPECT_EQ(renewal[0].type, 5);
    EXPECT_EQ(renewal[0].option(2), fakes::text("server"));
    answer(renewal.back(), 7, association("2001:db8::5", 100, 200));
    stack.advance(Duration::seconds(45));
    EXPECT_TRUE(asked().empty()) << "renewed";
    stack.advance(Duration::seconds(40));
    auto anybody = asked();
    ASSERT_FALSE(anybody.empty());
    EXPECT_EQ(anybody.back().type, 6);
    EXPECT_FALSE(anybody.back().option(2));
    EXPECT_TRUE(find("2001:db8::5"));
    stack.advance(Duration::seconds(130));
    EXPECT_FALSE(find("2001:db8::5")) << "its time is over";
    EXPECT_EQ(asked().back().type, 1);
    EXPECT_EQ(resolver().count, 0u);
}

TEST_F(Dhcp6Test, KeepsNothingBeyondAShortTime) {
    dhcp6::advertised(*stack.interface, true, false);
    stack.advance(Duration::ms(10));
    answer(ask_one(), 2, association("2001:db8::5", 4, 6));
    stack.advance(Duration::ms(10));
    answer(ask_one(), 7, association("2001:db8::5", 4, 6));
    stack.advance(Duration::ms(1900));
    EXPECT_TRUE(asked().empty());
    stack.advance(Duration::ms(200));
    auto renewal = ask_one();
    EXPECT_EQ(renewal.type, 5);
    answer(renewal, 7, association("2001:db8::5", 4, 6));
    stack.advance(Duration::seconds(5));
    EXPECT_TRUE(find("2001:db8::5"));
    EXPECT_EQ(asked().back().type, 6);
    stack.advance(Duration::seconds(2));
    EXPECT_FALSE(find("2001:db8::5"));
}

/// However short the times are that a server gives, a second lies between the questions.
TEST_F(Dhcp6Test, AsksNotMoreOftenThanEachSecond) {
    dhcp6::advertised(*stack.interface, true, false);
    u32 questions = 0;
    for (u32 ms = 0; ms < 10'000; ms += 10) {
        stack.advance(Duration::ms(10));
        for (auto& question : asked()) {
            ++questions;
            answer(question, question.type == 1 ? 2 : 7, association("2001:db8::5", 1, 1));
        }
    }
    EXPECT_GE(questions, 5u);
    EXPECT_LE(questions, 25u);
}

/// [RFC 8415 18.2.10.1]
TEST_F(Dhcp6Test, KeepsItsAddressWhenAReplySaysNothingOfIt) {
    get_address();
    stack.advance(Duration::seconds(50));
    auto renewal = asked().back();
    answer(renewal, 7, {});
    answer(renewal, 7, option(13, big(1, 2)));                          // an unspecified failure
    answer(renewal, 7, association("2001:db8::5", 100, 200, 90, 80));   // renewed after it is rebound
    answer(renewal, 7, association("2001:db8::5", 300, 200));           // preferred longer than valid
    answer(renewal, 7, association("fe80::5", 100, 200));
    EXPECT_TRUE(find("2001:db8::5"));
    stack.advance(Duration::seconds(12));
    EXPECT_EQ(ask_one().type, 5) << "asked again";
    answer(renewal, 7, option(13, big(4, 2)));                          // not on this link
    EXPECT_FALSE(find("2001:db8::5"));
}

TEST_F(Dhcp6Test, AsksAServerThatForgotItForTheSameAddress) {
    get_address();
    stack.advance(Duration::seconds(50));
    answer(asked().back(), 7, option(3, big(2, 4) + big(0, 8) + option(13, big(3, 2))));  // no binding
    stack.advance(Duration::ms(10));
    auto request = ask_one();
    EXPECT_EQ(request.type, 3);
    EXPECT_EQ(request.option(2), fakes::text("server"));
    auto association_of = request.option(3).value_or(Bytes(32));
    EXPECT_EQ(Bytes(association_of.begin() + 16, association_of.begin() + 32), bytes_of_address("2001:db8::5"));
    EXPECT_TRUE(find("2001:db8::5")) << "meanwhile in use";
    answer(request, 7, association("2001:db8::5", 100, 200));
    stack.advance(Duration::seconds(45));
    EXPECT_TRUE(asked().empty());
    EXPECT_TRUE(find("2001:db8::5"));
}

TEST_F(Dhcp6Test, TakesTheAddressThatReplacesItsOwn) {
    get_address();
    stack.advance(Duration::seconds(50));
    auto gone = option(5, bytes_of_address("2001:db8::5") + big(0, 8)), fresh = option(5, bytes_of_address("2001:db8::6") + big(100, 4) + big(200, 4));
    answer(asked().back(), 7, option(3, big(2, 4) + big(0, 8) + gone + fresh));
    EXPECT_FALSE(find("2001:db8::5"));
    EXPECT_TRUE(find("2001:db8::6"));
}

TEST_F(Dhcp6Test, RefusesAnAddressThatAnotherHostHas) {
    stack.peer.addresses.push_back(ip("2001:db8::5"));
    get_address();
    EXPECT_FALSE(find("2001:db8::5"));
    auto all = asked();
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all[0].type, 9);
    EXPECT_TRUE(all[0].option(3));
}

TEST_F(Dhcp6Test, AsksForNamesOnlyWhereAddressesAreFormed) {
    dhcp6::advertised(*stack.interface, false, true);
    stack.advance(Duration::ms(10));
    auto question = ask_one();
    EXPECT_EQ(question.type, 11);
    EXPECT_FALSE(question.option(3));
    answer(question, 7, option(23, bytes_of_address("2001:db8::53")) + option(32, big(1000, 4)));
    EXPECT_EQ(resolver().count, 1u);
    stack.advance(Duration::seconds(900));
    EXPECT_TRUE(asked().empty());
    stack.advance(Duration::seconds(200));
    EXPECT_FALSE(asked().empty());
}

TEST_F(Dhcp6Test, BelievesNothingThatMakesNoSense) {
    dhcp6::advertised(*stack.interface, true, false);
    stack.advance(Duration::ms(10));
    auto question = ask_one();
    answer(question, 2, {});
    answer(question, 2, association("ff02::5", 100, 200));
    answer(question, 2, association("fe80::5", 100, 200));
    answer(question, 2, association("2001:db8::5", 300, 200));          // preferred longer than valid
    answer(question, 2, association("2001:db8::5", 100, 200, 90, 80));  // renewed after it is rebound
    answer(question, 2, option(13, big(2, 2)) + association("2001:db8::5", 100, 200));  // no addresses, it says
    answer(question, 2, big(3, 2) + big(100, 2));
    auto other = question;
    other.options[4 + 9] ^= 1;  // another client's
    answer(other, 2, association("2001:db8::5", 100, 200));
    EXPECT_TRUE(asked().empty());
}

}  // namespace
}  // namespace spore::net
