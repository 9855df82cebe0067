// The way to Hyper-V's host, and the rings of its channels: with a host that keeps the rules, and with one that does not.
#include <gtest/gtest.h>

#include <random>

#include "kernel/drivers/hyperv/channel.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/hyperv.hpp"
#include "tests/fakes/threads.hpp"

namespace spore::drivers::hyperv {
namespace {

using namespace wire::hyperv;
using fakes::ChannelEnd;
using fakes::HypervHost;

constexpr Guid first_kind{0xf8615163, 0xdf3e, 0x46c5, {0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e}}, second_kind{1, 2, 3, {4}};
constexpr u32 number = 70;

void simulated(const std::function<void()>& body) { EXPECT_TRUE(fakes::simulate({}, body)); }

ByteSpan view(const std::vector<u8>& bytes) { return std::as_bytes(std::span(bytes)); }
std::vector<u8> filled_up(std::vector<u8> bytes) {
    bytes.resize((bytes.size() + unit - 1) / unit * unit);
    return bytes;
}

/// What fills the last unit up means nothing.
void expect_bytes(std::vector<u8> got, const std::vector<u8>& wanted) {
    EXPECT_EQ(got.size(), filled_up(wanted).size());
    got.resize(wanted.size());
    EXPECT_TRUE(got == wanted);
}

TEST(HypervBus, HearsWhatThereIs) {
    simulated([] {
        auto& host = HypervHost::start();
        for (u32 i = 0; i < 20; ++i) host.offer(i % 2 ? first_kind : second_kind, 10 + i);
        host.busy = 3;
        Bus bus;
        ASSERT_TRUE(bus.connect());
        ASSERT_EQ(bus.offers().size(), 20u);
        EXPECT_EQ(bus.offers()[1].interface, first_kind);
        EXPECT_EQ(bus.offers()[1].channel, 11u);
        EXPECT_EQ(bus.offers()[1].connection, 1011u);
    });
}

TEST(HypervBus, LeavesWhatItCannotNumber) {
    simulated([] {
        auto& host = HypervHost::start();
        host.offer(first_kind, event_flags);
        for (u32 i = 0; i < 100; ++i) host.offer(first_kind, i + 1);
        Bus bus;
        ASSERT_TRUE(bus.connect());
        EXPECT_EQ(bus.offers().size(), Bus::most_offers);
        EXPECT_EQ(bus.offers()[0].channel, 1u);
    });
}

TEST(HypervBus, GivesUpOnAHostThatDoesNotAnswer) {
    simulated([] {
        HypervHost::start().deaf = true;
        Bus bus;
        EXPECT_EQ(bus.connect().error(), Error::timed_out);
    });
    simulated([] {
        HypervHost::start().supported = 0;
        Bus bus;
        EXPECT_EQ(bus.connect().error(), Error::not_supported);
    });
    simulated([] {
        HypervHost::start().busy = 1u << 30;
        Bus bus;
        EXPECT_EQ(bus.connect().error(), Error::timed_out);
    });
}

TEST(HypervBus, SharesMemoryInTheOrderOfItsPages) {
    simulated([] {
        auto& host = HypervHost::start();
        Bus bus;
        ASSERT_TRUE(bus.connect());
        for (unsigned order : {0u, 4u, 5u, 6u, 9u}) {
            auto frames = memory::FrameRef::adopt(*memory::allocate_zeroed_frames(order));
            u32 bytes = static_cast<u32>(page_size << order);
            auto shared = bus.share(number, frames.address(), bytes);
            ASSERT_TRUE(shared) << order;
            ASSERT_EQ(host.shared(*shared)->size(), bytes);
            for (u32 i = 0; i < 1u << order; ++i) EXPECT_EQ(host.shared(*shared)->frames[i], (frames.address().value >> page_shift) + i);
        }
        EXPECT_EQ(bus.share(number, {}, 64 * 1024 * 1024).error(), Error::out_of_range);
        host.share_status = 1;
        auto frame = memory::FrameRef::adopt(*memory::allocate_zeroed_frames());
        EXPECT_EQ(bus.share(number, frame.address(), page_size).error(), Error::no_memory);
    });
}

/// An open channel, both of its ends.
struct Rig {
    explicit Rig(u32 pages = 3) {
        host.offer(first_kind, number);
        EXPECT_TRUE(bus.connect());
        EXPECT_TRUE(channel.open(bus, bus.offers()[0], pages, [](void* self) { ++static_cast<Rig*>(self)->events; }, this));
        end = host.channel(number);
    }
    HypervHost& host = HypervHost::start();
    Bus& bus = *new Bus;
    Channel& channel = *new Channel;
    ChannelEnd* end = nullptr;
    u32 events = 0;
};

TEST(HypervChannel, CarriesPacketsBothWaysAroundItsRings) {
    simulated([] {
        Rig rig;
        ASSERT_TRUE(rig.end);
        std::mt19937 random(1);
        for (u32 i = 0; i < 2000; ++i) {
            std::vector<u8> bytes(random() % 1500);
            for (auto& byte : bytes) byte = static_cast<u8>(random());
            ASSERT_TRUE(rig.channel.send(PacketKind::in_band, i, i % 2 ? wants_completion : u16{0}, view(bytes)));
            rig.channel.publish();
            auto packet = rig.end->take();
            ASSERT_TRUE(packet);
            EXPECT_EQ(packet->kind, PacketKind::in_band);
            EXPECT_EQ(packet->transaction, i);
            EXPECT_EQ(packet->flags, i % 2);
            expect_bytes(packet->data, bytes);

            ASSERT_TRUE(rig.end->put({.kind = PacketKind::transfer_pages, .flags = wants_completion, .transaction = i + 5, .head = filled_up({1, 2, 3}), .data = bytes}));
            auto incoming = rig.channel.incoming.next();
            ASSERT_TRUE(incoming);
            EXPECT_EQ(incoming->kind, PacketKind::transfer_pages);
            EXPECT_TRUE(incoming->wants_completion);
            EXPECT_EQ(incoming->transaction, i + 5);
            std::vector<u8> got(incoming->data_bytes), head(incoming->head_bytes);
            EXPECT_TRUE(rig.channel.incoming.copy_data(*incoming, 0, std::as_writable_bytes(std::span(got))));
            EXPECT_TRUE(rig.channel.incoming.copy_head(*incoming, 0, std::as_writable_bytes(std::span(head))));
            expect_bytes(got, bytes);
            EXPECT_EQ(head, filled_up({1, 2, 3}));
            std::byte more[8];
            EXPECT_FALSE(rig.channel.incoming.copy_data(*incoming, incoming->data_bytes - std::min(incoming->data_bytes, 4u) + 4, more));
            rig.channel.incoming.take(*incoming);
            rig.channel.release();
        }
        EXPECT_FALSE(rig.channel.broken());
        EXPECT_FALSE(rig.channel.incoming.next());
    });
}

TEST(HypervChannel, MemoryGoesWithAPacket) {
    simulated([] {
        Rig rig;
        auto frames = memory::FrameRef::adopt(*memory::allocate_zeroed_frames(4));
        for (u32 i = 0; i < page_size * 16; ++i) frames.bytes()[i] = static_cast<std::byte>(i % 251);
        device::TransferPiece pieces[] = {{frames.address() + 100, 50}, {frames.address() + 4000, 9000}, {frames.address() + 16384, 4096}, {frames.address() + 28672, 8192}, {frames.address() + 49152, 10}};
        ASSERT_TRUE(rig.channel.send_direct(9, pieces, view({7, 7})));
        rig.channel.publish();
        auto packet = rig.end->take();
        ASSERT_TRUE(packet);
        EXPECT_EQ(packet->flags, wants_completion);
        DirectHead head;
        std::memcpy(&head, packet->head.data(), sizeof head);
        EXPECT_EQ(head.ranges, 3u) << "those that meet at pages' boundaries are one";
        std::vector<u8> got, sent;
        for (auto part : ChannelEnd::memory_of(*packet)) got.insert(got.end(), part.begin(), part.end());
        for (auto& piece : pieces) {
            auto* from = reinterpret_cast<u8*>(frames.bytes()) + (piece.address.value - frames.address().value);
            sent.insert(sent.end(), from, from + piece.size);
        }
        EXPECT_EQ(got, sent);
        expect_bytes(packet->data, {7, 7});
    });
}

TEST(HypervChannel, TellsOnlyWhoWantsToKnow) {
    simulated([] {
        Rig rig;
        auto send = [&] {
            EXPECT_TRUE(rig.channel.send(PacketKind::in_band, 0, 0, view({1})));
            return rig.channel.publish();
        };
        EXPECT_TRUE(send());
        EXPECT_FALSE(send()) << "the first one is not read yet";
        while (rig.end->take()) {}
        EXPECT_TRUE(send());
        while (rig.end->take()) {}
        rig.end->theirs().interrupt_mask = 1;
        EXPECT_FALSE(send());
        EXPECT_EQ(rig.end->signals, 2u);
        EXPECT_FALSE(rig.channel.publish()) << "nothing new";

        rig.channel.incoming.want_events(false);
        EXPECT_TRUE(rig.end->put({.kind = PacketKind::in_band}));
        EXPECT_EQ(rig.events, 0u);
        rig.channel.incoming.take(*rig.channel.incoming.next());
        rig.channel.release();
        rig.channel.incoming.want_events(true);
        EXPECT_TRUE(rig.end->put({.kind = PacketKind::in_band}));
        EXPECT_EQ(rig.events, 1u);
    });
}

TEST(HypervChannel, WaitsForRoomAndGivesIt) {
    simulated([] {
        Rig rig;
        std::vector<u8> bytes(1000);
        u32 sent = 0;
        while (rig.channel.send(PacketKind::in_band, sent, 0, view(bytes))) ++sent;
        EXPECT_EQ(sent, 7u);  // of two pages
        rig.channel.publish();
        rig.channel.outgoing.want_room(3000);
        u32 taken = 0;
        for (; rig.events == 0 && rig.end->take(); ++taken) {}
        EXPECT_EQ(taken, 2u);
        rig.channel.outgoing.want_room(0);

        while (rig.end->put({.kind = PacketKind::in_band, .data = bytes})) {}
        rig.end->ours().pending_bytes = 2000;
        u32 before = rig.end->signals;
        for (u32 i = 0; i < 4; ++i) {
            rig.channel.incoming.take(*rig.channel.incoming.next());
            rig.channel.release();
        }
        EXPECT_EQ(rig.end->signals, before + 1) << "once, when there was so much";
    });
}

TEST(HypervChannel, IsBrokenByWhatCannotBe) {
    for (auto* breaks : std::initializer_list<void (*)(ChannelEnd&)>{
             [](auto& end) { end.ours().in = 8192; },
             [](auto& end) { end.ours().in = ~0u; },
             [](auto& end) { end.ours().in = 12; },
             [](auto& end) { end.ours().in = 8; },  // less than a packet's head
             [](auto& end) { end.ours().in = 24, (&end.ours().in)[1024] = 3u << 16 | 6; },  // data behind the end
         })
        simulated([&] {
            Rig rig;
            breaks(*rig.end);
            EXPECT_FALSE(rig.channel.incoming.next());
            EXPECT_TRUE(rig.channel.broken());
        });
    simulated([] {
        Rig rig;
        rig.end->theirs().out = 9000;
        EXPECT_FALSE(rig.channel.send(PacketKind::in_band, 0, 0, view({1})));
        EXPECT_TRUE(rig.channel.broken());
    });
}

TEST(HypervChannel, EndsWhenTheHostTakesItBack) {
    simulated([] {
        Rig rig;
        fakes::Join join;
        fakes::spawn(join, [&] {
            // What came before the answer to a question is heard with it.
            rig.host.take_back(number);
            auto frame = memory::FrameRef::adopt(*memory::allocate_zeroed_frames());
            EXPECT_TRUE(rig.bus.share(3, frame.address(), page_size));
        });
        join.wait();
        EXPECT_TRUE(rig.channel.broken());
        EXPECT_EQ(rig.events, 1u);
        EXPECT_EQ(rig.host.released, std::vector{number});
        EXPECT_TRUE(rig.bus.offers().empty());
    });
}

TEST(HypervChannel, DoesNotOpenWhatTheHostRefuses) {
    simulated([] {
        auto& host = HypervHost::start();
        host.offer(first_kind, number);
        host.open_status = 5;
        auto& bus = *new Bus;
        ASSERT_TRUE(bus.connect());
        EXPECT_EQ((*new Channel).open(bus, bus.offers()[0], 2, [](void*) {}, nullptr).error(), Error::not_supported);
    });
    simulated([] {
        auto& host = HypervHost::start();
        host.offer(first_kind, number);
        for (u64 nth = 1; nth < 6; ++nth) {
            auto& bus = *new Bus;
            memory::fail_allocation(nth);
            auto connected = bus.connect();
            auto opened = connected ? (*new Channel).open(bus, bus.offers()[0], 2, [](void*) {}, nullptr) : connected;
            memory::fail_allocation(0);
            if (!opened) EXPECT_EQ(opened.error(), Error::no_memory) << nth;
            host.start();
            host.offer(first_kind, number);
        }
    });
}

}  // namespace
}  // namespace spore::drivers::hyperv
