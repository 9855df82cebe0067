// Disks behind Hyper-V's controllers: with a host that keeps the rules, and with one that does not.
#include "kernel/drivers/hyperv/storage.hpp"

#include <gtest/gtest.h>

#include <random>

#include "kernel/drivers/hyperv/channel.hpp"
#include "kernel/drivers/request_slots.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "kernel/sync/sleep.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/hyperv_storage.hpp"
#include "tests/unit/kernel/drivers/disk_errors.hpp"
#include "tests/unit/kernel/drivers/disk_rig.hpp"

namespace spore::drivers::hyperv {
namespace {

using namespace wire::hyperv;
using device::TransferPiece;
using fakes::beside;
using fakes::DiskMemory;
using fakes::HypervStorage;
using fakes::pattern;
using fakes::ScsiError;
using fakes::simulated;
using wire::scsi::Operation;

struct Rig {
    explicit Rig(std::function<void(HypervStorage&)> prepare = {}, Guid interface = storage_scsi, Guid instance = {}) : host(interface, instance) {
        host.units[{0, 0}].bytes = pattern(4_MiB);
        if (prepare) prepare(host);
    }
    Result<void> start() {
        Result<void> started = fail(Error::invalid);
        beside(host, [&] {
            ASSERT_TRUE(bus.connect());
            started = attach_storage(bus, bus.offers()[0]);
        });
        return started;
    }
    void run(const std::function<void(device::BlockDevice&)>& body) {
        ASSERT_TRUE(start());
        ASSERT_TRUE(device::disk(0));
        host.seen.clear();
        beside(host, [&] { body(*device::disk(0)); });
    }
    std::vector<u8> bytes(u64 at, u64 size) const { return fakes::bytes_at(host.units.at({0, 0}).bytes, at, size); }
    HypervStorage host;
    Bus& bus = *new Bus;  // lives as long as the machine
};

TEST(HypervStorage, KnowsItsOffers) {
    EXPECT_TRUE(is_storage({.interface = storage_scsi}));
    EXPECT_TRUE(is_storage({.interface = storage_ide}));
    EXPECT_FALSE(is_storage({.interface = {1, 2, 3, {}}}));
}

TEST(HypervStorage, ReadsAndWrites) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            EXPECT_EQ(disk.sectors(), 8192u);
            fakes::expect_transfers(disk, rig.host.units[{0, 0}].bytes);
            EXPECT_EQ(rig.host.seen, (std::vector{Operation::read, Operation::read, Operation::read, Operation::write, Operation::synchronize}));
            fakes::expect_reads(disk, 500);  // around both rings
        });
    });
}

TEST(HypervStorage, MovesWhatIsAskedForInEveryShapeOfPieces) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            constexpr unsigned order = 9;
            constexpr u32 all = page_size << order;
            DiskMemory memory(order);
            std::mt19937 random(3);
            auto below = [&](u32 end) { return static_cast<u32>(random() % end); };
            for (u32 round = 0; round < 300; ++round) {
                std::vector<TransferPiece> pieces;
                std::vector<std::pair<u32, u32>> places;
                u32 bytes = 0, at = below(64) * 4;
                for (u32 count = 1 + below(16); count--;) {
                    // Of all kinds: as pages lie, up to a page's end, and anyhow.
                    u32 kind = below(3), size = kind == 0 ? page_size * (1 + below(20)) : 512 * (1 + below(70));
                    if (kind == 0) at = static_cast<u32>(align_up(at, page_size));
                    if (kind == 1) at = static_cast<u32>(align_up(at + size, page_size)) - size;
                    if (at + size > all) break;
                    pieces.push_back(memory.piece(at, size));
                    places.emplace_back(at, size);
                    bytes += size, at += size + (below(2) ? 0 : below(64) * 4);
                }
                u64 first = below((4_MiB - bytes) / 512 + 1);
                bool writes = below(2);
                if (writes) memory.fill(static_cast<u8>(round), all);
                else std::memset(memory.bytes(), 0x5a, all);
                ASSERT_TRUE(writes ? disk.write(first, pieces) : disk.read(first, pieces)) << round;
                u64 on_disk = first * 512;
                u32 before = 0;
                for (auto [offset, size] : places) {
                    EXPECT_TRUE(memory.copy(offset, size) == rig.bytes(on_disk, size)) << round;
                    if (!writes) EXPECT_EQ(memory.copy(before, offset - before), std::vector<u8>(offset - before, 0x5a)) << round;
                    on_disk += size, before = offset + size;
                }
            }
            EXPECT_EQ(rig.host.largest, 256_KiB);
        });
    });
}

TEST(HypervStorage, AsksOnceForWhatMeetsAtPages) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            DiskMemory memory(5);
            TransferPiece pieces[] = {memory.piece(3584, 512), memory.piece(65536, 4096), memory.piece(16384, 8192), memory.piece(32768, 1024)};
            ASSERT_TRUE(disk.read(8, pieces));
            EXPECT_EQ(rig.host.seen.size(), 1u);
            EXPECT_EQ(memory.copy(16384, 8192), rig.bytes(8 * 512 + 4608, 8192));
        });
    });
}

TEST(HypervStorage, KeepsToTheLargestTransferThatTheHostTakes) {
    for (auto [told, kept] : {std::pair{0x5800u, 0x5000u}, {100u, 4096u}, {~0u, 256u * 1024}})
        simulated([&] {
            Rig rig([&](auto& host) { host.most_bytes = told; });
            EXPECT_TRUE(rig.start());
            rig.host.most_bytes = ~0u;
            beside(rig.host, [&] {
                DiskMemory memory(8);
                auto piece = memory.piece(0, 1_MiB);
                ASSERT_TRUE(device::disk(0)->read(1, {&piece, 1}));
                EXPECT_TRUE(memory.copy(0, 1_MiB) == rig.bytes(512, 1_MiB));
            });
            EXPECT_EQ(rig.host.largest, kept);
        });
}

TEST(HypervStorage, FindsDisksOnly) {
    simulated([] {
        Rig rig([](auto& host) {
            host.units[{0, 1}] = {.bytes = pattern(65536), .kind = 5};  // a CD drive
            host.units[{0, 7}] = {.bytes = pattern(65536), .block_size = 4096, .read_only = true};
            host.units[{0, 9}] = {.bytes = pattern(65536), .block_size = 520};
            host.units[{0, 63}].bytes = pattern(8192);
            host.units[{1, 0}].bytes = pattern(1024);
            host.units[{2, 0}].bytes = pattern(2048);  // where none is looked for
        });
        ASSERT_TRUE(rig.start());
        auto* second = device::disk(1);
        ASSERT_TRUE(second);
        EXPECT_EQ(second->sectors(), 128u);
        EXPECT_TRUE(second->read_only());
        ASSERT_TRUE(device::disk(3));
        EXPECT_EQ(device::disk(2)->sectors(), 16u);
        EXPECT_EQ(device::disk(3)->sectors(), 2u);
        EXPECT_FALSE(device::disk(4));
    });
    simulated([] {
        Rig rig([](auto& host) { host.has_targets = false; });
        EXPECT_TRUE(rig.start());
        EXPECT_FALSE(device::disk(0));
    });
}

TEST(HypervStorage, LetsGoOfBlocks) {
    simulated([] {
        Rig rig([](auto& host) { host.units[{0, 0}].most_unmapped = 1 << 20; });
        rig.run([&](device::BlockDevice& disk) {
            ASSERT_TRUE(disk.discard(8, 4000));
            EXPECT_EQ(rig.host.seen, std::vector{Operation::unmap});
            EXPECT_EQ(rig.bytes(4096, 4000 * 512), std::vector<u8>(4000 * 512));
            EXPECT_NE(rig.bytes(2048, 512), std::vector<u8>(512));
        });
    });
}

TEST(HypervStorage, FindsTheDiskOfAnIdeController) {
    simulated([] {
        Rig rig([](auto& host) { host.path = 1, host.units[{1, 0}].bytes = pattern(65536), host.knows_report_luns = false; }, storage_ide, {1, 1, 0x8899, {}});
        ASSERT_TRUE(rig.start());
        ASSERT_TRUE(device::disk(0));
        EXPECT_FALSE(device::disk(1)) << "the other's is offered by itself";
        beside(rig.host, [&] {
            DiskMemory memory;
            auto piece = memory.piece(0, 4096);
            ASSERT_TRUE(device::disk(0)->read(4, {&piece, 1}));
            auto& bytes = rig.host.units[{1, 0}].bytes;
            EXPECT_TRUE(memory.copy(0, 4096) == std::vector(&bytes[2048], &bytes[2048 + 4096]));
        });
    });
}

TEST(HypervStorage, TellsOfErrorsAndTriesAgainWhatMayWorkThen) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            fakes::expect_errors(disk, rig.host, fakes::scsi_errors);
            constexpr auto io = Error::io, no_device = Error::no_device;
            fakes::expect_errors(disk, rig.host, std::array{ScsiError{{0x84, 2, 7, 0x27}, Error::read_only}, ScsiError{{0x81, 2, 3, 0}, io}, ScsiError{{0x01, 2, 0, 0}, io}, ScsiError{{0x04, 0, 0, 0}, io},
                                                            ScsiError{{0x30, 0, 0, 0}, io}, ScsiError{{0x12, 0, 0, 0}, io}, ScsiError{{0x08, 0, 0, 0}, no_device},
                                                            ScsiError{{0x20, 2, 0, 0}, no_device}, ScsiError{{0x21, 0, 0, 0}, no_device}});
            fakes::expect_errors(disk, rig.host, std::array{ScsiError{{0x04, 2, 7, 0x27}, io}});  // what the unit said is not told
            DiskMemory memory;
            auto piece = memory.piece(0, 4096);
            rig.host.short_by = 512;
            EXPECT_EQ(disk.read(0, {&piece, 1}).error(), Error::io);
            EXPECT_EQ(disk.write(0, {&piece, 1}).error(), Error::io);
            rig.host.short_by = 0;
            rig.host.answers = {{0x84, 2, 1, 0x17}};  // recovered
            EXPECT_TRUE(disk.read(0, {&piece, 1}));
            using Answer = HypervStorage::Answer;
            fakes::expect_retries(disk, rig.host, fakes::scsi_retries);
            fakes::expect_retries(disk, rig.host, std::array{Answer{0x05, 0, 0, 0}, Answer{0x02, 0, 0, 0}, Answer{0x0e, 0, 0, 0}});
        });
    });
}

TEST(HypervStorage, ServesManyAtOnce) {
    for (u64 seed = 1; seed <= 4; ++seed)
        simulated([] {
            Rig rig;
            rig.run([&](device::BlockDevice& disk) {
                fakes::Join join;
                for (u32 thread = 0; thread < 40; ++thread)
                    fakes::spawn(join, [&rig, &disk, thread] {
                        std::mt19937 random(thread);
                        DiskMemory memory(1);
                        for (u32 i = 0; i < 10; ++i) {
                            u32 size = 512 * (1 + static_cast<u32>(random() % 8)), sector = thread * 64 + static_cast<u32>(random() % 56);
                            auto piece = memory.piece(static_cast<u32>(random() % 512) * 4, size);
                            auto offset = static_cast<u32>(piece.address.value % (2 * page_size));
                            memory.fill(static_cast<u8>(thread + i), 2 * page_size);
                            auto written = memory.copy(offset, size);
                            EXPECT_TRUE(disk.write(sector, {&piece, 1}));
                            EXPECT_TRUE(written == rig.bytes(sector * 512, size));
                            std::memset(memory.bytes(), 0, 2 * page_size);
                            EXPECT_TRUE(disk.read(sector, {&piece, 1}));
                            EXPECT_TRUE(memory.copy(offset, size) == written);
                        }
                    });
                join.wait();
            });
        }, {.cpus = 1 + static_cast<u32>(seed) % 4, .seed = seed});
}

TEST(HypervStorage, SurvivesLostEvents) {
    simulated([] {
        Rig rig([](auto& host) { host.quiet = true; });
        rig.run([](device::BlockDevice& disk) { fakes::expect_reads(disk, 1); });
    });
}

/// What it has of the driver's memory it uses until it answers.
TEST(HypervStorage, WaitsForAnAnswerAsLongAsTheHostLikes) {
    simulated([] {
        Rig rig;
        ASSERT_TRUE(rig.start());
        rig.host.silent = true;
        fakes::Join join;
        bool done = false;
        for (u32 i = 0; i < RequestSlots::most + 3; ++i)
            fakes::spawn(join, [&, i] {
                DiskMemory memory;
                auto piece = memory.piece(0, 4096);
                EXPECT_TRUE(device::disk(0)->read(i, {&piece, 1}));
                EXPECT_TRUE(memory.copy(0, 4096) == rig.bytes(i * 512, 4096));
                done = true;
            });
        sync::sleep(Duration::seconds(3600));
        EXPECT_FALSE(done);
        rig.host.silent = false;
        beside(rig.host, [&] { join.wait(); });
    });
}

TEST(HypervStorage, WaitsForRoomThatTheHostGivesBackLate) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            DiskMemory memory(6);
            auto piece = memory.piece(0, 256_KiB);
            rig.host.lags = true;
            fakes::Join join;
            u32 done = 0;
            fakes::spawn(join, [&] {
                for (; done < 100; ++done) ASSERT_TRUE(disk.read(done, {&piece, 1})) << done;
            });
            sync::sleep(Duration::seconds(5));
            EXPECT_GE(done, RequestSlots::most);
            EXPECT_LT(done, 100u);
            rig.host.lags = false;
            rig.host.end()->theirs().out = rig.host.end()->theirs().in;
            join.wait();
        });
    });
}

TEST(HypervStorage, HearsOfChangesWithoutHarm) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            DiskMemory memory;
            auto piece = memory.piece(0, 4096);
            for (u32 i = 0; i < 300; ++i) {
                rig.host.say(i % 2 ? StorageOperation::enumerate_bus : StorageOperation::notification);
                ASSERT_TRUE(disk.read(0, {&piece, 1}));
            }
            EXPECT_TRUE(rig.host.end()->put({.kind = PacketKind::in_band, .data = {1}}));
            EXPECT_TRUE(disk.read(0, {&piece, 1}));
        });
    });
}

void ends_with_errors(const std::function<void(Rig&)>& misbehave) {
    simulated([&] {
        Rig rig;
        ASSERT_TRUE(rig.start());
        rig.host.silent = true;
        auto& disk = *device::disk(0);
        fakes::expect_ends(disk, [&] { misbehave(rig); });
        u32 before = rig.host.end()->theirs().in;
        EXPECT_EQ(disk.flush().error(), Error::io);
        EXPECT_EQ(rig.host.end()->theirs().in, before) << "nothing is asked any more";
    });
}

TEST(HypervStorage, EndsRequestsWhenWhatIsDoneWasNotAskedFor) {
    for (u64 transaction : {u64{0}, u64{33}, u64{1} << 32 | 1, ~u64{0}}) ends_with_errors([=](Rig& rig) { rig.host.complete(transaction); });
}

TEST(HypervStorage, EndsRequestsWhenSomethingIsDoneTwice) {
    simulated([] {
        Rig rig;
        rig.run([&](device::BlockDevice& disk) {
            DiskMemory memory;
            auto piece = memory.piece(0, 512);
            ASSERT_TRUE(disk.read(0, {&piece, 1}));
            rig.host.complete(1);
            EXPECT_EQ(disk.read(0, {&piece, 1}).error(), Error::io);
        });
    });
}

TEST(HypervStorage, EndsRequestsWhenThePacketsMakeNoSense) {
    using Packet = fakes::ChannelEnd::Packet;
    StoragePacket good{.operation = StorageOperation::completion};
    auto bytes = fakes::ChannelEnd::copy_of(bytes_of(good)), another = bytes;
    another[0] = static_cast<u8>(StorageOperation::execute);
    for (auto& packet : {Packet{.kind = PacketKind::completion, .transaction = 1, .data = {bytes.begin(), bytes.begin() + 56}},
                         Packet{.kind = PacketKind::completion, .transaction = 1, .data = {}},
                         Packet{.kind = PacketKind::completion, .transaction = 1, .data = another},
                         Packet{.kind = PacketKind::transfer_pages, .transaction = 1, .data = bytes},
                         Packet{.kind = PacketKind{0xffff}, .transaction = 1, .data = bytes}})
        ends_with_errors([&](Rig& rig) { EXPECT_TRUE(rig.host.end()->put(packet)); });
    ends_with_errors([](Rig& rig) { rig.host.end()->ours().in = ~0u, rig.host.end()->raise(); });
    ends_with_errors([](Rig& rig) { rig.host.end()->ours().in = (rig.host.end()->ours().in + 8) % 28672, rig.host.end()->raise(); });
    ends_with_errors([](Rig& rig) { rig.host.end()->ours().in = ~0u; });  // and it does not even say so
}

TEST(HypervStorage, EndsRequestsWhenTheHostTakesTheControllerBack) {
    ends_with_errors([](Rig& rig) {
        rig.host.host.take_back(HypervStorage::channel);
        // What came before the answer to a question is heard with it.
        auto frame = memory::FrameRef::adopt(*memory::allocate_zeroed_frames());
        EXPECT_TRUE(rig.bus.share(3, frame.address(), page_size));
        EXPECT_EQ(rig.host.host.released, std::vector{HypervStorage::channel});
    });
}

TEST(HypervStorage, SpeaksTheBestVersionThatBothKnow) {
    for (auto [known, asked] : {std::pair{std::vector<u16>{0x602, 0x600, 0x501}, 1}, {std::vector<u16>{0x600, 0x501, 0x402}, 2}, {std::vector<u16>{0x501}, 3}})
        simulated([&] {
            Rig rig([&](auto& host) { host.versions = known; });
            EXPECT_TRUE(rig.start());
            EXPECT_EQ(std::ranges::count(rig.host.heard, StorageOperation::query_version), asked);
            EXPECT_TRUE(device::disk(0));
        });
    simulated([] {
        Rig rig([](auto& host) { host.versions = {0x402, 0x200}; });
        EXPECT_EQ(rig.start().error(), Error::not_supported);
        EXPECT_EQ(rig.host.heard.back(), StorageOperation::query_version);
    });
}

constexpr StorageOperation steps[] = {StorageOperation::begin_initialization, StorageOperation::query_version, StorageOperation::query_properties, StorageOperation::end_initialization};

TEST(HypervStorage, LeavesAControllerThatRefusesAStep) {
    for (auto step : steps)
        simulated([=] {
            Rig rig([=](auto& host) { host.refused = step; });
            // It is asked for other versions as long as there are any.
            if (step == StorageOperation::query_version) rig.host.refused = {}, rig.host.versions.clear();
            EXPECT_EQ(rig.start().error(), Error::not_supported);
            EXPECT_EQ(rig.host.heard.back(), step);
            EXPECT_FALSE(device::disk(0));
            rig.host.complete(1);  // which is late, and nobody's
        });
}

TEST(HypervStorage, DoesNotWaitForEverForAnAnswerToTheHandshake) {
    for (auto step : steps)
        simulated([=] {
            Rig rig([=](auto& host) { host.ignored = step; });
            EXPECT_EQ(rig.start().error(), Error::timed_out);
            EXPECT_EQ(rig.host.heard.back(), step);
            EXPECT_FALSE(device::disk(0));
        });
    simulated([] {
        Rig rig([](auto& host) { host.host.open_status = 1; });
        EXPECT_EQ(rig.start().error(), Error::not_supported);
    });
}

TEST(HypervStorage, SaysWhenThereIsNoMemory) {
    for (u64 nth = 1; nth < 10; ++nth)
        simulated([&] {
            Rig rig;
            beside(rig.host, [&] {
                ASSERT_TRUE(rig.bus.connect());
                memory::fail_allocation(nth);
                auto started = attach_storage(rig.bus, rig.bus.offers()[0]);
                memory::fail_allocation(0);
                if (!started) EXPECT_EQ(started.error(), Error::no_memory) << nth;
                else EXPECT_GT(nth, 2u);
            });
        });
}

}  // namespace
}  // namespace spore::drivers::hyperv
