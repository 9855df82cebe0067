// Replies of a server of shared folders on a stream: cut anywhere, in any order, and by a server that breaks the rules.
#include "kernel/arch/linuxu/devices/replies.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "kernel/memory/frame.hpp"

namespace spore::arch {
namespace {

using wire::ninep::Header;

std::string message(u32 size, u16 tag, char fill, u32 said) {
    Header header{};
    header.size = said;
    header.type = 1;
    header.tag = tag;
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + std::string(size - sizeof header, fill);
}
std::string message(u32 size, u16 tag, char fill) { return message(size, tag, fill, size); }

class RepliesTest : public testing::Test {
protected:
    /// An exchange whose reply has room in pieces of these sizes.
    struct Waiting {
        Waiting(u16 tag, std::initializer_list<u32> sizes) {
            auto at = frame.address();
            for (u32 size : sizes) {
                pieces.push_back({at, size});
                at = at + size;
            }
            exchange.tag = tag;
            exchange.room = pieces;
        }
        std::string text() const { return std::string(reinterpret_cast<const char*>(frame.bytes()), exchange.size); }
        memory::FrameRef frame = memory::FrameRef::adopt(*memory::allocate_zeroed_frames());
        std::vector<device::TransferPiece> pieces;
        Replies::Exchange exchange{};
    };

    /// What of `bytes` is read, `step` at most at once, until something is answered or breaks.
    Result<Replies::Exchange*> feed(std::string& bytes, std::size_t step) {
        while (!bytes.empty()) {
            iovec parts[Replies::max_parts];
            u32 count = replies.parts(parts), done = 0;
            for (u32 i = 0; i < count && done < step; ++i) {
                auto part = std::min({parts[i].iov_len, step - done, bytes.size() - done});
                std::memcpy(parts[i].iov_base, bytes.data() + done, part);
                done += static_cast<u32>(part);
            }
            bytes.erase(0, done);
            auto answered = TRY(replies.take(done));
            if (answered) return answered;
        }
        return nullptr;
    }
    Result<Replies::Exchange*> feed(std::string bytes) { return feed(bytes, ~std::size_t{0} >> 1); }

    Replies replies;
};

TEST_F(RepliesTest, GoToWhoWaitsForThem) {
    for (std::size_t step : {1, 2, 3, 6, 7, 8, 100, 5000}) {
        Waiting first(1, {3000}), second(2, {5, 1, 4, 600}), third(3, {11, 2000});
        for (auto* waiting : {&first, &second, &third}) replies.expect(waiting->exchange);
        auto replies_sent = std::array{message(300, 2, 'b'), message(2011, 3, 'c'), message(7, 1, 'a')};
        auto stream = replies_sent[0] + replies_sent[1] + replies_sent[2];
        for (auto* waiting : {&second, &third, &first}) {
            EXPECT_TRUE(replies.expects_any());
            EXPECT_EQ(feed(stream, step), &waiting->exchange) << step;
            EXPECT_EQ(waiting->exchange.state, Replies::State::answered);
        }
        EXPECT_TRUE(stream.empty());
        EXPECT_EQ(second.text(), replies_sent[0]);
        EXPECT_EQ(third.text(), replies_sent[1]);
        EXPECT_EQ(first.text(), replies_sent[2]);
        EXPECT_FALSE(replies.expects_any());
    }
}

TEST_F(RepliesTest, AskForNoMoreThanTheReplyHas) {
    Waiting one(1, {100, 200});
    replies.expect(one.exchange);
    iovec parts[Replies::max_parts];
    ASSERT_EQ(replies.parts(parts), 1u);
    EXPECT_EQ(parts[0].iov_len, sizeof(Header));
    auto head = message(150, 1, 'x').substr(0, sizeof(Header));
    EXPECT_EQ(feed(head), nullptr);
    ASSERT_EQ(replies.parts(parts), 2u);
    EXPECT_EQ(parts[0].iov_len, 100 - sizeof(Header));
    EXPECT_EQ(parts[1].iov_len, 50u);
}

TEST_F(RepliesTest, BreakTheRules) {
    struct {
        const char* what;
        std::string bytes;
    } const broken[] = {
        {"nobody's tag", message(20, 2, 'x')},
        {"larger than its place", message(101, 1, 'x')},
        {"much larger", message(50, 1, 'x', ~u32{0})},
        {"smaller than a header", message(7, 1, 'x', 6)},
        {"of no size", message(7, 1, 'x', 0)},
        {"twice", message(20, 1, 'x') + message(20, 1, 'x')},
    };
    for (auto& [what, bytes] : broken) {
        replies = Replies();
        Waiting one(1, {100}), other(5, {100});
        replies.expect(one.exchange);
        replies.expect(other.exchange);
        auto rest = bytes;
        Result<Replies::Exchange*> outcome = nullptr;
        while (outcome && !rest.empty()) outcome = feed(rest, 1000);
        EXPECT_EQ(outcome, std::unexpected(Error::protocol)) << what;
        while (auto* lost = replies.lose()) EXPECT_EQ(lost->state, Replies::State::lost);
        EXPECT_FALSE(replies.expects_any());
        EXPECT_EQ(other.exchange.state, Replies::State::lost) << what;
    }
}

TEST_F(RepliesTest, LoseOneThatIsOnItsWay) {
    Waiting one(1, {100});
    replies.expect(one.exchange);
    EXPECT_EQ(feed(message(50, 1, 'x').substr(0, 20)), nullptr);
    EXPECT_EQ(replies.lose(), &one.exchange);
    EXPECT_EQ(replies.lose(), nullptr);
    EXPECT_EQ(one.exchange.state, Replies::State::lost);
}

}  // namespace
}  // namespace spore::arch
