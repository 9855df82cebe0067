// A console at the end of a channel, with this test as the host.
#include "kernel/main/channel_console.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/fakes/cpu.hpp"
#include "tests/fakes/threads.hpp"

namespace spore::main {
namespace {

using abi::GuestFrame;
using abi::HostFrame;
using Wait = device::Console::Wait;

std::string coming;  ///< what the host sent and nobody asked for yet
void receive(MutableByteSpan into) {
    ASSERT_LE(into.size(), coming.size());
    std::memcpy(into.data(), coming.data(), into.size());
    coming.erase(0, into.size());
}

struct Console final : ChannelConsole {
    Console() : ChannelConsole(1000) {}
    Result<void> send(GuestFrame kind, ByteSpan payload) override {
        sent.emplace_back(kind, std::string(reinterpret_cast<const char*>(payload.data()), payload.size()));
        return {};
    }
    void act(HostFrame kind, ByteSpan payload) override { acted.emplace_back(kind, payload.size()); }
    void take_text(HostFrame kind, std::string_view payload) {
        coming = payload;
        take(kind, static_cast<u32>(payload.size()), receive);
        EXPECT_TRUE(coming.empty());
    }
    void give_credit(u32 amount) {
        le32 number;
        number = amount;
        take_text(HostFrame::output_credit, {reinterpret_cast<const char*>(&number), sizeof number});
    }
    std::string read_now(std::size_t most) {
        std::string into(most, '\0');
        auto size = read(std::as_writable_bytes(std::span(into)), Wait::no);
        return size ? into.substr(0, *size) : "nothing";
    }
    std::vector<std::pair<GuestFrame, std::string>> sent;
    std::vector<std::pair<HostFrame, std::size_t>> acted;
};

ByteSpan bytes(std::string_view text) { return std::as_bytes(std::span(text)); }
constexpr auto output = device::OutputStream::standard_out, errors = device::OutputStream::standard_err;

void in_kernel(void (*body)()) { EXPECT_TRUE(fakes::simulate({}, body)); }

TEST(ChannelConsole, GivesInputAndThenItsEnd) {
    in_kernel([] {
        Console console;
        EXPECT_EQ(console.read_now(4), "nothing");
        console.take_text(HostFrame::standard_in, std::string(300, 'a') + "b");
        EXPECT_EQ(console.readable(), 301u);
        EXPECT_EQ(console.read_now(300), std::string(300, 'a'));
        EXPECT_EQ(console.sent.back().first, GuestFrame::stdin_credit);
        console.take_text(HostFrame::stdin_end, "");
        EXPECT_EQ(console.read_now(9), "b");
        EXPECT_EQ(console.readable(), ~std::size_t{0});
        EXPECT_EQ(console.read_now(9), "");
    });
}

TEST(ChannelConsole, KeepsNoMoreInputThanItsCredit) {
    in_kernel([] {
        Console console;
        for (int i = 0; i < 3; ++i) console.take_text(HostFrame::standard_in, std::string(abi::initial_stdin_credit / 2, 'x'));
        EXPECT_EQ(console.readable(), abi::initial_stdin_credit);
    });
}

TEST(ChannelConsole, WritesInPiecesForWhichTheHostHasRoom) {
    in_kernel([] {
        Console console;
        std::string text(2500, 't');
        ASSERT_TRUE(console.write(errors, bytes(text)));
        ASSERT_EQ(console.sent.size(), 3u);
        EXPECT_EQ(console.sent[2], (std::pair{GuestFrame::standard_err, std::string(500, 't')}));
        fakes::Join join;
        fakes::spawn(join, [&] {
            std::string much(2 * abi::initial_output_credit, 'm');
            EXPECT_TRUE(console.write(output, bytes(much)));
        });
        for (int i = 0; i < 100; ++i) task::yield();
        auto before = console.sent.size();
        EXPECT_LT(before, 2 * abi::initial_output_credit / 1000);
        console.give_credit(4 * abi::initial_output_credit);
        join.wait();
        EXPECT_GT(console.sent.size(), before);
    });
}

TEST(ChannelConsole, WhatNobodyTakesFails) {
    in_kernel([] {
        Console console;
        console.take_text(HostFrame::output_end, std::string(1, static_cast<char>(GuestFrame::standard_out)));
        EXPECT_FALSE(console.is_taken(output));
        EXPECT_EQ(console.write(output, bytes("lost")).error(), Error::broken_pipe);
        EXPECT_TRUE(console.is_taken(errors));
        EXPECT_TRUE(console.write(errors, bytes("seen")));
    });
}

TEST(ChannelConsole, HangingUpEndsReadersAndWriters) {
    in_kernel([] {
        Console console;
        fakes::Join join;
        fakes::spawn(join, [&] {
            std::byte one[1];
            auto size = console.read(one, Wait::yes);
            EXPECT_TRUE(size && *size == 0);
        });
        fakes::spawn(join, [&] {
            std::string much(2 * abi::initial_output_credit, 'm');
            auto written = console.write(output, bytes(much));
            EXPECT_TRUE(!written && written.error() == Error::broken_pipe);
        });
        for (int i = 0; i < 100; ++i) task::yield();
        console.hang_up();
        join.wait();
    });
}

TEST(ChannelConsole, ListenersHearOfInputItsEndAndTheWindow) {
    in_kernel([] {
        Console console;
        int heard = 0;
        console.set_listener([](void* count) { ++*static_cast<int*>(count); }, &heard);
        console.take_text(HostFrame::standard_in, "a");
        console.take_text(HostFrame::stdin_end, "");
        EXPECT_EQ(heard, 2);
        console.take_text(HostFrame::window_size, std::string_view("\x21\0\x63\0", 4));
        EXPECT_EQ(console.window_size().rows, 0x21);
        EXPECT_EQ(console.window_size().columns, 0x63);
        console.take_text(HostFrame::signal, std::string_view("\x0f\0\0\0", 4));
        console.take_text(HostFrame::query, std::string(1000, 'q'));  // longer than any
        EXPECT_EQ(console.acted, (std::vector<std::pair<HostFrame, std::size_t>>{{HostFrame::window_size, 4}, {HostFrame::signal, 4}, {HostFrame::query, 0}}));
    });
}

TEST(ChannelConsole, FramesThatAreTooShortChangeNothing) {
    in_kernel([] {
        Console console;
        auto before = console.window_size().rows;
        console.take_text(HostFrame::window_size, "\x01");
        console.take_text(HostFrame::output_credit, "\x01");
        console.take_text(HostFrame::output_end, "");
        EXPECT_EQ(console.window_size().rows, before);
        EXPECT_TRUE(console.is_taken(output));
    });
}

}  // namespace
}  // namespace spore::main
