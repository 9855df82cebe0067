// Several threads at once, on several CPUs, over a disk that takes its time.
#include <algorithm>

#include "ext4_fixture.hpp"
#include "tests/fakes/cpu.hpp"
#include "kernel/sync/sleep.hpp"
#include "kernel/time/timer.hpp"
#include "tests/fakes/threads.hpp"

namespace spore::fs::test {
namespace {

using ext4::Ext4FileSystem;

class SlowDisk final : public device::BlockDevice {
public:
    explicit SlowDisk(RamDisk& disk) : disk_(disk) {}
    u64 sectors() const override { return disk_.sectors(); }
    bool read_only() const override { return false; }
    Result<void> read(u64 first, std::span<const device::TransferPiece> pieces) override {
        wait(20);
        return one_at_a_time_.with([&](int&) { return disk_.read(first, pieces); });
    }
    Result<void> write(u64 first, std::span<const device::TransferPiece> pieces) override {
        wait(20);
        return one_at_a_time_.with([&](int&) { return disk_.write(first, pieces); });
    }
    Result<void> flush() override {
        wait(100);
        return one_at_a_time_.with([&](int&) { return disk_.flush(); });
    }
    /// At once, and again at the end of it, so that who writes there meanwhile loses that.
    Result<void> discard(u64 first, u64 count) override {
        TRY(one_at_a_time_.with([&](int&) { return disk_.discard(first, count); }));
        wait(500);
        return one_at_a_time_.with([&](int&) { return disk_.discard(first, count); });
    }
    u32 discard_granularity() const override { return disk_.discard_granularity(); }

private:
    static void wait(u64 microseconds) { sync::sleep(Duration::us(static_cast<i64>(microseconds))); }
    RamDisk& disk_;
    Locked<int, sync::Spin> one_at_a_time_;
};

TEST(Ext4Threads, DoEverythingAtOnce) {
    Ext4Source source;
    auto disk = source.build(64_MiB);
    for (u64 seed = 1; seed <= 3; ++seed) {
        bool ok = fakes::simulate({.cpus = 3, .seed = seed}, [&] {
            SlowDisk slow(*disk);
            auto mounted = *Ext4FileSystem::mount(slow, false);
            EXPECT_TRUE(mounted->start_writing());
            {
                Tree tree(mounted);
                fakes::Join join;
                for (int thread = 0; thread < 6; ++thread)
                    fakes::spawn(join, [&, thread] {
                        auto folder = "/t" + std::to_string(thread);
                        (void)make_directory(tree.context(), tree.root(), folder, 0755);
                        for (int i = 0; i < 30; ++i) {
                            auto path = folder + "/" + std::to_string(i % 7), contents = pattern(static_cast<std::size_t>(i * 1000), static_cast<unsigned>(thread));
                            EXPECT_TRUE(tree.write_file(path, contents));
                            EXPECT_TRUE(tree.read_file(path) == contents);
                            if (i % 3 == 0) EXPECT_TRUE((*tree.open_read(path))->sync(false));
                            if (i % 5 == 0) EXPECT_TRUE(rename(tree.context(), tree.root(), path, tree.root(), "/moved" + std::to_string(i % 4), {}));
                            if (i % 11 == 0) EXPECT_TRUE(mounted->sync());
                            (void)unlink(tree.context(), tree.root(), "/moved" + std::to_string(i % 3));
                        }
                    });
                join.wait();
            }
            EXPECT_TRUE(mounted->unmount());
            EXPECT_EQ(source.check(*disk), "") << seed;
        });
        EXPECT_TRUE(ok) << seed;
    }
}

/// The power goes right after something was discarded: nothing is left of what no flush came after, but what was discarded is gone.
void expect_nothing_lost(Ext4Source& source, const RamDisk& before, std::span<const RamDisk::Write> log) {
    auto disk = before.copy();
    std::vector<const RamDisk::Write*> on_its_way;
    u32 discards = 0;
    for (auto& entry : log) {
        if (entry.is_flush()) {
            for (auto* one : on_its_way) disk->store(one->sector * device::sector_size, one->bytes);
            on_its_way.clear();
        } else if (entry.discarded) {
            disk->poison(entry.sector, entry.discarded);
            if (++discards % 5) continue;
            auto crashed = disk->copy();
            auto mounted = *Ext4FileSystem::mount(*crashed, false);
            {
                Tree after(mounted);
                auto names = *after.list("/");
                for (auto& name : names) EXPECT_FALSE(has_discarded(after, "/" + name)) << name << " after discard " << discards;
            }
            EXPECT_TRUE(mounted->unmount());
            mounted.reset();
            if (discards % 60 == 0) EXPECT_EQ(source.check(*crashed), "") << "after discard " << discards;
        } else {
            on_its_way.push_back(&entry);
        }
    }
}

TEST(Ext4Threads, WriteNothingToWhereTheDiskLetsGo) {
    Ext4Source source;
    auto disk = source.build(24_MiB);
    for (u64 seed = 1; seed <= 4; ++seed) {
        std::map<std::string, std::string> model;
        bool ok = fakes::simulate({.cpus = 3, .seed = seed}, [&] {
            auto before = disk->copy();
            disk->logs = true;
            SlowDisk slow(*disk);
            auto mounted = *Ext4FileSystem::mount(slow, false);
            {
                Tree tree(mounted);
                fakes::Join join;
                std::atomic<int> writers = 3;
                Locked<int, sync::Spin> model_lock;
                for (int thread = 0; thread < 3; ++thread)
                    fakes::spawn(join, [&, thread] {
                        for (int i = 0; i < 100; ++i) {
                            auto path = "/s" + std::to_string(seed) + "t" + std::to_string(thread) + "-" + std::to_string(i % 5);
                            auto contents = pattern(static_cast<std::size_t>(i % 4 * 90'000 + 500), static_cast<unsigned>(100 * thread + i));
                            (void)unlink(tree.context(), tree.root(), path);
                            EXPECT_TRUE(tree.write_file(path, contents));
                            EXPECT_TRUE((*tree.open_read(path))->sync(false));
                            model_lock.with([&](int&) { model[path] = contents; });
                        }
                        --writers;
                    });
                fakes::spawn(join, [&] {
                    for (bool asked = false; writers; asked = !asked) {
                        sync::sleep(Duration::us(100));
                        if (asked) EXPECT_TRUE(mounted->trim(0, ~u64{0}, 0));
                        else mounted->discard_freed();
                    }
                });
                join.wait();
            }
            EXPECT_TRUE(mounted->unmount());
            disk->logs = false;
            EXPECT_GT(disk->discards_done, 120u);
            EXPECT_EQ(source.check(*disk), "");
            mounted = *Ext4FileSystem::mount(*disk, true);
            Tree tree(mounted);
            for (auto& [path, contents] : model) EXPECT_TRUE(tree.read_file(path) == contents) << path;
            expect_nothing_lost(source, *before, disk->log);
        });
        EXPECT_TRUE(ok) << seed;
    }
}

TEST(Ext4Threads, ShareWhatMakesThingsSafe) {
    Ext4Source source;
    auto disk = source.build(64_MiB);
    EXPECT_TRUE(fakes::simulate({.cpus = 2}, [&] {
        SlowDisk slow(*disk);
        auto mounted = *Ext4FileSystem::mount(slow, false);
        {
            Tree tree(mounted);
            constexpr int threads = 12, times = 10;
            fakes::Join join;
            u64 before = disk->flushes_done;
            for (int thread = 0; thread < threads; ++thread)
                fakes::spawn(join, [&, thread] {
                    auto file = *tree.create("/" + std::to_string(thread));
                    for (int i = 0; i < times; ++i) {
                        EXPECT_TRUE(write_text(*file, "some text"));
                        EXPECT_TRUE(file->sync(false));
                    }
                });
            join.wait();
            EXPECT_LT(disk->flushes_done - before, 2u * threads * times / 3) << "two of each, had everybody had its own";
        }
        EXPECT_TRUE(mounted->unmount());
        EXPECT_EQ(source.check(*disk), "");
    }));
}

}  // namespace
}  // namespace spore::fs::test
