// The PVSCSI driver with an adapter that keeps the rules, and with one that does not.
#include <gtest/gtest.h>

#include "kernel/drivers/block/pvscsi/adapter.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/pvscsi.hpp"
#include "tests/unit/kernel/drivers/disk_errors.hpp"
#include "tests/unit/kernel/drivers/disk_rig.hpp"

namespace spore::drivers::pvscsi {
namespace {

using fakes::beside;
using fakes::pattern;
using fakes::PvscsiAdapter;
using fakes::ScsiError;
using fakes::simulated;
using wire::scsi::Operation;

struct Rig : fakes::DiskRig<Rig, PvscsiAdapter> {
    explicit Rig(std::function<void(PvscsiAdapter&)> prepare = {}) {
        card.units[{1, 0}].bytes = pattern(1_MiB);
        if (prepare) prepare(card);
    }
    Result<void> start() {
        auto& driver = *new Adapter(take());
        Result<void> started;
        beside(card, [&] { started = driver.open(); });
        return started;
    }
};

TEST(Pvscsi, ReadsAndWrites) {
    for (bool messages : {true, false})
        simulated([&] {
            Rig rig([&](auto& card) { card.messages = messages; });
            rig.run([&](device::BlockDevice& disk) {
                EXPECT_EQ(disk.sectors(), 2048u);
                fakes::expect_transfers(disk, rig.card.units[{1, 0}].bytes);
                EXPECT_EQ(rig.card.seen, (std::vector{Operation::read, Operation::write, Operation::synchronize}));
                fakes::expect_reads(disk, 300);  // around both rings
            });
        });
}

TEST(Pvscsi, FindsDisksOnly) {
    simulated([] {
        Rig rig([](auto& card) {
            card.units[{2, 0}] = {.bytes = pattern(65536), .kind = 5};  // a CD drive
            card.units[{3, 0}] = {.bytes = pattern(65536), .block_size = 4096, .read_only = true};
            card.units[{4, 0}] = {.bytes = pattern(65536), .block_size = 520};
        });
        ASSERT_TRUE(rig.start());
        auto* second = device::disk(1);
        ASSERT_TRUE(second);
        EXPECT_EQ(second->sectors(), 128u);
        EXPECT_TRUE(second->read_only());
        EXPECT_FALSE(device::disk(2));
    });
}

TEST(Pvscsi, TellsOfErrorsAndTriesAgainWhatMayWorkThen) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            fakes::expect_errors(disk, rig.card, fakes::scsi_errors);
            fakes::expect_errors(disk, rig.card, std::array{ScsiError{{0x12, 0, 0, 0}, Error::io}, ScsiError{{0x0c, 0, 0, 0}, Error::io}});
            fakes::expect_retries(disk, rig.card, fakes::scsi_retries);
        });
    });
}

TEST(Pvscsi, LetsGoOfWholeBlocksOfDisksThatCan) {
    simulated([] {
        Rig rig([](auto& card) {
            card.units[{2, 0}] = {.bytes = pattern(1_MiB), .block_size = 4096, .most_unmapped = 100};
            card.units[{3, 0}] = {.bytes = pattern(65536), .read_only = true, .most_unmapped = 100};
            card.units[{4, 0}] = {.bytes = pattern(1_MiB), .block_size = 4096, .unmapped_together = 32, .most_unmapped = 100};
            card.units[{5, 0}] = {.bytes = pattern(1_MiB), .block_size = 4096, .unmapped_together = 1000, .most_unmapped = 100};
        });
        rig.run([&](device::BlockDevice& first) {
            auto& disk = *device::disk(1);
            auto& bytes = rig.card.units[{2, 0}].bytes;
            auto expected = bytes;
            std::fill(&expected[8192], &expected[24576], u8{0});
            ASSERT_TRUE(disk.discard(15, 34));  // and parts of the blocks around them
            EXPECT_TRUE(bytes == expected);
            EXPECT_EQ(rig.card.seen, std::vector{Operation::unmap});
            ASSERT_TRUE(disk.discard(0, disk.sectors()));
            EXPECT_TRUE(bytes == std::vector<u8>(bytes.size()));
            EXPECT_EQ(rig.card.seen.size(), 4u) << "a hundred at a time";
            EXPECT_EQ(disk.discard_granularity(), 8u);
            EXPECT_EQ(first.discard_granularity(), 0u);
            EXPECT_EQ(device::disk(2)->discard_granularity(), 0u) << "it cannot be written";
            // In portions of 32 blocks, of which three fit into a hundred.
            auto& other = *device::disk(3);
            EXPECT_EQ(other.discard_granularity(), 256u);
            rig.card.seen.clear();
            ASSERT_TRUE(other.discard(8, other.sectors() - 8));
            EXPECT_EQ(rig.card.seen.size(), 3u);
            EXPECT_EQ(device::disk(4)->discard_granularity(), 8u) << "more than it takes is no portion";
            EXPECT_EQ(disk.discard(2040, 9).error(), Error::out_of_range);
            EXPECT_EQ(first.discard(0, 8).error(), Error::not_supported);
            EXPECT_FALSE(device::disk(2)->discard(0, 8));
        });
    });
}

TEST(Pvscsi, SurvivesLostInterrupts) {
    simulated([] {
        Rig rig([](auto& card) { card.interrupts = false; });
        rig.run([](device::BlockDevice& disk) { fakes::expect_reads(disk, 1); });
    });
}

void ends_with_errors(const std::function<void(PvscsiAdapter&)>& misbehave) {
    simulated([&] {
        Rig rig;
        ASSERT_TRUE(rig.start());
        rig.card.silent = true;
        auto& disk = *device::disk(0);
        fakes::expect_ends(disk, [&] { misbehave(rig.card); });
        EXPECT_TRUE(rig.card.is_cut_off);
        EXPECT_EQ(disk.flush().error(), Error::io);
    });
}
TEST(Pvscsi, EndsRequestsWhenTheAdapterIsSilent) {
    ends_with_errors([](PvscsiAdapter&) {});
}
TEST(Pvscsi, EndsRequestsWhenWhatIsDoneWasNotAskedFor) {
    for (u64 context : {u64{0}, u64{33}, ~u64{0}})
        ends_with_errors([=](PvscsiAdapter& card) {
            card.complete(context);
            card.interrupt();
        });
}

TEST(Pvscsi, RefusesAnAdapterThatTakesNoRings) {
    simulated([] {
        Rig rig([](auto& card) { card.refuses_rings = true; });
        EXPECT_EQ(rig.start().error(), Error::not_supported);
        EXPECT_TRUE(rig.card.is_cut_off);
    });
}

TEST(Pvscsi, SaysWhenThereIsNoMemory) {
    for (u64 nth = 1; nth < 12; ++nth)
        simulated([&] {
            Rig rig;
            auto& driver = *new Adapter(rig.take());
            Result<void> started;
            beside(rig.card, [&] {
                memory::fail_allocation(nth);
                started = driver.open();
                memory::fail_allocation(0);
            });
            if (!started) EXPECT_EQ(started.error(), Error::no_memory) << nth;
        });
}

}  // namespace
}  // namespace spore::drivers::pvscsi
