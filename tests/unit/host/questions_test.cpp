// Questions to the guest, with this test as the asker and as the guest.
#include "host/run/questions.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/run/frames.hpp"
#include "tests/unit/host/door.hpp"

namespace spore::host {
namespace {

class QuestionsTest : public testing::Test {
protected:
    void SetUp() override {
        ::signal(SIGPIPE, SIG_IGN);
        questions_.emplace(door_.listener());
    }
    FileDescriptor ask(std::string_view words) { return door_.knock(words); }
    /// As the session does it, until nothing is left to do; what the guest is sent.
    std::string turn() {
        std::string to_guest;
        for (std::vector<struct pollfd> waits; ; waits.clear()) {
            questions_->add_waits(waits);
            if (::poll(waits.data(), waits.size(), 0) <= 0) return to_guest;
            questions_->serve(waits, to_guest);
        }
    }
    static std::string query(u32 number, std::string_view path) {
        le32 id;
        id = number;
        auto head = bytes_of(id);
        std::string payload(reinterpret_cast<const char*>(head.data()), head.size()), frame;
        payload += path;
        append_frame(frame, abi::HostFrame::query, std::as_bytes(std::span(payload)));
        return frame;
    }
    void reply(u32 number, abi::ReplyState state, std::string_view text = {}) {
        abi::ReplyPayload head{};
        head.number = number;
        head.state = static_cast<u8>(state);
        std::string payload(reinterpret_cast<const char*>(&head), sizeof head);
        questions_->take_reply(std::as_bytes(std::span(payload += text)));
    }
    static std::string rest_of(const FileDescriptor& connection) {
        std::string text;
        char buffer[4096];
        for (ssize_t size; (size = ::read(connection.number(), buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(size));
        return text;
    }

    TestDoor door_;
    std::optional<Questions> questions_;
};

TEST_F(QuestionsTest, PassesOnAndBack) {
    auto first = ask("net/tcp\n"), second = ask("net/");
    EXPECT_EQ(turn(), query(1, "net/tcp"));
    write_all(second.number(), std::as_bytes(std::span(std::string_view("udp\n"))));
    EXPECT_EQ(turn(), query(2, "net/udp"));
    reply(2, abi::ReplyState::more, "b");
    reply(1, abi::ReplyState::more, "a\n");
    reply(1, abi::ReplyState::more, "aa\n");
    reply(7, abi::ReplyState::more, "nobody asked");
    reply(1, abi::ReplyState::complete);
    reply(2, abi::ReplyState::complete);
    reply(2, abi::ReplyState::more, "too late");
    turn();
    EXPECT_EQ(rest_of(first), "ok\na\naa\n");
    EXPECT_EQ(rest_of(second), "ok\nb");
}

TEST_F(QuestionsTest, SaysWhyThereIsNoAnswer) {
    auto unknown = ask("nothing\n"), failed = ask("busy\n"), long_one = ask(std::string(abi::max_query_path + 1, 'x'));
    turn();
    reply(1, abi::ReplyState::unknown);
    reply(2, static_cast<abi::ReplyState>(99));
    turn();
    EXPECT_EQ(rest_of(unknown), "the guest knows no such file\n");
    EXPECT_EQ(rest_of(failed).find("ok"), std::string::npos);
    EXPECT_EQ(rest_of(long_one), "the path is too long\n");
}

TEST_F(QuestionsTest, TakesNoMoreThanTheGuestAnswersAndForgetsWhoLeaves) {
    std::vector<FileDescriptor> askers;
    for (u32 i = 0; i < abi::max_queries + 1; ++i) askers.push_back(ask("f\n"));
    std::string expected;
    for (u32 i = 1; i <= abi::max_queries; ++i) expected += query(i, "f");
    EXPECT_EQ(turn(), expected);
    askers.front().close();
    EXPECT_EQ(turn(), query(abi::max_queries + 1, "f"));
    reply(1, abi::ReplyState::complete);  // its asker is gone
    reply(2, abi::ReplyState::complete);
    turn();
    EXPECT_EQ(rest_of(askers[1]), "ok\n");
}

TEST_F(QuestionsTest, AnAnswerLongerThanASocketHoldsComesWhole) {
    auto asker = ask("long\n");
    turn();
    std::string piece(60000, 'x');
    for (int i = 0; i < 50; ++i) reply(1, abi::ReplyState::more, piece);
    reply(1, abi::ReplyState::complete);
    std::string text;
    char buffer[65536];
    while (true) {
        turn();
        auto size = ::recv(asker.number(), buffer, sizeof buffer, MSG_DONTWAIT);
        if (size <= 0) break;
        text.append(buffer, static_cast<std::size_t>(size));
    }
    EXPECT_EQ(text.size(), 3 + 50 * piece.size());
}

}  // namespace
}  // namespace spore::host
