// Controllers of disks that, by chance, say of themselves and of requests what they like: the drivers touch nothing that is not theirs, each request is
// answered or fails, and what is asked of a controller that broke the rules fails at once. SPORE_DISK_ROUNDS=20 for more of it.
#include <gtest/gtest.h>

#include <random>

#include "kernel/drivers/block/ahci/controller.hpp"
#include "kernel/drivers/block/nvme/controller.hpp"
#include "kernel/drivers/block/pvscsi/adapter.hpp"
#include "kernel/drivers/hyperv/storage.hpp"
#include "tests/fakes/ahci.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/disks.hpp"
#include "tests/fakes/hyperv_storage.hpp"
#include "tests/fakes/nvme.hpp"
#include "tests/fakes/pvscsi.hpp"

namespace spore::drivers {
namespace {

using fakes::DiskMemory;

class Chance {
public:
    explicit Chance(u32 seed) : engine_(seed) {}
    u32 word() { return static_cast<u32>(engine_()); }
    u32 below(u32 end) { return word() % end; }
    bool one_in(u32 count) { return below(count) == 0; }

private:
    std::mt19937 engine_;
};

// What differs between the kinds: how a controller is made and started, and how it lies. After its first lie it transfers no data any more, since the
// driver takes back the memory of what is said to be done.

struct Nvme {
    using Card = fakes::NvmeController;
    static constexpr const char* name = "Nvme";

    static void prepare(Card& card, Chance& chance) {
        auto& space = card.namespaces[1];
        space.bytes = fakes::pattern(1_MiB);
        space.block_shift = chance.one_in(4) ? chance.below(64) : chance.one_in(2) ? 9 : 12;
        space.metadata = chance.one_in(8);
        if (chance.one_in(4)) card.namespaces[chance.word()].bytes = fakes::pattern(chance.below(10'000));
        card.most_entries = 1 + chance.below(chance.one_in(2) ? 4 : 1000);
        card.most_queues = 1 + chance.below(8), card.messages = chance.below(5), card.transfer_limit = chance.below(256);
        card.page_minimum = chance.one_in(16), card.has_cache = chance.one_in(2), card.discards = chance.one_in(2);
        card.version = chance.one_in(2) ? 0x1'04'00 : 0x1'00'00;
        card.becomes_ready = !chance.one_in(32), card.answers_admin = !chance.one_in(32);
    }
    static void start(Card* card) {
        auto& driver = *new nvme::Controller(Owned<Hardware>(card));  // lives as long as the machine
        if (driver.open()) (void)driver.add_disks();
    }
    static void lie(Card& card, Chance& chance) {
        card.status_of_commands = 1 + chance.below(0x7ff);
        if (card.vector_of.empty()) return;
        auto queue = std::next(card.vector_of.begin(), chance.below(static_cast<u32>(card.vector_of.size())))->first;
        for (u32 i = chance.below(4); i--;) card.complete(queue, static_cast<u16>(chance.one_in(4) ? chance.word() : chance.below(40)), chance.below(3) ? 0 : chance.word(), chance.word());
        card.fatal = chance.one_in(16);
        card.interrupts = !chance.one_in(8);
        if (chance.one_in(2)) card.interrupt(queue);
    }
};

struct Ahci {
    using Card = fakes::AhciController;
    using Register = wire::ahci::PortRegister;
    static constexpr const char* name = "Ahci";

    static void prepare(Card& card, Chance& chance) {
        auto& disk = card.disks[1];
        disk.bytes = fakes::pattern(1_MiB);
        disk.sector_size = chance.one_in(2) ? 512 : 4096;
        disk.depth = chance.below(40), disk.wide = !chance.one_in(16), disk.cache = chance.one_in(2);
        card.slots = 1 + chance.below(32), card.queues = chance.one_in(2);
    }
    static void start(Card* card) {
        Owned<ahci::Controller> driver(new ahci::Controller(Owned<Hardware>(card)));
        auto count = driver->open();
        if (count && *count) (void)driver.release();  // its disks lead to it
    }
    static void lie(Card& card, Chance& chance) {
        auto& disk = card.disks[1];
        disk.silent = true;  // for good: what it says is said by the registers
        auto change = [&](Register r, auto how) { card.set(1, r, how(card.get(1, r))); };
        switch (chance.below(8)) {
        case 0: change(Register::issue, [&](u32 now) { return now & chance.word(); }); break;
        case 1: change(Register::active, [&](u32 now) { return now & chance.word(); }); break;
        case 2: change(Register::active, [&](u32 now) { return now | chance.word(); }); break;
        case 3: change(Register::task_file, [&](u32) { return chance.word(); }); break;
        case 4: change(Register::interrupts, [&](u32) { return chance.word(); }); break;
        case 5: disk.linked = !chance.one_in(4); break;
        case 6: disk.stuck = chance.one_in(4); break;
        case 7: card.interrupts = chance.one_in(2); break;
        }
        if (chance.one_in(2)) card.interrupt(chance.word());
    }
};

struct Pvscsi {
    using Card = fakes::PvscsiAdapter;
    static constexpr const char* name = "Pvscsi";

    static void prepare(Card& card, Chance& chance) {
        auto& disk = card.units[{u8{1}, u8{0}}];
        disk.bytes = fakes::pattern(1_MiB);
        disk.block_size = chance.one_in(4) ? 1 + chance.below(100'000) : 512u << chance.below(4);
        disk.kind = static_cast<u8>(chance.one_in(8) ? chance.word() : wire::scsi::inquiry_disk);
        card.messages = chance.one_in(2), card.refuses_rings = chance.one_in(32), card.knows_report_luns = chance.one_in(2);
    }
    static void start(Card* card) { (void)(new pvscsi::Adapter(Owned<Hardware>(card)))->open(); }
    static void lie(Card& card, Chance& chance) {
        card.answers.assign(1000, Card::Answer{static_cast<u16>(chance.below(32)), static_cast<u8>(chance.below(64) | 2), static_cast<u8>(chance.word()), static_cast<u8>(chance.word()), chance.one_in(2)});
        for (u32 i = chance.below(4); i--;)
            card.complete(chance.one_in(4) ? u64{chance.word()} << chance.below(33) : chance.below(34), static_cast<u16>(chance.below(3) ? 0 : chance.word()), static_cast<u8>(chance.below(3) ? 0 : chance.word()));
        if (chance.one_in(8)) card.claim(chance.word());
        card.silent = chance.one_in(16), card.interrupts = !chance.one_in(8);
        if (chance.one_in(2) && card.handler) card.interrupt();
    }
};

struct Hyperv {
    using Card = fakes::HypervStorage;
    static constexpr const char* name = "Hyperv";

    static void prepare(Card& card, Chance& chance) {
        auto& disk = card.units[{u8{0}, u8{0}}];
        disk.bytes = fakes::pattern(1_MiB);
        disk.block_size = chance.one_in(4) ? 1 + chance.below(100'000) : 512u << chance.below(4);
        disk.kind = static_cast<u8>(chance.one_in(8) ? chance.word() : wire::scsi::inquiry_disk);
        card.knows_report_luns = chance.one_in(2), card.lags = chance.one_in(4);
        if (chance.one_in(4)) card.most_bytes = chance.word();
    }
    static void start(Card*) {
        auto& bus = *new hyperv::Bus;
        if (bus.connect()) (void)hyperv::attach_storage(bus, bus.offers()[0]);
    }
    static void lie(Card& card, Chance& chance) {
        using wire::hyperv::PacketKind;
        card.answers.assign(1000, Card::Answer{static_cast<u16>(chance.below(256)), static_cast<u8>(chance.below(64) | 2), static_cast<u8>(chance.word()), static_cast<u8>(chance.word()), chance.one_in(2)});
        auto& end = *card.end();
        for (u32 i = chance.below(4); i--;) {
            wire::hyperv::StoragePacket packet{.operation = static_cast<wire::hyperv::StorageOperation>(chance.one_in(8) ? chance.below(16) : 1)};
            packet.request.outcome = static_cast<u8>(chance.word()), packet.request.scsi_status = static_cast<u8>(chance.word());
            auto bytes = fakes::ChannelEnd::copy_of(bytes_of(packet));
            if (chance.one_in(8)) bytes.resize(chance.below(200));
            PacketKind kinds[] = {PacketKind::completion, PacketKind::completion, PacketKind::completion, PacketKind::in_band, static_cast<PacketKind>(chance.word())};
            (void)end.put({.kind = kinds[chance.below(5)], .transaction = chance.one_in(8) ? u64{chance.word()} << chance.below(33) : chance.below(34), .data = bytes});
        }
        if (chance.one_in(8)) end.ours().in = chance.one_in(2) ? chance.word() : chance.below(4000) * 8;
        if (chance.one_in(8)) end.theirs().out = chance.one_in(2) ? chance.word() : chance.below(4000) * 8;
        card.silent = chance.one_in(16), card.quiet = chance.one_in(8), card.honest = false;
        if (chance.one_in(2)) end.raise();
    }
    /// The driver waits for as long as the host likes.
    static void finish(Card& card) {
        card.end()->ours().in = ~0u;
        card.end()->raise();
    }
};

template <typename Kind>
class HostileDisks : public testing::Test {};
struct Names {
    template <typename Kind>
    static std::string GetName(int) { return Kind::name; }
};
using Kinds = testing::Types<Nvme, Ahci, Pvscsi, Hyperv>;
TYPED_TEST_SUITE(HostileDisks, Kinds, Names);

/// Requests as they come, in a part of the memory: what lies around it stays.
void use(device::BlockDevice& disk, Chance& chance) {
    constexpr u32 around = 4096, order = 5;
    DiskMemory memory(order);
    u32 end = (page_size << order) - around;
    std::memset(memory.bytes(), 0x5a, end + around);
    for (u32 i = chance.below(12); i--;) {
        u32 offset = around + chance.below(16) * 4096, size = 4096 * (1 + chance.below((end - offset) / 4096));
        auto piece = memory.piece(offset, std::min(size, end - offset));
        u64 first = chance.one_in(16) ? u64{chance.word()} << 20 : chance.below(200) * 8;
        Result<void> done;
        switch (chance.below(4)) {
        case 0: done = disk.write(first, {&piece, 1}); break;
        case 1: done = disk.flush(); break;
        case 2: done = disk.discard(first, chance.below(100)); break;
        default: done = disk.read(first, {&piece, 1});
        }
        if (!done) EXPECT_TRUE(done.error() == Error::io || done.error() == Error::out_of_range || done.error() == Error::read_only || done.error() == Error::not_supported || done.error() == Error::no_device)
            << static_cast<int>(done.error());
    }
    EXPECT_EQ(memory.copy(0, around), std::vector<u8>(around, 0x5a));
    EXPECT_EQ(memory.copy(end, around), std::vector<u8>(around, 0x5a));
}

TYPED_TEST(HostileDisks, HarmNobody) {
    auto* rounds = std::getenv("SPORE_DISK_ROUNDS");
    for (u32 seed = 1; seed <= 12u * (rounds ? static_cast<u32>(std::atoi(rounds)) : 1); ++seed)
        ASSERT_TRUE(fakes::simulate({.cpus = 1 + seed % 3, .seed = seed}, [seed] {
            Chance chance(seed);
            // Kept here, since a driver whose controller does not start may end it.
            auto* card = new typename TypeParam::Card;
            TypeParam::prepare(*card, chance);
            fakes::Join join;
            bool started = false;
            fakes::spawn(join, [&] { TypeParam::start(card), started = true; });
            auto step = [&] {
                task::yield();
                sync::sleep(Duration::ms(1));
            };
            while (!started) {
                if (card->has_work()) card->work();
                step();
            }
            if (!device::disk(0)) return join.wait();
            for (u32 left = 1 + chance.below(40); left--;) fakes::spawn(join, [&] { use(*device::disk(0), chance); });
            u32 honest = chance.below(60);
            for (u32 i = 0; i < 100; ++i) {
                if (i >= honest && chance.one_in(3)) TypeParam::lie(*card, chance);
                if (card->has_work() && !chance.one_in(3)) card->work();
                step();
            }
            if constexpr (requires { TypeParam::finish(*card); }) TypeParam::finish(*card);
            join.wait();
        })) << seed;
}

}  // namespace
}  // namespace spore::drivers
