// The NVMe driver with a controller that keeps the rules, and with one that does not.
#include <gtest/gtest.h>

#include "arch/cpu.hpp"
#include "kernel/drivers/block/nvme/controller.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/nvme.hpp"
#include "tests/unit/kernel/drivers/disk_errors.hpp"
#include "tests/unit/kernel/drivers/disk_rig.hpp"

namespace spore::drivers::nvme {
namespace {

using fakes::bytes_at;
using fakes::DiskMemory;
using fakes::NvmeController;
using fakes::pattern;
using fakes::simulated;

struct Rig : fakes::DiskRig<Rig, NvmeController> {
    explicit Rig(std::function<void(NvmeController&)> prepare = {}) {
        card.namespaces[1].bytes = pattern(1_MiB);
        if (prepare) prepare(card);
    }
    Result<u32> start() {
        auto& driver = *new Controller(take());
        TRY(driver.open());
        return driver.add_disks();
    }
};

TEST(Nvme, ReadsAndWrites) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            EXPECT_EQ(disk.sectors(), 2048u);
            EXPECT_FALSE(disk.read_only());
            DiskMemory memory(7);
            auto& bytes = rig.card.namespaces[1].bytes;
            for (u32 size : {512u, 4096u, 8192u, 65536u, 262144u})
                for (u32 offset : {0u, 512u, 4u}) {
                    auto piece = memory.piece(offset, size);
                    rig.card.seen.clear();
                    ASSERT_TRUE(disk.read(7, {&piece, 1}));
                    EXPECT_EQ(rig.card.seen.size(), 1u);
                    EXPECT_EQ(memory.copy(offset, piece.size), bytes_at(bytes, 7 * 512, piece.size)) << size << " at " << offset;
                }
            memory.fill(3, 8192);
            auto piece = memory.piece(0, 8192);
            ASSERT_TRUE(disk.write(100, {&piece, 1}));
            EXPECT_EQ(memory.copy(0, 8192), bytes_at(bytes, 51200, 8192));
            EXPECT_TRUE(disk.flush());
            EXPECT_EQ(rig.card.seen.back().command.operation, static_cast<u8>(wire::nvme::Operation::flush));
            EXPECT_EQ(disk.writes.sectors, 16u);
        });
    });
}

TEST(Nvme, CutsWhatOneCommandDoesNotTake) {
    simulated([] {
        Rig rig([](auto& card) { card.transfer_limit = 2; });  // 16 KiB
        rig.run([&](device::BlockDevice& disk) {
            DiskMemory memory(5);
            auto& bytes = rig.card.namespaces[1].bytes;
            auto piece = memory.piece(0, 131072);
            ASSERT_TRUE(disk.read(0, {&piece, 1}));
            EXPECT_EQ(rig.card.seen.size(), 8u);
            EXPECT_EQ(memory.copy(0, 131072), bytes_at(bytes, 0, 131072));
            // Pieces that meet elsewhere than at pages' boundaries.
            rig.card.seen.clear();
            device::TransferPiece pieces[] = {memory.piece(512, 512), memory.piece(4096 + 1024, 3072), memory.piece(8192, 8192), memory.piece(3072, 1024)};
            ASSERT_TRUE(disk.read(10, pieces));
            EXPECT_EQ(rig.card.seen.size(), 3u);
            EXPECT_EQ(memory.copy(512, 512), bytes_at(bytes, 5120, 512));
            EXPECT_EQ(memory.copy(5120, 3072), bytes_at(bytes, 5632, 3072));
            EXPECT_EQ(memory.copy(8192, 8192), bytes_at(bytes, 8704, 8192));
            EXPECT_EQ(memory.copy(3072, 1024), bytes_at(bytes, 16896, 1024));
        });
    });
}

TEST(Nvme, KnowsLargerBlocks) {
    simulated([] {
        Rig rig([](auto& card) { card.namespaces[1].block_shift = 12; });
        rig.run([&](device::BlockDevice& disk) {
            EXPECT_EQ(disk.sectors(), 2048u);
            DiskMemory memory(1);
            auto piece = memory.piece(0, 8192);
            ASSERT_TRUE(disk.read(16, {&piece, 1}));
            EXPECT_EQ(rig.card.seen.back().command.arguments[0], 2u);
            EXPECT_EQ(memory.copy(0, 8192), bytes_at(rig.card.namespaces[1].bytes, 8192, 8192));
            auto half = memory.piece(0, 512);
            EXPECT_EQ(disk.read(16, {&half, 1}).error(), Error::invalid);
            EXPECT_EQ(disk.read(17, {&piece, 1}).error(), Error::invalid);
            device::TransferPiece cut[] = {memory.piece(0, 512), memory.piece(1024, 3584)};
            EXPECT_EQ(disk.read(16, cut).error(), Error::invalid);
        });
    });
}

TEST(Nvme, RefusesWhatIsNotOnTheDisk) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            DiskMemory memory;
            auto piece = memory.piece(0, 4096), odd = memory.piece(0, 100), askew = memory.piece(2, 512);
            EXPECT_EQ(disk.read(2041, {&piece, 1}).error(), Error::out_of_range);
            EXPECT_EQ(disk.read(~u64{0}, {&piece, 1}).error(), Error::out_of_range);
            EXPECT_EQ(disk.read(0, {&odd, 1}).error(), Error::invalid);
            EXPECT_EQ(disk.read(0, {&askew, 1}).error(), Error::invalid);
            EXPECT_TRUE(rig.card.seen.empty());
        });
    });
}

TEST(Nvme, FindsAllNamespacesThatItCanUse) {
    for (u32 version : {0x1'04'00u, 0x1'00'00u})
        simulated([&] {
            Rig rig([&](auto& card) {
                card.version = version;
                card.namespaces[3].bytes = pattern(65536);
                card.namespaces[3].read_only = true;
                card.namespaces[4] = {.block_shift = 9, .bytes = pattern(4096), .metadata = 8};
                card.namespaces[5] = {.block_shift = 14, .bytes = pattern(65536)};
                card.namespaces[6] = {.block_shift = 9, .bytes = {}};
            });
            EXPECT_EQ(rig.start(), 2u);
            auto* second = device::disk(1);
            ASSERT_TRUE(second);
            EXPECT_EQ(second->sectors(), 128u);
            EXPECT_TRUE(second->read_only());
            DiskMemory memory;
            auto piece = memory.piece(0, 512);
            EXPECT_EQ(second->write(0, {&piece, 1}).error(), Error::read_only);
        });
}

TEST(Nvme, GivesEachCpuAQueueWhereThereAreEnough) {
    struct Case { u32 queues, messages, made; };
    for (auto one : {Case{8, 8, 4}, Case{2, 8, 2}, Case{8, 3, 3}, Case{8, 0, 1}})
        simulated([&] {
            Rig rig([&](auto& card) { card.most_queues = one.queues, card.messages = one.messages; });
            ASSERT_TRUE(rig.start());
            EXPECT_EQ(rig.card.vector_of.size(), one.made);
            EXPECT_EQ(rig.card.shared_interrupts, one.messages ? 0u : 1u);
            for (auto [vector, cpu] : rig.card.cpu_of_vector) EXPECT_EQ(vector, cpu);
        }, {.cpus = 4});
}

TEST(Nvme, TellsOfErrors) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            DiskMemory memory;
            auto piece = memory.piece(0, 4096);
            struct Case { u32 status; Error error; };
            for (auto one : {Case{0x281, Error::io}, Case{0x004, Error::io}, Case{0x080, Error::out_of_range}, Case{0x020, Error::read_only}}) {
                rig.card.status_of_commands = one.status;
                EXPECT_EQ(disk.write(0, {&piece, 1}).error(), one.error) << one.status;
            }
            rig.card.status_of_commands = 0;
            fakes::expect_reads(disk, 100);  // and no slot was lost
            EXPECT_EQ(disk.reads.requests, 100u);
        });
    });
}

TEST(Nvme, FlushesOnlyACache) {
    simulated([] {
        Rig rig([](auto& card) { card.has_cache = false; });
        rig.run([&](device::BlockDevice& disk) {
            EXPECT_TRUE(disk.flush());
            EXPECT_TRUE(rig.card.seen.empty());
        });
    });
}

TEST(Nvme, DiscardsWholeBlocks) {
    simulated([] {
        Rig rig([](auto& card) { card.namespaces[1].block_shift = 12; });
        rig.run([&](device::BlockDevice& disk) {
            auto& bytes = rig.card.namespaces[1].bytes;
            auto expected = bytes;
            std::fill(&expected[8192], &expected[24576], u8{0});
            ASSERT_TRUE(disk.discard(15, 34));  // and parts of the blocks around them
            EXPECT_TRUE(bytes == expected);
            ASSERT_TRUE(disk.discard(1, 9));
            EXPECT_TRUE(bytes == expected);
            EXPECT_EQ(rig.card.seen.size(), 1u);
            EXPECT_EQ(disk.discard_granularity(), 8u);
            EXPECT_EQ(disk.discard(2040, 9).error(), Error::out_of_range);
        });
    });
    simulated([] {
        Rig rig([](auto& card) { card.discards = false; });
        rig.run([&](device::BlockDevice& disk) { EXPECT_EQ(disk.discard(0, 8).error(), Error::not_supported); });
    });
}

TEST(Nvme, SurvivesLostInterrupts) {
    simulated([] {
        Rig rig([](auto& card) { card.interrupts = false; });
        rig.run([&](device::BlockDevice& disk) {
            fakes::expect_reads(disk, 1);
            EXPECT_FALSE(rig.card.is_cut_off);
        });
    });
}

/// What the controller does instead of answering.
void ends_with_errors(const std::function<void(NvmeController&)>& misbehave) {
    simulated([&] {
        Rig rig;
        ASSERT_TRUE(rig.start());
        auto& disk = *device::disk(0);
        fakes::expect_ends(disk, [&] { misbehave(rig.card); });
        EXPECT_TRUE(rig.card.is_cut_off);
        DiskMemory memory;
        auto piece = memory.piece(0, 512);
        EXPECT_EQ(disk.read(0, {&piece, 1}).error(), Error::io);
        EXPECT_EQ(disk.flush().error(), Error::io);
    });
}
TEST(Nvme, EndsRequestsWhenTheControllerIsSilent) {
    ends_with_errors([](NvmeController&) {});
}
TEST(Nvme, EndsRequestsWhenTheControllerHasFailed) {
    ends_with_errors([](NvmeController& card) { card.fatal = true; });
}
TEST(Nvme, EndsRequestsWhenAnIdIsWrong) {
    for (u16 id : {u16{32}, u16{0xffff}})
        ends_with_errors([=](NvmeController& card) {
            card.complete(1, id, 0);
            card.interrupt(1);
        });
}
TEST(Nvme, EndsRequestsWhenOneIsAnsweredTwice) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            DiskMemory memory;
            auto piece = memory.piece(0, 512);
            EXPECT_TRUE(disk.read(0, {&piece, 1}));
            rig.card.complete(1, 0, 0);
            rig.card.interrupt(1);
            EXPECT_TRUE(rig.card.is_cut_off);
            EXPECT_EQ(disk.read(0, {&piece, 1}).error(), Error::io);
        });
    });
}

TEST(Nvme, RefusesControllersThatDoNotStart) {
    struct Case { const char* name; std::function<void(NvmeController&)> prepare; Error error; };
    for (auto& one : {Case{"never ready", [](auto& card) { card.becomes_ready = false; }, Error::io}, Case{"fatal", [](auto& card) { card.becomes_ready = false, card.fatal = true; }, Error::io},
                      Case{"silent", [](auto& card) { card.answers_admin = false; }, Error::io}, Case{"large pages", [](auto& card) { card.page_minimum = 4; }, Error::not_supported},
                      Case{"one entry", [](auto& card) { card.most_entries = 1; }, Error::not_supported}})
        simulated([&] {
            Rig rig(one.prepare);
            EXPECT_EQ(rig.start().error(), one.error) << one.name;
            EXPECT_TRUE(rig.card.is_cut_off);
            EXPECT_FALSE(device::disk(0));
        });
}

TEST(Nvme, WorksWithTheShortestRings) {
    simulated([] {
        Rig rig([](auto& card) { card.most_entries = 2; });
        rig.run([](device::BlockDevice& disk) { fakes::expect_reads(disk, 10); });
    });
}

TEST(Nvme, SpreadsOverTheCpus) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            fakes::Join join;
            for (u32 i = 0; i < 200; ++i)
                fakes::spawn(join, [&, i] {
                    DiskMemory memory;
                    auto piece = memory.piece(0, 512);
                    ASSERT_TRUE(disk.read(i, {&piece, 1}));
                    EXPECT_EQ(memory.copy(0, 512), bytes_at(rig.card.namespaces[1].bytes, i * 512, 512));
                });
            join.wait();
        });
    }, {.cpus = 4});
}

TEST(Nvme, SaysWhenThereIsNoMemory) {
    for (u64 nth = 1; nth < 30; ++nth)
        simulated([&] {
            Rig rig;
            memory::fail_allocation(nth);
            auto started = rig.start();
            bool failed = memory::fail_allocation(0) == 0;
            // Without memory for its disk there is a controller with no use.
            if (failed) EXPECT_TRUE(started ? *started == 0 : started.error() == Error::no_memory) << nth;
            else EXPECT_EQ(started, 1u) << nth;
        });
}

}  // namespace
}  // namespace spore::drivers::nvme
