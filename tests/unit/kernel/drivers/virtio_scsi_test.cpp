// The virtio-scsi driver with an adapter that keeps the rules, and with one that does not.
#include "kernel/drivers/block/virtio_scsi.hpp"

#include <gtest/gtest.h>

#include "kernel/drivers/request_slots.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/disks.hpp"
#include "tests/fakes/scsi.hpp"
#include "tests/fakes/virtio.hpp"
#include "wire/virtio_scsi.hpp"
#include "tests/unit/kernel/drivers/disk_errors.hpp"

namespace spore::drivers {
namespace {

using namespace wire::virtio::scsi;
using fakes::beside;
using fakes::DiskMemory;
using fakes::pattern;
using fakes::ScsiError;
using wire::scsi::Operation;

class Adapter final : public fakes::ScsiUnits {
public:
    explicit Adapter(bool packed = false) {
        units[{1, 0}].bytes = pattern(1_MiB);
        device.queues = 3, device.limit = 128;
        if (packed) device.features |= wire::virtio::feature_ring_packed;
        device.config.resize(36);
        set(config_most_pieces, u32{126}), set(config_max_sectors, u32{0xffff}), set(config_max_target, u16{255});
    }
    template <typename T>
    void set(u32 offset, T value) { std::memcpy(&device.config[offset], &value, sizeof value); }

    bool has_work() { return !silent && ring().has_chain(); }
    void work() {
        while (auto chain = ring().take()) {
            auto written = carry_out_chain(*chain);
            ring().put(chain->head, written);
        }
        device.publish(request_queue);
    }
    fakes::VirtioRing& ring() { return device.rings[request_queue]; }

    Owned<fakes::VirtioDevice> owned{new fakes::VirtioDevice(wire::virtio::DeviceId::scsi)};
    fakes::VirtioDevice& device = *owned;
    bool silent = false;
    u32 residual = 0;             ///< of the next reads and writes
    std::size_t most_sectors = 0;  ///< that a request had

private:
    u32 carry_out_chain(fakes::VirtioRing::Chain& chain) {
        EXPECT_EQ(chain.readable.at(0).size(), sizeof(Request));
        EXPECT_EQ(chain.writable.at(0).size(), sizeof(Response));
        Request request;
        std::memcpy(&request, chain.readable[0].data(), sizeof request);
        Response response{};
        EXPECT_EQ(request.lun[0], 1);
        EXPECT_EQ(request.lun[2], 0x40);
        if (!has_target(request.lun[1])) response.response = static_cast<u8>(Outcome::bad_target);
        else {
            Data from(chain.readable.begin() + 1, chain.readable.end()), to(chain.writable.begin() + 1, chain.writable.end());
            auto answer = ScsiUnits::carry_out(request.lun[1], request.lun[3], request.command, from, to, response.sense);
            bool transfer = request.command[0] == static_cast<u8>(Operation::read) || request.command[0] == static_cast<u8>(Operation::write);
            response.response = static_cast<u8>(answer.adapter), response.status = answer.status;
            if (transfer) {
                response.residual = residual;
                most_sectors = std::max<std::size_t>(most_sectors, wire::scsi::get_big(&request.command[10], 4));
            }
        }
        std::memcpy(chain.writable[0].data(), &response, sizeof response);
        return sizeof response;
    }
};

Result<void> start(Adapter& adapter) {
    Result<void> started;
    beside(adapter, [&] { started = attach_virtio_scsi(Owned<virtio::Device>(adapter.owned.release())); });
    return started;
}
void run(Adapter& adapter, const std::function<void(device::BlockDevice&)>& body) {
    ASSERT_TRUE(start(adapter));
    ASSERT_TRUE(device::disk(0));
    adapter.seen.clear();
    beside(adapter, [&] { body(*device::disk(0)); });
}
void simulated(const std::function<void()>& body) { EXPECT_TRUE(fakes::simulate({}, body)); }

TEST(VirtioScsi, ReadsAndWrites) {
    for (bool packed : {false, true})
        simulated([&] {
            Adapter adapter(packed);
            auto bytes = [&](u64 at, u64 size) {
                auto* from = &adapter.units.at({1, 0}).bytes[at];
                return std::vector<u8>(from, from + size);
            };
            run(adapter, [&](device::BlockDevice& disk) {
                EXPECT_EQ(disk.sectors(), 2048u);
                EXPECT_FALSE(disk.read_only());
                DiskMemory memory(4);
                device::TransferPiece pieces[] = {memory.piece(512, 512), memory.piece(1028, 512), memory.piece(8192, 16384)};
                ASSERT_TRUE(disk.read(5, pieces));
                EXPECT_EQ(memory.copy(512, 512), bytes(2560, 512));
                EXPECT_EQ(memory.copy(8192, 16384), bytes(3584, 16384));
                memory.fill(9, 65536);
                auto piece = memory.piece(0, 65536);
                ASSERT_TRUE(disk.write(64, {&piece, 1}));
                EXPECT_EQ(memory.copy(0, 65536), bytes(32768, 65536));
                ASSERT_TRUE(disk.flush());
                EXPECT_EQ(adapter.seen, (std::vector{Operation::read, Operation::write, Operation::synchronize}));
                for (u32 i = 0; i < 300; ++i) ASSERT_TRUE(disk.read(i, {&piece, 1})) << i;
            });
        });
}

TEST(VirtioScsi, FindsTheDisksOfAllTargets) {
    simulated([] {
        Adapter adapter;
        adapter.units[{0, 0}] = {.bytes = pattern(65536), .kind = 5};  // a CD drive
        adapter.units[{3, 1}] = {.bytes = pattern(65536), .block_size = 4096, .read_only = true};
        adapter.units[{3, 7}] = {.bytes = pattern(4096)};
        adapter.units[{4, 0}] = {.bytes = pattern(65536), .block_size = 520};
        ASSERT_TRUE(start(adapter));
        std::vector<u64> sectors;
        for (u32 i = 0; auto* disk = device::disk(i); ++i) sectors.push_back(disk->sectors());
        EXPECT_EQ(sectors, (std::vector<u64>{2048, 128, 8}));
        EXPECT_TRUE(device::disk(1)->read_only());
    });
}

TEST(VirtioScsi, FindsTheFirstUnitOfTargetsThatDoNotTellOfMore) {
    simulated([] {
        Adapter adapter;
        adapter.knows_report_luns = false;
        ASSERT_TRUE(start(adapter));
        EXPECT_TRUE(device::disk(0));
        EXPECT_FALSE(device::disk(1));
    });
}

TEST(VirtioScsi, AsksForNoMoreThanTheDeviceTakes) {
    for (auto [limit, expected] : {std::pair{64u, 64u}, {100u, 96u}, {1u, 8u}, {0u, 128u}})
        simulated([&] {
            Adapter adapter;
            adapter.set(config_max_sectors, u32{limit});
            run(adapter, [&](device::BlockDevice& disk) {
                DiskMemory memory(4);
                auto piece = memory.piece(0, 65536);
                ASSERT_TRUE(disk.read(0, {&piece, 1}));
                EXPECT_EQ(adapter.most_sectors, expected);
            });
        });
}

TEST(VirtioScsi, TellsOfErrorsAndTriesAgainWhatMayWorkThen) {
    simulated([] {
        Adapter adapter;
        run(adapter, [&](device::BlockDevice& disk) {
            fakes::expect_errors(disk, adapter, fakes::scsi_errors);
            fakes::expect_errors(disk, adapter, std::array{ScsiError{{3, 0, 0, 0}, Error::no_device}, ScsiError{{9, 0, 0, 0}, Error::io}, ScsiError{{200, 0, 0, 0}, Error::io},
                                                           ScsiError{{1, 2, 0, 0}, Error::io}});
            DiskMemory memory;
            auto piece = memory.piece(0, 4096);
            adapter.residual = 512;
            EXPECT_EQ(disk.write(0, {&piece, 1}).error(), Error::io);
            adapter.residual = 0;
            using Answer = Adapter::Answer;
            fakes::expect_retries(disk, adapter, fakes::scsi_retries);
            fakes::expect_retries(disk, adapter, std::array{Answer{2, 0, 0, 0}, Answer{4, 0, 0, 0}, Answer{5, 0, 0, 0}});
        });
    });
}

TEST(VirtioScsi, EndsRequestsWhenTheDeviceBreaksTheRules) {
    simulated([] {
        Adapter adapter;
        ASSERT_TRUE(start(adapter));
        adapter.silent = true;
        auto& disk = *device::disk(0);
        fakes::expect_ends(disk, [&] {
            adapter.ring().put(99, 0);  // what it was not given
            adapter.ring().publish();
            adapter.device.interrupt(request_queue);
        });
        EXPECT_EQ(disk.flush().error(), Error::io);
    });
}

TEST(VirtioScsi, RefusesADeviceWithTooLittleRoom) {
    simulated([] {
        Adapter few;
        few.set(config_most_pieces, u32{device::BlockDevice::max_pieces - 1});
        EXPECT_EQ(start(few).error(), Error::not_supported);
        Adapter no_queue;
        no_queue.device.queues = 2;
        EXPECT_FALSE(start(no_queue));
    });
}

TEST(VirtioScsi, SaysWhenThereIsNoMemory) {
    for (u64 nth = 1; nth < 12; ++nth)
        simulated([&] {
            Adapter adapter;
            Result<void> started;
            beside(adapter, [&] {
                memory::fail_allocation(nth);
                started = attach_virtio_scsi(Owned<virtio::Device>(adapter.owned.release()));
                memory::fail_allocation(0);
                adapter.silent = true;  // it may be gone with its driver
            });
            if (!started) EXPECT_EQ(started.error(), Error::no_memory) << nth;
        });
}

}  // namespace
}  // namespace spore::drivers
