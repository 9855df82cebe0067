// The real scheduler on simulated CPUs.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "kernel/core/panic.hpp"
#include "kernel/sync/mutex.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "kernel/task/thread.hpp"
#include "kernel/time/timer.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/threads.hpp"

namespace spore {
namespace {
using fakes::simulate;
using fakes::spawn;
using sync::Interruptible;

TEST(Scheduler, RunsThreadsAndReapsThem) {
    bool ok = simulate({}, [] {
        std::string order;
        fakes::Join join;
        for (char name : {'a', 'b', 'c'}) spawn(join, [&, name] {
            order += name;
            task::yield();
            order += name;
        });
        join.wait();
        EXPECT_EQ(order, "abcabc");
    });
    EXPECT_TRUE(ok);
}

TEST(Scheduler, ProgramThreadsTellTheirOwnerOfTheirEnd) {
    bool ok = simulate({}, [] {
        fakes::Join join;
        int ended = 0;
        for (int i = 0; i < 20; ++i) fakes::spawn_program(join, [] { fakes::run_program(Duration::us(10)); }, &ended);
        join.wait();
        EXPECT_EQ(ended, 20);
    });
    EXPECT_TRUE(ok);
}

TEST(Scheduler, ProgramsShareACpuInSlices) {
    bool ok = simulate({}, [] {
        fakes::Join join;
        Instant done[2];
        for (int i = 0; i < 2; ++i) fakes::spawn_program(join, [&, i] {
            fakes::run_program(Duration::ms(19));
            done[i] = time::now();
            EXPECT_EQ(task::current().run_time(), Duration::ms(19));
        });
        join.wait();
        EXPECT_EQ(done[0].nanoseconds, 35'000'000u);  // 19 of its own, four slices of the other's
        EXPECT_EQ(done[1].nanoseconds, 38'000'000u);
    });
    EXPECT_TRUE(ok);
}

TEST(Scheduler, AThreadAloneHasOnlyTheTick) {
    bool ok = simulate({}, [] {
        fakes::Join join;
        fakes::spawn_program(join, [] {
            fakes::run_program(Duration::seconds(1));
            EXPECT_GE(fakes::armed_deadline(), time::now().nanoseconds);
            EXPECT_EQ(task::current().involuntary_switches(), 0u);
            fakes::run_program(Duration::ms(5));
            // The tick that was armed last finds nobody to look at, and comes no more.
        });
        join.wait();
        sync::WaitQueue nobody;
        sync::Spin lock;
        Guard guard(lock);
        (void)nobody.wait(lock, Interruptible::no, time::now() + Duration::ms(20));
        EXPECT_EQ(fakes::armed_deadline(), ~u64{0});
    });
    EXPECT_TRUE(ok);
}

/// What a thread of programs is told that it spent, in hundredths of what it did; and that this never goes back.
template <typename F>
void expect_system_share(i64 least, i64 most, F&& one_turn) {
    bool ok = simulate({}, [&] {
        fakes::Join join;
        fakes::spawn_program(join, [&] {
            task::ProcessorTime before;
            for (int i = 0; i < 2000; ++i) {
                one_turn();
                auto now = task::current().processor_time();
                EXPECT_GE(now.user, before.user);
                EXPECT_GE(now.system, before.system);
                EXPECT_EQ(now.user + now.system, task::current().run_time());
                before = now;
            }
            i64 share = before.system.nanoseconds * 100 / task::current().run_time().nanoseconds;
            EXPECT_GE(share, least);
            EXPECT_LE(share, most);
        });
        join.wait();
    });
    EXPECT_TRUE(ok);
}

TEST(Scheduler, ProgramsTimeIsTheirs) {
    expect_system_share(0, 0, [] { fakes::run_program(Duration::us(900)); });
}

TEST(Scheduler, TimeInCallsIsTheKernels) {
    expect_system_share(70, 80, [] {
        fakes::spend_in_kernel(Duration::us(3000));
        fakes::run_program(Duration::us(1000));
    });
}

TEST(Scheduler, TimeInCallsThatWaitIsTheKernels) {
    sync::WaitQueue nobody;
    sync::Spin lock;
    expect_system_share(45, 55, [&] {
        fakes::run_program(Duration::us(500));
        fakes::spend_in_kernel(Duration::us(500));
        Guard guard(lock);
        (void)nobody.wait(lock, Interruptible::no, time::now() + Duration::us(300));
    });
}

TEST(Scheduler, NiceThreadsHaveShorterSlices) {
    bool ok = simulate({}, [] {
        fakes::Join join;
        Instant first, second;
        fakes::spawn_program(join, [&] {
            task::current().set_nice(10);
            task::yield();
            fakes::run_program(Duration::ms(10));
            first = time::now();
        });
        fakes::spawn_program(join, [&] {
            fakes::run_program(Duration::ms(39));
            second = time::now();
        });
        join.wait();
        EXPECT_LT(second, first);
    });
    EXPECT_TRUE(ok);
}

TEST(Scheduler, RegistersAreSavedAndLoadedOnlyWhenOthersWereThere) {
    bool ok = simulate({}, [] {
        fakes::Join join;
        fakes::spawn_program(join, [&] {
            fakes::program_register() = 42;
            u64 restored = fakes::state_traffic().restored;
            for (int i = 0; i < 5; ++i) {
                task::prepare_to_block();
                EXPECT_EQ(task::block(Interruptible::no, time::now() + Duration::ms(1)), task::Woken::by_deadline);
            }
            EXPECT_EQ(fakes::program_register(), 42u);
            EXPECT_EQ(fakes::state_traffic().restored, restored);  // only the idle thread ran between
        });
        join.wait();
    });
    EXPECT_TRUE(ok);
}

TEST(Scheduler, SpaceIsActivatedOnlyWhenItDiffers) {
    bool ok = simulate({}, [] {
        fakes::Join join;
        u64 one = task::new_space_number(), two = task::new_space_number();
        EXPECT_NE(one, two);
        fakes::activations() = 0;
        for (int i = 0; i < 2; ++i) fakes::spawn_program(join, [] { for (int k = 0; k < 10; ++k) task::yield(); }, nullptr, one);
        join.wait();
        EXPECT_EQ(fakes::activations(), 1u);
        for (int i = 0; i < 2; ++i)
            fakes::spawn_program(join, [] { for (int k = 0; k < 10; ++k) task::yield(); }, nullptr, i ? one : two);
        join.wait();
        EXPECT_GT(fakes::activations(), 15u);
    });
    EXPECT_TRUE(ok);
}

TEST(Scheduler, AWakeBeforeBlockIsNotLost) {
    bool ok = simulate({}, [] {
        task::prepare_to_block();
        task::wake(task::current());
        EXPECT_EQ(task::block(Interruptible::no), task::Woken::by_wake);
        task::wake(task::current());  // one that runs: harmless
    });
    EXPECT_TRUE(ok);
}

TEST(Scheduler, NothingButItsStartStartsAThread) {
    for (u64 seed = 0; seed < 20; ++seed) {
        bool ok = simulate({.cpus = 2, .seed = seed}, [] {
            static bool begun, prepared;
            begun = prepared = false;
            auto thread = MUST(task::Thread::create("late", [](void*) {
                EXPECT_TRUE(prepared);
                EXPECT_TRUE(task::current().interrupted());
                begun = true;
            }, nullptr), "the host has memory");
            // A signal to a process reaches all its tasks, also one that is still being made.
            thread->interrupt();
            task::wake(*thread);
            for (int i = 0; i < 50; ++i) {
                task::yield();
                fakes::interleave();
            }
            EXPECT_FALSE(begun);
            prepared = true;
            task::start(std::move(thread));
            while (!begun) {
                task::prepare_to_block();
                (void)task::block(Interruptible::no, time::now() + Duration::ms(1));
            }
        });
        EXPECT_TRUE(ok) << seed;
    }
}

TEST(Scheduler, InterruptEndsAnInterruptibleWait) {
    bool ok = simulate({}, [] {
        fakes::Join join;
        task::Thread* sleeper = nullptr;
        sync::Spin lock;
        sync::WaitQueue queue;
        spawn(join, [&] {
            sleeper = &task::current();
            Guard guard(lock);
            auto result = queue.wait(lock, Interruptible::yes);
            ASSERT_FALSE(result);
            EXPECT_EQ(result.error(), Error::interrupted);
            // And once more, since it has not been cleared.
            result = queue.wait(lock, Interruptible::yes);
            EXPECT_EQ(result.error(), Error::interrupted);
            task::current().clear_interrupted();
            result = queue.wait(lock, Interruptible::yes, time::now() + Duration::ms(1));
            EXPECT_EQ(result.error(), Error::timed_out);
            EXPECT_TRUE(queue.empty());
        });
        task::yield();
        sleeper->interrupt();
        join.wait();
    });
    EXPECT_TRUE(ok);
}

TEST(Scheduler, AffinityMovesAThread) {
    bool ok = simulate({.cpus = 3}, [] {
        fakes::Join join;
        fakes::spawn_program(join, [] {
            EXPECT_FALSE(task::current().set_affinity(0b1000));  // no such CPU
            for (u32 cpu : {2u, 0u, 1u, 2u}) {
                ASSERT_TRUE(task::current().set_affinity(1u << cpu));
                fakes::run_program(Duration::us(1));
                EXPECT_EQ(arch::cpu_id(), cpu);
            }
        });
        join.wait();
    });
    EXPECT_TRUE(ok);
}

TEST(Scheduler, IdleCpusTakeOverWaitingThreads) {
    bool ok = simulate({.cpus = 4}, [] {
        fakes::Join join;
        task::CpuSet seen = 0;
        for (int i = 0; i < 8; ++i) fakes::spawn_program(join, [&] {
            fakes::run_program(Duration::ms(30));
            seen |= 1u << arch::cpu_id();
        });
        join.wait();
        EXPECT_EQ(seen, 0b1111u);
    });
    EXPECT_TRUE(ok);
}

/// Threads that compute, yield, wait with and without deadlines, lock and wander between CPUs, at random.
void stress() {
    fakes::Join join;
    sync::Spin lock;
    sync::WaitQueue queue;
    sync::Mutex mutex;
    int inside = 0, tokens = 0, taken = 0;
    auto body = [&](u64 n) {
        for (u64 i = 0; i < 60; ++i) {
            fakes::program_register() = n * 1000 + i;
            switch (fakes::random() % 6) {
                case 0: fakes::run_program(Duration::us(static_cast<i64>(fakes::random() % 3000))); break;
                case 1: task::yield(); break;
                case 2: {
                    Guard guard(mutex);
                    EXPECT_EQ(inside++, 0);
                    task::yield();
                    EXPECT_EQ(--inside, 0);
                    break;
                }
                case 3: {
                    Guard guard(lock);
                    ++tokens;
                    queue.wake_one();
                    break;
                }
                case 4: {
                    Guard guard(lock);
                    Instant deadline = time::now() + Duration::us(static_cast<i64>(fakes::random() % 500));
                    while (tokens == 0)
                        if (!queue.wait(lock, Interruptible::no, deadline)) break;
                    if (tokens) --tokens, ++taken;
                    break;
                }
                case 5: {
                    auto set = fakes::random() & task::online_cpus();
                    if (set) EXPECT_TRUE(task::current().set_affinity(set));
                    break;
                }
            }
            EXPECT_EQ(fakes::program_register(), n * 1000 + i);
        }
    };
    for (u64 n = 0; n < 12; ++n) fakes::spawn_program(join, [&, n] { body(n); });
    join.wait();
    EXPECT_GT(taken, 0);
    EXPECT_TRUE(queue.empty());
}

TEST(Scheduler, StressOnSeveralCpus) {
    for (u64 seed = 1; seed <= 30; ++seed) {
        bool ok = simulate({.cpus = 1 + static_cast<u32>(seed % 4), .seed = seed}, stress);
        EXPECT_TRUE(ok) << "seed " << seed;
    }
}

}  // namespace
}  // namespace spore
