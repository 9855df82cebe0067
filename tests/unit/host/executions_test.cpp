// Programs beside the first, with this test as those who start them and as the guest.
#include "host/run/executions.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

#include "tests/unit/host/door.hpp"

namespace spore::host {
namespace {

using abi::GuestFrame;
using abi::HostFrame;

std::string text_of(ByteSpan bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::string nested_in(u32 number, const std::string& frame) {
    abi::NestedPayload head{};
    head.number = number;
    return text_of(bytes_of(head)) + frame;
}
std::string from_host(HostFrame kind, std::string_view payload = {}) {
    std::string frame;
    append_frame(frame, kind, std::as_bytes(std::span(payload)));
    return frame;
}
/// As it travels to the guest.
std::string nested(u32 number, HostFrame kind, std::string_view payload = {}) { return from_host(HostFrame::nested, nested_in(number, from_host(kind, payload))); }
std::string from_guest(GuestFrame kind, std::string_view payload = {}) { return from_host(static_cast<HostFrame>(kind), payload); }
std::string exit_frame(abi::ExitReason reason, u32 status) {
    abi::ExitPayload exit{};
    exit.reason = static_cast<u8>(reason);
    exit.status = status;
    return from_guest(GuestFrame::exit, text_of(bytes_of(exit)));
}

class ExecutionsTest : public testing::Test {
protected:
    void SetUp() override {
        ::signal(SIGPIPE, SIG_IGN);
        executions_.emplace(door_.listener());
    }
    FileDescriptor connect(const std::string& words) { return door_.knock(words); }
    static void say(const FileDescriptor& connection, const std::string& words) { write_all(connection.number(), std::as_bytes(std::span(words))); }
    /// As the session does it, until nothing is left to do; what the guest is sent.
    std::string turn(bool guest_takes = true) {
        std::string to_guest;
        for (std::vector<struct pollfd> waits; ; waits.clear()) {
            executions_->add_waits(waits, guest_takes);
            int ready = ::poll(waits.data(), waits.size(), 0);
            executions_->serve(waits, to_guest);
            if (ready <= 0) return to_guest;
        }
    }
    void guest_says(u32 number, const std::string& frame) {
        auto payload = nested_in(number, frame);
        executions_->take(std::as_bytes(std::span(payload)));
    }
    /// All that comes until the other side closes the connection, or nothing more is there.
    static std::string heard(const FileDescriptor& connection, bool to_the_end) {
        std::string text;
        char buffer[4096];
        for (ssize_t size; (size = ::recv(connection.number(), buffer, sizeof buffer, to_the_end ? 0 : MSG_DONTWAIT)) > 0;) text.append(buffer, static_cast<std::size_t>(size));
        return text;
    }

    TestDoor door_;
    std::optional<Executions> executions_;
};

TEST_F(ExecutionsTest, EachHasItsOwnChannel) {
    auto first = connect(from_host(HostFrame::start, "one") + from_host(HostFrame::standard_in, "input"));
    EXPECT_EQ(turn(), nested(1, HostFrame::start, "one") + nested(1, HostFrame::standard_in, "input"));
    auto second = connect(from_host(HostFrame::start, "two"));
    EXPECT_EQ(turn(), nested(2, HostFrame::start, "two"));
    guest_says(2, from_guest(GuestFrame::standard_out, "of two"));
    guest_says(1, from_guest(GuestFrame::standard_err, "of one"));
    guest_says(3, from_guest(GuestFrame::standard_out, "of nobody"));
    EXPECT_EQ(heard(first, false), from_guest(GuestFrame::standard_err, "of one"));
    guest_says(2, exit_frame(abi::ExitReason::exited, 3));
    EXPECT_EQ(turn(), "") << "its end is known: nobody need hang up";
    EXPECT_EQ(heard(second, true), from_guest(GuestFrame::standard_out, "of two") + exit_frame(abi::ExitReason::exited, 3));
    guest_says(2, from_guest(GuestFrame::standard_out, "too late"));
    say(first, from_host(HostFrame::stdin_end));
    EXPECT_EQ(turn(), nested(1, HostFrame::stdin_end));
}

TEST_F(ExecutionsTest, WhoLeavesHangsUp) {
    auto connection = connect(from_host(HostFrame::start, "one"));
    EXPECT_EQ(turn(), nested(1, HostFrame::start, "one"));
    connection.close();
    EXPECT_EQ(turn(), nested(1, HostFrame::hang_up));
    connect("").close();
    EXPECT_EQ(turn(), "") << "nothing was started";
}

TEST_F(ExecutionsTest, NonsenseEndsTheConnection) {
    auto hasty = connect(from_host(HostFrame::standard_in, "before the start"));
    EXPECT_EQ(turn(), "");
    EXPECT_EQ(heard(hasty, true), "");
    for (auto kind : {HostFrame::start, HostFrame::shutdown, HostFrame::query, HostFrame::nested, HostFrame::hang_up, static_cast<HostFrame>(99)}) {
        auto connection = connect(from_host(HostFrame::start, "one") + from_host(kind, "x"));
        auto to_guest = turn();
        EXPECT_EQ(to_guest.size(), nested(9, HostFrame::start, "one").size() + nested(9, HostFrame::hang_up).size()) << static_cast<int>(kind);
        EXPECT_EQ(heard(connection, true), "");
    }
    auto large = connect(from_host(HostFrame::start, std::string(abi::max_frame_payload, 'x')));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(turn(), "");
    EXPECT_EQ(heard(large, true), "");
}

TEST_F(ExecutionsTest, NothingIsTakenForAGuestThatTakesNothing) {
    auto connection = connect("");
    turn();
    say(connection, from_host(HostFrame::start, "one"));
    EXPECT_EQ(turn(false), "");
    EXPECT_EQ(turn(true), nested(1, HostFrame::start, "one"));
}

TEST_F(ExecutionsTest, AFrameThatDoesNotFitItsOwnIsNobodys) {
    auto connection = connect(from_host(HostFrame::start, "one"));
    turn();
    auto frame = from_guest(GuestFrame::standard_out, "text");
    guest_says(1, frame.substr(0, frame.size() - 1));
    guest_says(1, frame + "x");
    guest_says(1, frame.substr(0, 3));
    guest_says(1, "");
    EXPECT_EQ(heard(connection, false), "");
}

TEST_F(ExecutionsTest, TheMachinesEndKillsThem) {
    auto connection = connect(from_host(HostFrame::start, "one"));
    turn();
    guest_says(1, from_guest(GuestFrame::standard_out, "last"));
    executions_.reset();
    EXPECT_EQ(heard(connection, true), from_guest(GuestFrame::standard_out, "last") + exit_frame(abi::ExitReason::signaled, SIGKILL));
}

}  // namespace
}  // namespace spore::host
