// Timers against a list that is searched, and their races in simulation.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "kernel/time/timer.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/threads.hpp"

namespace spore::time {
namespace {

struct Recorder {
    static void fire(Timer& timer) { log->push_back(reinterpret_cast<Recorder*>(&timer)); }
    static inline std::vector<Recorder*>* log = nullptr;
    Timer timer{fire};
};

TEST(Timer, FiresInOrderOfDeadlines) {
    bool ok = fakes::simulate({.seed = 3}, [] {
        std::vector<Recorder*> log;
        Recorder::log = &log;
        std::vector<std::unique_ptr<Recorder>> all(300);
        for (auto& one : all) one = std::make_unique<Recorder>();
        for (int step = 0; step < 5000; ++step) {
            auto& timer = all[fakes::random() % all.size()]->timer;
            if (fakes::random() % 4 == 0) timer.cancel();
            else timer.arm(now() + Duration::ns(static_cast<i64>(fakes::random() % 10'000)));
            if (step % 50 != 49) continue;
            std::vector<Recorder*> due, left;
            fakes::set_time(now().nanoseconds + 500);
            for (auto& one : all) {
                if (one->timer.armed() && one->timer.deadline() <= now()) due.push_back(one.get());
                else if (one->timer.armed()) left.push_back(one.get());
            }
            log.clear();
            run_expired();
            ASSERT_EQ(log.size(), due.size());
            for (std::size_t i = 1; i < log.size(); ++i) EXPECT_LE(log[i - 1]->timer.deadline(), log[i]->timer.deadline());
            for (auto* one : due) EXPECT_FALSE(one->timer.armed());
            u64 earliest = ~u64{0};
            for (auto* one : left) {
                EXPECT_TRUE(one->timer.armed());
                earliest = std::min(earliest, one->timer.deadline().nanoseconds);
            }
            EXPECT_EQ(fakes::armed_deadline(), earliest);
        }
    });
    EXPECT_TRUE(ok);
}

TEST(Timer, NeverDoesNotArm) {
    Timer timer([](Timer&) {});
    timer.arm(Instant::never());
    EXPECT_FALSE(timer.armed());
    timer.cancel();
}

TEST(Timer, MayRearmItself) {
    bool ok = fakes::simulate({}, [] {
        static int fired = 0;
        Timer timer([](Timer& self) {
            if (++fired < 5) self.arm(self.deadline() + Duration::ms(1));
        });
        timer.arm(now() + Duration::ms(1));
        fakes::Join join;
        fakes::spawn_program(join, [] { fakes::run_program(Duration::ms(10)); });
        join.wait();
        EXPECT_EQ(fired, 5);
    });
    EXPECT_TRUE(ok);
}

TEST(Timer, CancelOnAnotherCpuWaitsForTheCallback) {
    for (u64 seed = 1; seed <= 20; ++seed) {
        bool ok = fakes::simulate({.cpus = 3, .seed = seed}, [] {
            fakes::Join join;
            for (int n = 0; n < 6; ++n) fakes::spawn_program(join, [] {
                struct Probe {
                    Timer timer{[](Timer& self) {
                        auto& probe = reinterpret_cast<Probe&>(self);
                        probe.inside = true;
                        for (int i = 0; i < 4; ++i) fakes::interleave();
                        probe.inside = false;
                    }};
                    bool inside = false;
                };
                for (int i = 0; i < 50; ++i) {
                    Probe probe;
                    probe.timer.arm(now() + Duration::us(static_cast<i64>(fakes::random() % 200)));
                    (void)task::current().set_affinity(u64{1} << fakes::random() % 3);
                    fakes::run_program(Duration::us(static_cast<i64>(fakes::random() % 200)));
                    probe.timer.cancel();
                    EXPECT_FALSE(probe.inside);
                    EXPECT_FALSE(probe.timer.armed());
                }
            });
            join.wait();
        });
        EXPECT_TRUE(ok) << "seed " << seed;
    }
}

TEST(Clock, WallClockKeepsItsDistance) {
    fakes::set_time(500);
    set_wall_base(1'000'000);
    EXPECT_EQ(wall_nanoseconds(), 1'000'500);
    set_wall_nanoseconds(77);
    fakes::set_time(600);
    EXPECT_EQ(wall_nanoseconds(), 177);
    set_wall_base(0);
    fakes::set_time(0);
}

}  // namespace
}  // namespace spore::time
