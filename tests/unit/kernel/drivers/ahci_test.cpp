// The AHCI driver with a controller and disks that keep the rules, and with such that do not.
#include <gtest/gtest.h>

#include <set>

#include "kernel/drivers/block/ahci/controller.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "kernel/sync/sleep.hpp"
#include "tests/fakes/ahci.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/unit/kernel/drivers/disk_rig.hpp"

namespace spore::drivers::ahci {
namespace {

using fakes::AhciController;
using fakes::beside;
using fakes::DiskMemory;
using fakes::pattern;
using fakes::simulated;
using wire::ahci::Command;

struct Rig : fakes::DiskRig<Rig, AhciController> {
    explicit Rig(std::function<void(AhciController&)> prepare = {}) {
        card.disks[1].bytes = pattern(1_MiB);
        if (prepare) prepare(card);
    }
    Result<u32> start() {
        driver.reset(new Controller(take()));
        auto count = driver->open();
        if (count && *count) (void)driver.release();  // its disks lead to it
        return count;
    }
    AhciController::Disk& disk() { return card.disks[1]; }
    std::vector<u8> bytes(u64 at, u64 size) const { return fakes::bytes_at(card.disks.at(1).bytes, at, size); }
    std::multiset<Command> commands() const {
        std::multiset<Command> all;
        for (auto& one : card.seen) all.insert(one.command);
        return all;
    }

    Owned<Controller> driver;
};

/// Reads of 512 bytes from each of the sectors, side by side; how many failed.
u32 read_each(device::BlockDevice& disk, u32 count, const Rig& rig) {
    u32 failed = 0;
    fakes::Join join;
    for (u32 i = 0; i < count; ++i)
        fakes::spawn(join, [&, i] {
            DiskMemory memory;
            auto piece = memory.piece(0, 512);
            auto result = disk.read(i, {&piece, 1});
            if (!result) {
                ++failed;
                EXPECT_EQ(result.error(), Error::io);
                return;
            }
            EXPECT_EQ(memory.copy(0, 512), rig.bytes(u64{i} * 512, 512)) << i;
        });
    join.wait();
    return failed;
}

TEST(Ahci, ReadsAndWritesThroughTheQueueOrWithout) {
    struct Case { bool controller; u32 depth; bool queued; };
    for (auto one : {Case{true, 32, true}, Case{true, 4, true}, Case{true, 0, false}, Case{false, 32, false}})
        simulated([&] {
            Rig rig([&](auto& card) { card.queues = one.controller, card.disks[1].depth = one.depth; });
            rig.run([&](device::BlockDevice& disk) {
                EXPECT_EQ(disk.sectors(), 2048u);
                fakes::expect_transfers(disk, rig.disk().bytes);
                std::multiset<Command> expected{one.queued ? Command::read_queued : Command::read, one.queued ? Command::write_queued : Command::write, Command::flush};
                EXPECT_EQ(rig.commands(), expected);
                EXPECT_EQ(read_each(disk, 100, rig), 0u);
            });
        });
}

TEST(Ahci, FindsDisksOnly) {
    simulated([] {
        Rig rig([](auto& card) {
            card.disks[0].signature = 0xeb14'0101;  // a CD drive
            card.disks[2].linked = false;
            card.disks[3].wide = false;
            card.disks[4] = {.bytes = pattern(65536), .sector_size = 4096};
        });
        EXPECT_EQ(rig.start(), 2u);
        EXPECT_EQ(device::disk(1)->sectors(), 128u);
        DiskMemory memory;
        auto piece = memory.piece(0, 512);
        EXPECT_EQ(device::disk(1)->read(0, {&piece, 1}).error(), Error::invalid);
        EXPECT_FALSE(device::disk(2));
    });
}

TEST(Ahci, ReadsLargerSectors) {
    simulated([] {
        Rig rig([](auto& card) { card.disks[1].sector_size = 4096; });
        rig.run([&](device::BlockDevice& disk) {
            DiskMemory memory(1);
            auto piece = memory.piece(0, 8192);
            ASSERT_TRUE(disk.read(24, {&piece, 1}));
            EXPECT_EQ(memory.copy(0, 8192), rig.bytes(12288, 8192));
        });
    });
}

TEST(Ahci, LeavesAMachineWithoutDisksAlone) {
    simulated([] {
        Rig rig([](auto& card) { card.disks.clear(); });
        EXPECT_EQ(rig.start(), 0u);
        EXPECT_FALSE(rig.card.handler);
        rig.driver.reset();
    });
}

TEST(Ahci, RefusesControllersThatDoNotStart) {
    simulated([] {
        Rig rig([](auto& card) { card.resets = false; });
        EXPECT_EQ(rig.start().error(), Error::io);
    });
    simulated([] {
        Rig rig([](auto& card) { card.wide_addresses = false; });
        EXPECT_EQ(rig.start().error(), Error::not_supported);
    });
}

TEST(Ahci, TellsWhichCommandIsAtFault) {
    for (u32 depth : {32u, 0u})
        simulated([&] {
            Rig rig([&](auto& card) { card.disks[1].bad_block = 7, card.disks[1].depth = depth; });
            rig.run([&](device::BlockDevice& disk) {
                EXPECT_EQ(read_each(disk, 20, rig), 1u);
                EXPECT_GE(rig.card.link_resets, 2u);
                for (auto& one : rig.card.seen)
                    if (depth && one.command == Command::read) EXPECT_FALSE(one.beside_others);
                EXPECT_EQ(read_each(disk, 7, rig), 0u);
                EXPECT_TRUE(disk.flush());
                EXPECT_FALSE(rig.card.is_cut_off);
            });
        });
}

TEST(Ahci, FlushesAlone) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            fakes::Join join;
            for (u32 i = 0; i < 60; ++i)
                fakes::spawn(join, [&, i] {
                    if (i % 5 == 4) {
                        EXPECT_TRUE(disk.flush());
                        return;
                    }
                    DiskMemory memory;
                    auto piece = memory.piece(0, 512);
                    EXPECT_TRUE(disk.write(i, {&piece, 1}));
                });
            join.wait();
            for (auto& one : rig.card.seen)
                if (one.command == Command::flush) EXPECT_FALSE(one.beside_others);
            EXPECT_EQ(disk.flushes.requests, 12u);
        });
    });
    simulated([] {
        Rig rig([](auto& card) { card.disks[1].cache = false; });
        rig.run([&](device::BlockDevice& disk) {
            EXPECT_TRUE(disk.flush());
            EXPECT_TRUE(rig.card.seen.empty());
        });
    });
}

TEST(Ahci, LetsGoOfBlocksAlone) {
    simulated([] {
        Rig rig([](auto& card) { card.disks[1].bytes = pattern(64_MiB); });
        rig.run([&](device::BlockDevice& disk) {
            fakes::Join join;
            for (u32 i = 0; i < 8; ++i)
                fakes::spawn(join, [&, i] {
                    DiskMemory memory;
                    auto piece = memory.piece(0, 4096);
                    EXPECT_TRUE(disk.read(i * 8, {&piece, 1}));
                    if (i == 4) EXPECT_TRUE(disk.discard(100, 120'000));
                });
            join.wait();
            EXPECT_EQ(rig.bytes(51200, 120'000 * 512), std::vector<u8>(120'000 * 512));
            EXPECT_NE(rig.bytes(50688, 512), std::vector<u8>(512));
            EXPECT_NE(rig.bytes(51200 + 120'000 * 512, 512), std::vector<u8>(512));
            EXPECT_EQ(rig.commands().count(Command::trim), 1u);
            for (auto& one : rig.card.seen)
                if (one.command == Command::trim) EXPECT_FALSE(one.beside_others);
        });
    });
    simulated([] {
        Rig rig([](auto& card) { card.disks[1].trims = false; });
        rig.run([&](device::BlockDevice& disk) { EXPECT_EQ(disk.discard(0, 8).error(), Error::not_supported); });
    });
}

TEST(Ahci, SurvivesLostInterrupts) {
    simulated([] {
        Rig rig([](auto& card) { card.interrupts = false; });
        rig.run([&](device::BlockDevice& disk) { EXPECT_EQ(read_each(disk, 3, rig), 0u); });
    });
}

/// Requests to a disk that stops answering end, and so do those that wait.
void ends_with_errors(const std::function<void(AhciController::Disk&)>& misbehave, bool cut_off) {
    simulated([&] {
        Rig rig;
        ASSERT_EQ(rig.start(), 1u);
        auto& disk = *device::disk(0);
        misbehave(rig.disk());
        EXPECT_EQ(read_each(disk, 40, rig), 40u);
        EXPECT_EQ(disk.flush().error(), Error::io);
        EXPECT_EQ(rig.card.is_cut_off, cut_off);
    });
}
TEST(Ahci, EndsRequestsWhenTheDiskIsSilent) {
    ends_with_errors([](auto& disk) { disk.silent = true; }, false);
}
TEST(Ahci, EndsRequestsWhenTheDiskIsPulledOut) {
    ends_with_errors([](auto& disk) { disk.linked = false; }, false);
}
TEST(Ahci, CutsOffAControllerThatDoesNotStop) {
    ends_with_errors([](auto& disk) { disk.silent = disk.stuck = true; }, true);
}

TEST(Ahci, TriesAgainWhenADiskWasSilentOnce) {
    simulated([] {
        Rig rig([](auto& card) { card.disks[1].bytes.resize(65536); });
        ASSERT_EQ(rig.start(), 1u);
        auto& disk = *device::disk(0);
        rig.disk().silent = true;
        fakes::Join join;
        fakes::spawn(join, [&] { EXPECT_EQ(read_each(disk, 3, rig), 0u); });
        fakes::spawn(join, [&] {
            while (!rig.card.link_resets) sync::sleep(Duration::ms(100));
            rig.disk().silent = false;
        });
        beside(rig.card, [&] { join.wait(); });
    });
}

TEST(Ahci, SaysWhenThereIsNoMemory) {
    for (u64 nth = 1; nth < 12; ++nth)
        simulated([&] {
            Rig rig;
            memory::fail_allocation(nth);
            auto started = rig.start();
            memory::fail_allocation(0);
            EXPECT_TRUE(started) << nth;
            EXPECT_LE(*started, 1u) << nth;
        });
}

}  // namespace
}  // namespace spore::drivers::ahci
