// The session against a guest that is a thread of this test and speaks the channel.
#include "host/run/session.hpp"

#include <gtest/gtest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "host/common/files.hpp"

namespace spore::host {
namespace {

/// The guest's side of the channel.
class FakeGuest {
public:
    explicit FakeGuest(FileDescriptor channel) : channel_(std::move(channel)) {}

    void send(abi::GuestFrame kind, std::string_view payload = {}) {
        abi::FrameHeader header{};
        header.kind = static_cast<u8>(kind);
        header.size = static_cast<u32>(payload.size());
        write_all(channel_.number(), bytes_of(header));
        write_all(channel_.number(), std::as_bytes(std::span(payload)));
    }
    void hello(u16 version = abi::channel_version) {
        abi::HelloPayload payload{};
        payload.version = version;
        send(abi::GuestFrame::hello, {reinterpret_cast<const char*>(&payload), sizeof payload});
    }
    void exit(abi::ExitReason reason, u32 status) {
        abi::ExitPayload payload{};
        payload.reason = static_cast<u8>(reason);
        payload.status = status;
        send(abi::GuestFrame::exit, {reinterpret_cast<const char*>(&payload), sizeof payload});
    }
    struct Received {
        abi::HostFrame kind;
        std::string payload;
    };
    std::optional<Received> receive() {
        abi::FrameHeader header{};
        if (!read_all(&header, sizeof header)) return std::nullopt;
        std::string payload(header.size, '\0');
        if (!read_all(payload.data(), payload.size())) return std::nullopt;
        return Received{static_cast<abi::HostFrame>(header.kind), payload};
    }
    void credit(u32 bytes) {
        le32 number{};
        number = bytes;
        send(abi::GuestFrame::stdin_credit, {reinterpret_cast<const char*>(&number), sizeof number});
    }
    void hang_up() { channel_.close(); }

private:
    bool read_all(void* to, std::size_t size) {
        for (std::size_t done = 0; done < size;) {
            auto count = ::read(channel_.number(), static_cast<char*>(to) + done, size - done);
            if (count <= 0) return false;
            done += static_cast<std::size_t>(count);
        }
        return true;
    }
    FileDescriptor channel_;
};

struct Ended {
    Outcome<int> status;
    std::string output, errors;
};

/// Runs a session whose guest does `act`; `input` is its standard input.
template <typename F>
Ended run_with(F act, const std::string& input = "", std::optional<std::chrono::milliseconds> timeout = std::chrono::seconds(20)) {
    int channel[2], in[2], out[2], err[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, channel), 0);
    EXPECT_EQ(::pipe(in) | ::pipe(out) | ::pipe(err), 0);
    FileDescriptor ours(channel[0]), input_end(in[0]), output_end(out[1]), errors_end(err[1]);
    std::string output, errors;
    auto drain = [](int from, std::string& text) {
        FileDescriptor file(from);
        char buffer[4096];
        for (ssize_t size; (size = ::read(from, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(size));
    };
    std::thread writer([&] { FileDescriptor file(in[1]); write_all(in[1], std::as_bytes(std::span(input))); });
    std::thread out_reader(drain, out[0], std::ref(output)), err_reader(drain, err[0], std::ref(errors));
    std::thread guest([&] { FakeGuest fake{FileDescriptor(channel[1])}; act(fake); });
    Session session({.channel = ours.number(), .input = input_end.number(), .output = output_end.number(), .errors = errors_end.number()}, timeout);
    auto status = session.run();
    ours.close(), input_end.close(), output_end.close(), errors_end.close();
    guest.join(), writer.join(), out_reader.join(), err_reader.join();
    return {status, output, errors};
}

class SessionTest : public testing::Test {
protected:
    void SetUp() override { ::signal(SIGPIPE, SIG_IGN); }
};

TEST_F(SessionTest, PassesOutputAndStatus) {
    auto ended = run_with([](FakeGuest& guest) {
        guest.hello();
        guest.send(abi::GuestFrame::standard_out, std::string_view("a\0b", 3));
        guest.send(abi::GuestFrame::standard_err, "oops");
        guest.send(abi::GuestFrame::log, std::string_view("\x02" "careful"));
        guest.send(static_cast<abi::GuestFrame>(200), "from the future");
        guest.exit(abi::ExitReason::exited, 7);
    });
    EXPECT_EQ(ended.status, 7);
    EXPECT_EQ(ended.output, std::string("a\0b", 3));
    EXPECT_EQ(ended.errors, "oops[warn] careful\n");
}

TEST_F(SessionTest, LargeOutputArrivesWhole) {
    std::string block(abi::max_frame_payload, 'x');
    auto ended = run_with([&](FakeGuest& guest) {
        guest.hello();
        for (int i = 0; i < 100; ++i) guest.send(abi::GuestFrame::standard_out, block);
        guest.exit(abi::ExitReason::exited, 0);
    });
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.output.size(), 100 * block.size());
}

TEST_F(SessionTest, GivesCreditForOutput) {
    std::string block(4000, 'x');
    auto ended = run_with([&](FakeGuest& guest) {
        guest.hello();
        for (i64 credit = abi::initial_output_credit, sent = 0; sent < 1000; ++sent) {
            for (; credit <= 0; ) {
                auto frame = guest.receive();
                if (!frame) return;
                if (frame->kind == abi::HostFrame::output_credit) credit += u32{*view_at<le32>(std::as_bytes(std::span(frame->payload)), 0)};
            }
            guest.send(abi::GuestFrame::standard_out, block);
            credit -= static_cast<i64>(block.size() + abi::frame_cost);
        }
        guest.exit(abi::ExitReason::exited, 0);
    });
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.output.size(), 1000 * block.size());
}

TEST_F(SessionTest, TellsOnceThatNobodyTakesOutput) {
    int pair[2], words[2], told = 0;
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ASSERT_EQ(::pipe(words), 0);
    ::close(words[0]);
    FileDescriptor ours(pair[0]), output(words[1]), nothing(::open("/dev/null", O_RDWR));
    std::thread guest([&] {
        FakeGuest fake{FileDescriptor(pair[1])};
        fake.hello();
        for (int i = 0; i < 3; ++i) fake.send(abi::GuestFrame::standard_err, "lost");
        while (auto frame = fake.receive()) {
            if (frame->kind != abi::HostFrame::output_end) continue;
            EXPECT_EQ(frame->payload, std::string(1, static_cast<char>(abi::GuestFrame::standard_err)));
            if (++told == 1) fake.send(abi::GuestFrame::standard_err, "more"), fake.exit(abi::ExitReason::exited, 4);
        }
    });
    {
        Session session({.channel = ours.number(), .input = nothing.number(), .output = nothing.number(), .errors = output.number()}, std::nullopt);
        EXPECT_EQ(session.run(), 4);
    }
    ours.close();
    guest.join();
    EXPECT_EQ(told, 1);
}

TEST_F(SessionTest, InputWaitsForCredit) {
    std::string input(3 * abi::initial_stdin_credit, 'i');
    std::size_t received = 0;
    bool ended_after_all = false;
    auto ended = run_with([&](FakeGuest& guest) {
        guest.hello();
        u64 credit = abi::initial_stdin_credit;
        while (auto frame = guest.receive()) {
            if (frame->kind == abi::HostFrame::stdin_end) { ended_after_all = received == input.size(); break; }
            EXPECT_LE(frame->payload.size(), credit);
            credit -= frame->payload.size(), received += frame->payload.size();
            if (credit == 0) guest.credit(10000), credit = 10000;
        }
        guest.exit(abi::ExitReason::exited, 0);
    }, input);
    EXPECT_EQ(ended.status, 0);
    EXPECT_TRUE(ended_after_all) << received;
}

TEST_F(SessionTest, EveryEndHasItsStatus) {
    auto failed = [](abi::ExitReason reason, u32 status) {
        auto ended = run_with([=](FakeGuest& guest) { guest.hello(), guest.exit(reason, status); });
        return ended.status ? *ended.status : static_cast<int>(ended.status.error().status);
    };
    EXPECT_EQ(failed(abi::ExitReason::signaled, SIGSEGV), 128 + SIGSEGV);
    EXPECT_EQ(failed(abi::ExitReason::panic, 0), 118);
    EXPECT_EQ(failed(abi::ExitReason::failed, u32(abi::StartFailure::no_memory)), 116);
    EXPECT_EQ(failed(abi::ExitReason::failed, u32(abi::StartFailure::program_not_found)), 127);
    EXPECT_EQ(failed(abi::ExitReason::failed, 999), 125);
    EXPECT_EQ(failed(static_cast<abi::ExitReason>(99), 0), 119);
}

TEST_F(SessionTest, AGuestThatHangsUpOrTalksNonsenseIsAnError) {
    auto gone = run_with([](FakeGuest& guest) { guest.hello(), guest.hang_up(); });
    ASSERT_FALSE(gone.status);
    EXPECT_EQ(gone.status.error().status, ExitStatus::machine_ended);
    auto other = run_with([](FakeGuest& guest) { guest.hello(99); });
    ASSERT_FALSE(other.status);
    EXPECT_EQ(other.status.error().status, ExitStatus::failed);
    auto huge = run_with([](FakeGuest& guest) { guest.hello(), guest.send(abi::GuestFrame::standard_out, std::string(abi::max_frame_payload + 1, 'x')); });
    ASSERT_FALSE(huge.status);
    EXPECT_EQ(huge.status.error().status, ExitStatus::failed);
}

TEST_F(SessionTest, TimesOut) {
    auto ended = run_with([](FakeGuest& guest) { guest.hello(); while (guest.receive()) {} }, "", std::chrono::milliseconds(50));
    ASSERT_FALSE(ended.status);
    EXPECT_EQ(ended.status.error().status, ExitStatus::timed_out);
}

TEST(Frames, SurviveAnySplit) {
    std::string bytes;
    append_frame(bytes, static_cast<abi::HostFrame>(2), std::as_bytes(std::span(std::string_view("first"))));
    append_frame(bytes, static_cast<abi::HostFrame>(3), {});
    GuestFrameReader reader;
    std::vector<std::string> texts;
    for (char byte : bytes) {
        reader.add(std::as_bytes(std::span(&byte, 1)));
        while (auto frame = reader.next()) texts.emplace_back(frame->text());
    }
    EXPECT_EQ(texts, (std::vector<std::string>{"first", ""}));
}

}  // namespace
}  // namespace spore::host
