#include "kernel/linux/poll/epoll.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/format.hpp"

namespace spore::linux {
namespace {

/// A file whose readiness the test sets.
class Switch final : public fs::File {
public:
    Switch() : File({.read = true, .write = true}) {}
    void set(fs::Ready now) {
        now_ = now;
        source_.notify(now);
    }
    fs::Ready ready() override { return now_; }
    fs::PollSource* poll_source() override { return &source_; }
    std::string_view describe(std::span<char> buffer) override { return format_to(buffer, "switch"); }

private:
    fs::Ready now_ = fs::Ready::none;
    fs::PollSource source_;
};

struct Seen final : Epoll::Sink {
    u64 take(std::span<const EpollEvent> events) override {
        u64 taken = 0;
        for (; taken < events.size() && data.size() < room; ++taken) {
            data.push_back(u64{events[taken].data});
            bits.push_back(u32{events[taken].events});
        }
        return taken;
    }
    std::vector<u64> data;
    std::vector<u32> bits;
    u64 room = ~u64{0};
};

constexpr u32 in = 1, out = 4, hang_up = 0x10;

struct EpollTest : testing::Test {
    Shared<Epoll> set = *Epoll::create();
    Shared<Switch> file = *make_shared<Switch>();

    Result<void> add(u32 events, i32 descriptor = 3, u64 data = 7) { return set->add(file, descriptor, {events, data}); }
    std::vector<u64> wait(u64 most = 8) {
        Seen seen;
        EXPECT_TRUE(set->wait(seen, most, Instant{}));
        return seen.data;
    }
    using Data = std::vector<u64>;
};

TEST_F(EpollTest, LevelTellsAsLongAsItHolds) {
    ASSERT_TRUE(add(in));
    EXPECT_EQ(wait(), Data{});
    file->set(fs::Ready::in);
    EXPECT_EQ(wait(), Data{7});
    EXPECT_EQ(wait(), Data{7});
    file->set(fs::Ready::none);
    EXPECT_EQ(wait(), Data{});
    file->set(fs::Ready::out);
    EXPECT_EQ(wait(), Data{});
}

TEST_F(EpollTest, EdgeTellsOncePerChange) {
    ASSERT_TRUE(add(in | Epoll::edge));
    file->set(fs::Ready::in);
    EXPECT_EQ(wait(), Data{7});
    EXPECT_EQ(wait(), Data{});
    file->set(fs::Ready::in);
    EXPECT_EQ(wait(), Data{7});
    EXPECT_EQ(wait(), Data{});
}

TEST_F(EpollTest, OneShotTellsUntilItIsArmedAgain) {
    ASSERT_TRUE(add(in | Epoll::one_shot));
    file->set(fs::Ready::in);
    EXPECT_EQ(wait(), Data{7});
    file->set(fs::Ready::in | fs::Ready::hang_up);
    EXPECT_EQ(wait(), Data{});
    ASSERT_TRUE(set->modify(*file, 3, {in | Epoll::one_shot, 8}));
    EXPECT_EQ(wait(), Data{8});
}

TEST_F(EpollTest, HangUpIsToldUnasked) {
    ASSERT_TRUE(add(out));
    file->set(fs::Ready::in | fs::Ready::hang_up);
    Seen seen;
    EXPECT_EQ(*set->wait(seen, 8, Instant{}), 1u);
    EXPECT_EQ(seen.bits.at(0), hang_up);
}

TEST_F(EpollTest, FilesAreKnownByNumberAndDescription) {
    ASSERT_TRUE(add(in, 3));
    EXPECT_EQ(add(in, 3).error(), Error::exists);
    ASSERT_TRUE(add(in, 4, 9));
    EXPECT_EQ(set->modify(*file, 5, {in, 0}).error(), Error::not_found);
    file->set(fs::Ready::in);
    EXPECT_EQ(wait().size(), 2u);
    ASSERT_TRUE(set->remove(*file, 3));
    EXPECT_EQ(set->remove(*file, 3).error(), Error::not_found);
    EXPECT_EQ(wait(), Data{9});
}

TEST_F(EpollTest, AFileThatEndsLeavesTheSet) {
    ASSERT_TRUE(add(in));
    file->set(fs::Ready::in);
    file.reset();
    EXPECT_EQ(wait(), Data{});
    file = *make_shared<Switch>();
    EXPECT_TRUE(add(in));
}

TEST_F(EpollTest, ASetThatEndsLeavesItsFiles) {
    ASSERT_TRUE(add(in));
    set.reset();
    file->set(fs::Ready::in);
}

TEST_F(EpollTest, EveryFileHasItsTurn) {
    std::vector<Shared<Switch>> files;
    for (u64 i = 0; i < 100; ++i) {
        files.push_back(*make_shared<Switch>());
        ASSERT_TRUE(set->add(files.back(), static_cast<i32>(i), {in, i}));
        files.back()->set(fs::Ready::in);
    }
    std::vector<int> told(100);
    for (int round = 0; round < 10; ++round)
        for (u64 data : wait(10)) ++told[data];
    EXPECT_EQ(told, std::vector<int>(100, 1));
}

TEST_F(EpollTest, SetsNestWithoutLoops) {
    auto outer = *Epoll::create();
    ASSERT_TRUE(outer->add(set, 10, {in, 1}));
    EXPECT_EQ(set->add(outer, 11, {in, 2}).error(), Error::symlink_loop);
    EXPECT_EQ(set->add(set, 12, {in, 2}).error(), Error::symlink_loop);
    ASSERT_TRUE(add(in));
    EXPECT_FALSE(any(outer->ready()));
    file->set(fs::Ready::in);
    EXPECT_TRUE(any(outer->ready()));
    Seen seen;
    EXPECT_EQ(*outer->wait(seen, 8, Instant{}), 1u);
    EXPECT_EQ(seen.data, Data{1});
    file->set(fs::Ready::none);
    EXPECT_FALSE(any(outer->ready()));
    set.reset();
    EXPECT_FALSE(any(outer->ready()));
}

TEST_F(EpollTest, ChainsOfSetsAreNotEndless) {
    std::vector<Shared<Epoll>> chain{set};
    for (int i = 0; i < 10; ++i) {
        auto next = *Epoll::create();
        if (!next->add(chain.back(), 1, {in, 0})) break;
        chain.push_back(next);
    }
    EXPECT_GE(chain.size(), 4u);
    EXPECT_LE(chain.size(), 6u);
}

TEST_F(EpollTest, WhatCannotBeWrittenIsToldAgain) {
    ASSERT_TRUE(add(in | Epoll::edge));
    file->set(fs::Ready::in);
    Seen seen;
    seen.room = 0;
    EXPECT_EQ(set->wait(seen, 8, Instant{}).error(), Error::bad_address);
    EXPECT_EQ(wait(), Data{7});
}

TEST_F(EpollTest, WhatThereIsNoRoomForKeepsItsTurn) {
    constexpr u64 many = 40;  // more than are told together
    Data all;
    for (u64 i = 0; i < many; ++i) {
        ASSERT_TRUE(add(in | Epoll::edge, static_cast<i32>(i), i));
        all.push_back(i);
    }
    file->set(fs::Ready::in);
    Seen seen;
    seen.room = 21;
    EXPECT_EQ(*set->wait(seen, many, Instant{}), 21u);
    seen.room = ~u64{0};
    EXPECT_EQ(*set->wait(seen, many, Instant{}), many - 21);
    EXPECT_EQ(seen.data, all);
    EXPECT_EQ(wait(), Data{});
}

TEST_F(EpollTest, ManyThatHoldAreAllToldAgain) {
    for (i32 i = 0; i < 40; ++i) ASSERT_TRUE(add(in | (i % 4 ? 0u : u32{Epoll::one_shot}), i, static_cast<u64>(i)));
    file->set(fs::Ready::in);
    EXPECT_EQ(wait(64).size(), 40u);
    EXPECT_EQ(wait(64).size(), 30u);
    EXPECT_EQ(wait(17).size(), 17u);
}

TEST_F(EpollTest, ExclusiveIsForPlainFiles) {
    EXPECT_EQ(set->add(*Epoll::create(), 5, {in | Epoll::exclusive, 0}).error(), Error::invalid);
    EXPECT_EQ(add(in | Epoll::exclusive | Epoll::one_shot).error(), Error::invalid);
    ASSERT_TRUE(add(in | Epoll::exclusive));
    EXPECT_EQ(set->modify(*file, 3, {in, 0}).error(), Error::invalid);
}

}  // namespace
}  // namespace spore::linux
