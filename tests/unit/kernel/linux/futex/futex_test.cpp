// Futexes as C libraries use them, on simulated CPUs.
#include "kernel/linux/futex/futex.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "kernel/linux/futex/queue.hpp"
#include "kernel/memory/address_space.hpp"
#include "kernel/memory/anonymous_object.hpp"
#include "kernel/time/timer.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/threads.hpp"

namespace spore::linux::futex {
namespace {

using fakes::simulate;

memory::AddressSpace& space() {
    static auto all = memory::AddressSpace::create();
    return **all;
}
/// The pages of an object of the test's, as private memory of the program: a shared word must be mapped.
template <typename T>
void map_privately(const T& object) {
    auto start = align_down(VirtAddr::of(&object).value, page_size);
    auto end = align_up(VirtAddr::of(&object).value + sizeof object, page_size);
    ASSERT_TRUE(space().map({.hint = {start}, .size = end - start, .access = {.read = true, .write = true}, .placement = memory::Placement::exactly}));
}
Word of(const std::atomic<u32>& word) { return {space(), VirtAddr::of(&word), Scope::privately}; }
Instant in(i64 us) { return time::now() + Duration::us(us); }

TEST(Futex, WaitChecksItsArguments) {
    bool ok = simulate({}, [] {
        std::atomic<u32> word = 5;
        EXPECT_EQ(wait(of(word), 4, Instant::never()).error(), Error::would_block);
        EXPECT_EQ(wait(of(word), 5, Instant::never(), 0).error(), Error::invalid);
        EXPECT_EQ(wait({space(), VirtAddr{12}, Scope::privately}, 5, Instant::never()).error(), Error::bad_address);
        EXPECT_EQ(wait({space(), VirtAddr{13}, Scope::privately}, 5, Instant::never()).error(), Error::invalid);
        EXPECT_EQ(wait(of(word), 5, in(100)).error(), Error::timed_out);
        EXPECT_EQ(time::now().nanoseconds, 100'000u);
        EXPECT_EQ(wake(of(word), 1), 0u);
        task::current().interrupt();
        EXPECT_EQ(wait(of(word), 5, Instant::never()).error(), Error::restart);
        EXPECT_EQ(wait(of(word), 5, in(100)).error(), Error::interrupted);
    });
    EXPECT_TRUE(ok);
}

TEST(Futex, WaitsForAnyOfSeveralWords) {
    bool ok = simulate({}, [] {
        fakes::Join join;
        std::atomic<u32> words[3] = {1, 2, 3};
        auto at = [](void* context, u64 index) -> Expected { return {of(static_cast<std::atomic<u32>*>(context)[index]), static_cast<u32>(index + 1)}; };
        EXPECT_EQ(wait_for_any(3, at, words, in(100)).error(), Error::timed_out);
        u64 got = 9;
        fakes::spawn_program(join, [&] { got = wait_for_any(3, at, words, Instant::never()).value_or(8); });
        task::yield();
        EXPECT_EQ(wake(of(words[1]), 1), 1u);
        join.wait();
        EXPECT_EQ(got, 1u);
        EXPECT_EQ(wake(of(words[0]), 1), 0u) << "nothing waits at the others any more";
        EXPECT_EQ(wake(of(words[2]), 1), 0u);
        words[2] = 7;
        EXPECT_EQ(wait_for_any(3, at, words, Instant::never()).error(), Error::would_block);
        EXPECT_EQ(wake(of(words[0]), 1), 0u) << "it was not left in the queue";
        words[2] = 3;
        task::current().interrupt();
        EXPECT_EQ(wait_for_any(3, at, words, Instant::never()).error(), Error::interrupted);
    });
    EXPECT_TRUE(ok);
}

TEST(Futex, WakesInOrderAndByBits) {
    bool ok = simulate({}, [] {
        fakes::Join join;
        std::atomic<u32> word = 0;
        std::string order;
        for (char name : {'a', 'b', 'c', 'd'}) fakes::spawn_program(join, [&, name] {
            EXPECT_TRUE(wait(of(word), 0, Instant::never(), name == 'c' ? 2 : 1));
            order += name;
        });
        task::yield();
        EXPECT_EQ(wake(of(word), 1, 2), 1u);
        EXPECT_EQ(wake(of(word), 1), 1u);
        EXPECT_EQ(wake(of(word), 100), 2u);
        join.wait();
        EXPECT_EQ(order, "cabd");
    });
    EXPECT_TRUE(ok);
}

TEST(Futex, SharedWordsMeetInWhatIsMapped) {
    bool ok = simulate({}, [] {
        auto object = memory::create_anonymous_object(page_size);
        auto one = memory::AddressSpace::create(), two = memory::AddressSpace::create();
        memory::MapRequest request{.size = page_size, .access = {.read = true, .write = true}, .sharing = memory::Sharing::shared, .object = *object};
        Word here{**one, *(*one)->map(request) + 8, Scope::shared};
        request.hint = here.at + 64 * page_size;
        Word there{**two, *(*two)->map(request) + 8, Scope::shared};
        Key a = *key_of(here), b = *key_of(there);
        EXPECT_TRUE(a == b);
        EXPECT_EQ(a.object, &(*object)->pages());
        EXPECT_EQ(a.offset, 8u);
        EXPECT_FALSE(*key_of({**one, here.at + 4, Scope::shared}) == a);
        EXPECT_FALSE(*key_of({**one, here.at, Scope::privately}) == a);
        // What is not mapped shared is the same word in either scope.
        std::atomic<u32> word = 0;
        map_privately(word);
        EXPECT_TRUE(*key_of(of(word)) == *key_of({space(), VirtAddr::of(&word), Scope::shared}));
        EXPECT_EQ(key_of({**one, VirtAddr::of(&word), Scope::shared}).error(), Error::bad_address);
        // Another object of the same pages is another mapping of the same file; beyond its end there is nothing.
        auto rest = *(*one)->map({.size = 2 * page_size, .access = {.read = true, .write = true}, .sharing = memory::Sharing::shared, .object = *object});
        EXPECT_TRUE(*key_of({**one, rest + 8, Scope::shared}) == a);
        EXPECT_EQ(key_of({**one, rest + page_size, Scope::shared}).error(), Error::bad_address);
    });
    EXPECT_TRUE(ok);
}

TEST(Futex, RequeueMovesWaiters) {
    bool ok = simulate({}, [] {
        fakes::Join join;
        std::atomic<u32> from = 0, to = 0;
        int woken = 0;
        for (int i = 0; i < 5; ++i) fakes::spawn_program(join, [&] {
            EXPECT_TRUE(wait(of(from), 0, Instant::never()));
            ++woken;
        });
        task::yield();
        EXPECT_EQ(compare_and_requeue(of(from), of(to), 1, 100, 1).error(), Error::would_block);
        EXPECT_EQ(compare_and_requeue(of(from), of(to), 1, 2, 0), 3u);
        EXPECT_EQ(wake(of(to), 100), 2u);
        EXPECT_EQ(requeue(of(from), of(to), 0, 100), 0u);
        EXPECT_EQ(wake(of(from), 100), 0u);
        EXPECT_EQ(wake(of(to), 100), 2u);
        join.wait();
        EXPECT_EQ(woken, 5);
    });
    EXPECT_TRUE(ok);
}

TEST(Futex, WakeOpChangesAndCompares) {
    bool ok = simulate({}, [] {
        fakes::Join join;
        std::atomic<u32> first = 0, second = 7;
        for (auto* word : {&first, &second}) fakes::spawn_program(join, [word] { EXPECT_TRUE(wait(of(*word), *word, Instant::never())); });
        task::yield();
        auto encode = [](u32 op, u32 comparison, u32 argument, u32 compared) { return op << 28 | comparison << 24 | (argument & 0xfff) << 12 | (compared & 0xfff); };
        EXPECT_EQ(wake_and_operate(of(first), of(second), 1, 1, encode(1, 4, static_cast<u32>(-3), 7)), 1u);  // not greater than 7
        EXPECT_EQ(second, 4u);
        EXPECT_EQ(wake_and_operate(of(first), of(second), 1, 1, encode(0, 0, 9, 4)), 1u);  // equal to 4
        EXPECT_EQ(second, 9u);
        EXPECT_EQ(wake_and_operate(of(first), of(second), 1, 1, encode(8 | 2, 0, 8, 4)), 0u);  // or with 1 << 8
        EXPECT_EQ(second, 0x109u);
        EXPECT_EQ(wake_and_operate(of(first), of(second), 1, 1, encode(7, 0, 0, 0)).error(), Error::not_implemented);
        join.wait();
    });
    EXPECT_TRUE(ok);
}

/// The mutex of "Futexes Are Tricky" [Drepper 2011], as musl and glibc have it.
struct Lock {
    std::atomic<u32> word = 0;
    void lock() {
        u32 expected = 0;
        if (word.compare_exchange_strong(expected, 1)) return;
        while (word.exchange(2) != 0) (void)wait(of(word), 2, fakes::random() % 2 ? in(50) : Instant::never());
    }
    void unlock() {
        if (word.exchange(0) == 2) EXPECT_TRUE(wake(of(word), 1));
    }
};

void contend_for_lock() {
    fakes::Join join;
    Lock lock;
    int inside = 0, total = 0;
    for (int n = 0; n < 8; ++n) fakes::spawn_program(join, [&] {
        for (int i = 0; i < 40; ++i) {
            lock.lock();
            EXPECT_EQ(inside++, 0);
            fakes::run_program(Duration::us(static_cast<i64>(fakes::random() % 40)));
            if (fakes::random() % 4 == 0) task::yield();
            --inside;
            ++total;
            lock.unlock();
            fakes::run_program(Duration::us(static_cast<i64>(fakes::random() % 40)));
        }
    });
    join.wait();
    EXPECT_EQ(total, 320);
}

void contend_for_pi_lock() {
    fakes::Join join;
    std::atomic<u32> word = 0;
    int inside = 0, total = 0, late = 0;
    for (u32 id = 1; id <= 8; ++id) fakes::spawn_program(join, [&, id] {
        for (int i = 0; i < 40; ++i) {
            u32 free = 0;
            if (!word.compare_exchange_strong(free, id)) {
                auto got = lock_pi(of(word), id, fakes::random() % 2 ? in(60) : Instant::never());
                if (!got) {
                    EXPECT_EQ(got.error(), Error::timed_out);
                    EXPECT_NE(word.load() & 0x3fff'ffff, id);
                    ++late;
                    continue;
                }
            }
            EXPECT_EQ(word.load() & 0x3fff'ffff, id);
            EXPECT_EQ(inside++, 0);
            fakes::run_program(Duration::us(static_cast<i64>(fakes::random() % 40)));
            --inside;
            ++total;
            u32 mine = id;
            if (!word.compare_exchange_strong(mine, 0)) EXPECT_TRUE(unlock_pi(of(word), id));
        }
    });
    join.wait();
    EXPECT_EQ(total + late, 320);
    EXPECT_EQ(word.load(), 0u);
}

/// A condition variable over CMP_REQUEUE, as older C libraries have it.
void signal_conditions() {
    fakes::Join join;
    Lock lock;
    std::atomic<u32> sequence = 0;
    int available = 0, consumed = 0;
    for (int n = 0; n < 6; ++n) fakes::spawn_program(join, [&] {
        for (int i = 0; i < 20; ++i) {
            lock.lock();
            while (available == 0) {
                u32 seen = sequence;
                lock.unlock();
                (void)wait(of(sequence), seen, Instant::never());
                lock.lock();
                lock.word = 2;  // others may have been moved to it
            }
            --available, ++consumed;
            lock.unlock();
        }
    });
    for (int n = 0; n < 3; ++n) fakes::spawn_program(join, [&] {
        for (int i = 0; i < 40; ++i) {
            lock.lock();
            ++available;
            ++sequence;
            lock.word = 2;
            for (u32 now = sequence; !compare_and_requeue(of(sequence), of(lock.word), 1, 100, now); now = sequence) {}
            lock.unlock();
            fakes::run_program(Duration::us(static_cast<i64>(fakes::random() % 30)));
        }
    });
    join.wait();
    EXPECT_EQ(consumed, 120);
    EXPECT_EQ(available, 0);
}

TEST(Futex, StressOnSeveralCpus) {
    for (u64 seed = 1; seed <= 24; ++seed) {
        for (auto* body : {contend_for_lock, contend_for_pi_lock, signal_conditions}) {
            bool ok = simulate({.cpus = 1 + static_cast<u32>(seed % 4), .seed = seed}, body);
            EXPECT_TRUE(ok) << "seed " << seed << (body == contend_for_lock ? " lock" : body == contend_for_pi_lock ? " pi" : " condition");
        }
    }
}

TEST(FutexPi, TellsWhoOwnsTheLock) {
    bool ok = simulate({}, [] {
        std::atomic<u32> word = 0;
        EXPECT_TRUE(lock_pi(of(word), 11, Instant::never()));
        EXPECT_EQ(word, 11u);
        EXPECT_EQ(lock_pi(of(word), 11, Instant::never()).error(), Error::would_deadlock);
        EXPECT_EQ(try_lock_pi(of(word), 12).error(), Error::would_block);
        EXPECT_EQ(unlock_pi(of(word), 12).error(), Error::not_permitted);
        EXPECT_EQ(lock_pi(of(word), 12, in(10)).error(), Error::timed_out);
        EXPECT_TRUE(unlock_pi(of(word), 11));
        EXPECT_EQ(word, 0u);
        set_thread_lookup([](u32 id) { return id != 99; });
        word = 99;
        EXPECT_EQ(lock_pi(of(word), 12, Instant::never()).error(), Error::no_process);
    });
    EXPECT_TRUE(ok);
}

TEST(FutexPi, RequeuedWaitersTakeTheLock) {
    bool ok = simulate({}, [] {
        fakes::Join join;
        std::atomic<u32> condition = 0, lock = 1;
        u32 holders = 0;
        for (u32 id : {2u, 3u, 4u}) fakes::spawn_program(join, [&, id] {
            EXPECT_TRUE(wait_requeue_pi(of(condition), 0, Instant::never(), any_bit, of(lock), id));
            EXPECT_EQ(lock & 0x3fff'ffff, id);
            ++holders;
            task::yield();
            EXPECT_TRUE(unlock_pi(of(lock), id));
        });
        task::yield();
        EXPECT_EQ(wake(of(condition), 1).error(), Error::invalid);
        EXPECT_EQ(compare_and_requeue_pi(of(condition), of(lock), 1, 100, 0), 3u);
        task::yield();
        EXPECT_EQ(holders, 0u);
        EXPECT_TRUE(unlock_pi(of(lock), 1));
        join.wait();
        EXPECT_EQ(holders, 3u);
    });
    EXPECT_TRUE(ok);
}

struct Mutex {
    u64 next = 0;
    std::atomic<u32> word = 0;
};
struct Head {
    u64 first;
    i64 offset = offsetof(Mutex, word);
    u64 pending = 0;
};

TEST(FutexRobust, MarksWhatTheDeadThreadHeld) {
    bool ok = simulate({}, [] {
        fakes::Join join;
        Mutex held{.word = 7 | 0x8000'0000}, others{.word = 8}, pending{.word = 7};
        Head head{.first = reinterpret_cast<u64>(&held)};
        map_privately(held), map_privately(others), map_privately(pending);
        held.next = reinterpret_cast<u64>(&others);
        others.next = reinterpret_cast<u64>(&head);
        head.pending = reinterpret_cast<u64>(&pending);
        fakes::spawn_program(join, [&] {
            EXPECT_TRUE(wait({space(), VirtAddr::of(&held.word), Scope::privately}, 7 | 0x8000'0000, Instant::never()));
        });
        task::yield();
        leave_robust_list(space(), VirtAddr::of(&head), 7);
        EXPECT_EQ(held.word, 0xc000'0000u);
        EXPECT_EQ(others.word, 8u);
        EXPECT_EQ(pending.word, 0x4000'0000u);
        join.wait();

        leave_robust_list(space(), VirtAddr{}, 7);      // none
        leave_robust_list(space(), VirtAddr{8}, 7);     // not the program's
        held.next = reinterpret_cast<u64>(&held);       // a circle that never comes back to the head
        leave_robust_list(space(), VirtAddr::of(&head), 7);
    });
    EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace spore::linux::futex
