// Xen's disks, with another end that keeps the rules, and with one that does not.
#include "kernel/drivers/xen/block.hpp"

#include <gtest/gtest.h>

#include "kernel/device/block.hpp"
#include "kernel/drivers/xen/events.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/threads.hpp"
#include "tests/fakes/xen.hpp"
#include "wire/xen/block.hpp"

namespace spore::drivers::xen {
namespace {

using namespace wire::xen;
using device::TransferPiece;
using fakes::XenHost;

constexpr u64 sectors = 4096;

/// The other end: a disk in memory.
struct Disk {
    std::vector<u8> bytes = std::vector<u8>(sectors * device::sector_size);
    std::optional<fakes::RingEnd<BlockRequest, BlockAnswer>> ring;
    u32 port = 0, flushes = 0, requests = 0;
    std::function<void(BlockAnswer&)> change = nullptr;

    /// Answers all that is asked, and tells of it where that is wanted.
    void serve(XenHost& host) {
        if (ring && ring->has_request() && answer(host)) host.raise(port);
    }
    bool answer(XenHost& host) {
        while (ring->has_request()) {
            auto request = ring->take();
            ++requests;
            u64 sector = request.sector;
            if (request.operation == BlockOperation::flush) ++flushes;
            if (request.operation == BlockOperation::discard) {
                BlockDiscard discard;
                std::memcpy(&discard, &request, sizeof discard);
                EXPECT_LE(discard.sector + discard.sectors, sectors);
                std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(discard.sector * device::sector_size), discard.sectors * device::sector_size, u8{0});
                request.segments = 0;
            }
            for (u32 i = 0; i < request.segments; ++i) {
                auto& segment = request.segment[i];
                bool read = request.operation == BlockOperation::read;
                auto* frame = host.granted(segment.grant, read);
                EXPECT_NE(frame, nullptr);
                EXPECT_TRUE(segment.first <= segment.last && segment.last < 8);
                if (!frame) continue;
                for (u32 at = segment.first; at <= segment.last; ++at, ++sector) {
                    auto* here = bytes.data() + sector * device::sector_size;
                    auto* there = frame + at * device::sector_size;
                    std::memcpy(read ? static_cast<void*>(there) : here, read ? static_cast<const void*>(here) : there, device::sector_size);
                }
            }
            BlockAnswer answer{request.id, request.operation, 0, 0, 0};
            if (change) change(answer);
            ring->put(answer);
        }
        return ring->publish();
    }
};

void with_disk(std::string info, const std::function<void(Disk&, device::BlockDevice*)>& test) {
    bool ok = fakes::simulate({}, [&] {
        auto& host = XenHost::start();
        Disk disk;
        std::string other = "/local/domain/3/backend/vbd/9/51712";
        host.store = {{"device/vbd/51712/backend", other}, {"device/vbd/51712/backend-id", "3"}, {"device/vbd/51712/virtual-device", "51712"}, {other + "/state", "2"}};
        host.on_write = [&](const std::string& path, const std::string& value) {
            if (path != "device/vbd/51712/state" || value != "3") return;
            disk.port = static_cast<u32>(std::stoul(host.store["device/vbd/51712/event-channel"]));
            disk.ring.emplace(static_cast<u32>(std::stoul(host.store["device/vbd/51712/ring-ref"])));
            EXPECT_EQ(host.store["device/vbd/51712/protocol"], "x86_64-abi");
            host.store[other + "/sectors"] = std::to_string(sectors);
            host.store[other + "/info"] = info;
            host.store[other + "/feature-flush-cache"] = "1";
            if (info != "4") host.store[other + "/feature-discard"] = "1";
            host.store[other + "/state"] = "4";
        };
        Store store;
        ASSERT_TRUE(store.open());
        std::size_t index = 0;
        while (device::disk(index)) ++index;
        bool done = false;
        fakes::Join join;
        fakes::spawn(join, [&] { host.serve_store(done); });
        fakes::spawn(join, [&] {
            while (!done) {
                disk.serve(host);
                fakes::rest();
            }
        });
        fakes::spawn(join, [&] {
            auto end = Frontend::open(store, "device/vbd/51712");
            EXPECT_TRUE(end);
            EXPECT_TRUE(attach_block(*end));
            EXPECT_EQ(host.store["device/vbd/51712/state"], "4");
            test(disk, device::disk(index));
            done = true;
        });
        join.wait();
    });
    EXPECT_TRUE(ok);
}

struct Memory {
    explicit Memory(unsigned order) : frame(memory::FrameRef::adopt(*memory::allocate_zeroed_frames(order))) {}
    memory::FrameRef frame;
};

TEST(XenBlock, ReadsAndWritesWhatDoesNotFitOneRequest) {
    with_disk("0", [](Disk& disk, device::BlockDevice* device) {
        ASSERT_NE(device, nullptr);
        EXPECT_EQ(device->sectors(), sectors);
        EXPECT_FALSE(device->read_only());
        for (std::size_t i = 0; i < disk.bytes.size(); ++i) disk.bytes[i] = static_cast<u8>(i * 7 + i / 512);
        Memory memory(5);  // 32 pages
        auto address = memory.frame.address();
        TransferPiece pieces[]{{address + 512, 1024}, {address + 8192 - 512, 28 * 4096}};
        ASSERT_TRUE(device->read(5, pieces));
        EXPECT_EQ(std::memcmp(memory.frame.bytes() + 512, disk.bytes.data() + 5 * 512, 1024), 0);
        EXPECT_EQ(std::memcmp(memory.frame.bytes() + 8192 - 512, disk.bytes.data() + 7 * 512, 28 * 4096), 0);
        EXPECT_EQ(disk.requests, 3u);
        std::fill_n(reinterpret_cast<u8*>(memory.frame.bytes()), 65536, u8{0x5a});
        TransferPiece whole{address, 65536};
        ASSERT_TRUE(device->write(100, {&whole, 1}));
        EXPECT_EQ(disk.bytes[100 * 512], 0x5a);
        EXPECT_EQ(disk.bytes[228 * 512 - 1], 0x5a);
        EXPECT_NE(disk.bytes[228 * 512], 0x5a);
        ASSERT_TRUE(device->flush());
        EXPECT_EQ(disk.flushes, 1u);
    });
}

TEST(XenBlock, TellsOfWhatMattersNoMore) {
    with_disk("0", [](Disk& disk, device::BlockDevice* device) {
        std::ranges::fill(disk.bytes, u8{7});
        for (u64 i = 0; i < 70; ++i) ASSERT_TRUE(device->discard(10 + i, 20));  // around the ring
        EXPECT_EQ(disk.bytes[10 * 512 - 1], 7);
        EXPECT_TRUE(std::ranges::all_of(std::span(disk.bytes).subspan(10 * 512, 89 * 512), [](u8 byte) { return byte == 0; }));
        EXPECT_EQ(disk.bytes[99 * 512], 7);
        EXPECT_EQ(disk.requests, 70u);
        EXPECT_EQ(device->discard(sectors - 1, 2).error(), Error::out_of_range);
        disk.change = [](BlockAnswer& answer) { answer.status = -2; };
        EXPECT_EQ(device->discard(0, 8).error(), Error::io);
    });
    with_disk("4", [](Disk&, device::BlockDevice* device) { EXPECT_EQ(device->discard(0, 8).error(), Error::not_supported); });
}

TEST(XenBlock, AnAnswerMayBeThereBeforeAnybodyWaits) {
    with_disk("0", [](Disk& disk, device::BlockDevice* device) {
        ASSERT_NE(device, nullptr);
        auto& host = XenHost::get();
        host.on_send = [&](u32 port) {
            if (port == disk.port) disk.answer(host);
        };
        Memory memory(4);
        TransferPiece piece{memory.frame.address(), 65536};
        for (int i = 0; i < 50; ++i) ASSERT_TRUE(device->read(static_cast<u64>(i), {&piece, 1}));
        host.on_send = nullptr;
    });
}

TEST(XenBlock, RefusesWhatCannotBe) {
    with_disk("4", [](Disk& disk, device::BlockDevice* device) {
        ASSERT_NE(device, nullptr);
        Memory memory(0);
        auto address = memory.frame.address();
        auto error = [&](u64 first, TransferPiece piece) { return device->read(first, {&piece, 1}).error(); };
        EXPECT_EQ(error(sectors, {address, 512}), Error::out_of_range);
        EXPECT_EQ(error(~u64{0}, {address, 512}), Error::out_of_range);
        EXPECT_EQ(error(0, {address + 1, 512}), Error::invalid);
        EXPECT_EQ(error(0, {address, 100}), Error::invalid);
        TransferPiece piece{address, 512};
        EXPECT_EQ(device->write(0, {&piece, 1}).error(), Error::read_only);
        EXPECT_EQ(disk.requests, 0u);
        // What the other end could not do.
        disk.change = [](BlockAnswer& answer) { answer.status = -1; };
        EXPECT_EQ(device->read(0, {&piece, 1}).error(), Error::io);
        disk.change = nullptr;
        EXPECT_TRUE(device->read(0, {&piece, 1}));
    });
}

TEST(XenBlock, AnAnswerToNothingEndsIt) {
    for (u64 id : {u64{31}, u64{32}, ~u64{0}})
        with_disk("0", [&](Disk& disk, device::BlockDevice* device) {
            ASSERT_NE(device, nullptr);
            disk.change = [&](BlockAnswer& answer) { answer.id = id; };
            Memory memory(0);
            TransferPiece piece{memory.frame.address(), 512};
            EXPECT_EQ(device->read(0, {&piece, 1}).error(), Error::io);
            EXPECT_EQ(device->read(0, {&piece, 1}).error(), Error::io);
            auto taken = [&](u32 grant) { return XenHost::get().granted(grant, false) == memory.frame.bytes(); };
            for (u32 grant = reserved_grants; grant < 512; ++grant) EXPECT_FALSE(taken(grant)) << "the other end may still use the memory";
        });
}

TEST(XenBlock, OneThatBrokeTheRulesIsNotBelievedAgain) {
    with_disk("0", [&](Disk& disk, device::BlockDevice* device) {
        ASSERT_NE(device, nullptr);
        Memory memory(0);
        TransferPiece piece{memory.frame.address(), 512};
        disk.change = [&](BlockAnswer&) { disk.ring->answers += 500; };
        EXPECT_EQ(device->read(0, {&piece, 1}).error(), Error::io);
        disk.change = nullptr;
        disk.ring->answers -= 500;
        disk.ring->publish();  // what it should have answered
        EXPECT_EQ(device->read(0, {&piece, 1}).error(), Error::io);
    });
}

}  // namespace
}  // namespace spore::drivers::xen
