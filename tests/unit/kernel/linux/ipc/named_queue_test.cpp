// A message queue that has no name yet: order, limits, and who waits for whom.
#include "kernel/linux/ipc/named_queue.hpp"

#include <gtest/gtest.h>

#include <string>

#include "kernel/time/timer.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/threads.hpp"

namespace spore::linux::ipc {
namespace {

using fakes::simulate;
using fs::Ready;

Shared<NamedQueue> queue_of(i64 messages) { return *make_shared<NamedQueue>(SmallText(), NamedQueue::Size{messages, 16}, NamedQueue::Owner{}, u16{0600}, u64{0}); }

Result<void> send(NamedQueue& queue, u32 priority, std::string_view text, bool may_wait = false, Instant deadline = Instant::never()) {
    auto message = *make_owned<NamedMessage>();
    message->priority = priority;
    message->text = *HeapArray<std::byte>::create(text.size());
    std::ranges::copy(std::as_bytes(std::span(text)), message->text.begin());
    return queue.send(std::move(message), may_wait, deadline);
}
std::string receive(NamedQueue& queue, bool may_wait = false, Instant deadline = Instant::never()) {
    auto message = queue.receive(may_wait, deadline);
    if (!message) return message.error() == Error::timed_out ? "timed out" : message.error() == Error::would_block ? "empty" : "?";
    return {reinterpret_cast<const char*>((*message)->text.data()), (*message)->text.size()};
}

TEST(NamedQueue, GivesTheHighestPriorityFirstAndOfTheSameTheOldest) {
    EXPECT_TRUE(simulate({}, [] {
        auto queue = queue_of(5);
        EXPECT_EQ(receive(*queue), "empty");
        EXPECT_EQ(queue->ready(), Ready::out);
        for (auto [priority, text] : {std::pair{2u, "a"}, {7u, "b"}, {2u, "c"}, {0u, "d"}, {7u, "e"}}) EXPECT_TRUE(send(*queue, priority, text));
        EXPECT_EQ(send(*queue, 9, "f").error(), Error::would_block);
        EXPECT_EQ(queue->ready(), Ready::in);
        std::string all;
        for (int i = 0; i < 5; ++i) all += receive(*queue);
        EXPECT_EQ(all, "beacd");
        EXPECT_EQ(queue->count(), 0);
    }));
}

TEST(NamedQueue, AReceiverThatWaitsGetsTheMessageItself) {
    EXPECT_TRUE(simulate({}, [] {
        fakes::Join join;
        auto queue = queue_of(1);
        std::string order;
        for (char name : {'1', '2'}) fakes::spawn_program(join, [&, name] { order += name + receive(*queue, true); });
        task::yield();
        EXPECT_TRUE(send(*queue, 1, "a"));
        EXPECT_EQ(queue->count(), 0) << "it is the receiver's already";
        EXPECT_EQ(receive(*queue), "empty");
        EXPECT_TRUE(send(*queue, 5, "b"));
        join.wait();
        EXPECT_EQ(order, "1a2b");
        auto before = time::now();
        EXPECT_EQ(receive(*queue, true, before + Duration::us(50)), "timed out");
        EXPECT_EQ((time::now() - before).nanoseconds, 50'000);
    }));
}

TEST(NamedQueue, ASendersMessageTakesTheRoomThatAReceiverMakes) {
    EXPECT_TRUE(simulate({}, [] {
        fakes::Join join;
        auto queue = queue_of(1);
        EXPECT_TRUE(send(*queue, 1, "first"));
        EXPECT_EQ(send(*queue, 1, "late", true, time::now() + Duration::us(50)).error(), Error::timed_out);
        fakes::spawn_program(join, [&] { EXPECT_TRUE(send(*queue, 3, "second", true)); });
        task::yield();
        EXPECT_EQ(receive(*queue), "first");
        EXPECT_EQ(queue->count(), 1);
        EXPECT_EQ(send(*queue, 1, "third").error(), Error::would_block);
        join.wait();
        EXPECT_EQ(receive(*queue), "second");
        EXPECT_EQ(receive(*queue), "empty");
    }));
}

}  // namespace
}  // namespace spore::linux::ipc
