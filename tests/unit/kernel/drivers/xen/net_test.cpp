// Both directions of Xen's network cards, with another end that keeps the rules, and with one that does not.
#include <gtest/gtest.h>

#include "kernel/drivers/xen/net/receiver.hpp"
#include "kernel/drivers/xen/net/sender.hpp"
#include "tests/fakes/net_sink.hpp"
#include "tests/fakes/xen.hpp"

namespace spore::drivers::xen {
namespace {

using namespace wire::xen;
using fakes::Bytes;
using fakes::XenHost;

constexpr u32 port = 9;

class XenSending : public testing::Test {
protected:
    XenSending() : host(XenHost::start()) {
        EXPECT_TRUE(sender.open(XenHost::domain));
        sender.start(port);
        end.emplace(sender.grant());
    }
    void send(Owned<device::Packet> packet) {
        device::PacketList list;
        list.push_back(std::move(packet));
        sender.transmit(list);
    }
    struct Taken {
        Bytes bytes;
        std::vector<SendRequest> requests;
        std::optional<ExtraInfo> extra;
        u32 first = 0;  ///< place in the ring
    };
    /// The next packet, put together as the other end does it.
    Taken take() {
        Taken taken{.first = end->requests};
        if (!end->has_request()) return taken;
        do {
            taken.requests.push_back(end->take());
            auto& request = taken.requests.back();
            if (taken.requests.size() == 1 && request.flags & send_extra) taken.extra = end->at<ExtraInfo>(end->requests++);
        } while (taken.requests.back().flags & send_more && end->has_request());
        u32 first_size = taken.requests[0].size;
        for (std::size_t i = 1; i < taken.requests.size(); ++i) first_size -= taken.requests[i].size;
        for (std::size_t i = 0; i < taken.requests.size(); ++i) {
            auto& request = taken.requests[i];
            u32 size = i ? request.size : first_size;
            EXPECT_LE(request.offset + size, page_size);
            auto* frame = host.granted(request.grant, false);
            EXPECT_NE(frame, nullptr);
            EXPECT_EQ(host.granted(request.grant, true), nullptr);
            if (frame) taken.bytes.insert(taken.bytes.end(), reinterpret_cast<u8*>(frame) + request.offset, reinterpret_cast<u8*>(frame) + request.offset + size);
        }
        return taken;
    }
    /// Answers as Linux does: for extra information too, where the slot still has it.
    void answer(const Taken& taken) {
        for (std::size_t i = 0; i < taken.requests.size(); ++i) {
            end->put(SendAnswer{taken.requests[i].id, 0});
            if (i == 0 && taken.extra) end->put(SendAnswer{extra_segmentation, no_answer});
        }
        end->publish();
    }

    XenHost& host;
    Sender sender;
    std::optional<fakes::RingEnd<SendRequest, SendAnswer>> end;
};

TEST_F(XenSending, APacketArrivesInPieces) {
    for (std::size_t size : {14u, 200u, 1514u, 9000u, 60000u}) {
        auto frame = fakes::make_frame(size);
        send(fakes::make_packet(frame));
        auto taken = take();
        EXPECT_EQ(taken.bytes, frame) << size;
        EXPECT_LE(taken.requests.size(), most_pieces);
        EXPECT_EQ(taken.requests[0].flags & send_no_checksum, 0);
        answer(taken);
        sender.poll();
        EXPECT_EQ(sender.untaken(), 0u);
        for (std::size_t i = 1; i < taken.requests.size(); ++i) EXPECT_EQ(host.granted(taken.requests[i].grant, false), nullptr) << "still granted";
    }
    EXPECT_EQ(sender.counters.packets_sent, 5u);
    EXPECT_FALSE(sender.broken());
}

TEST_F(XenSending, SegmentsAreToldOf) {
    auto packet = fakes::make_packet(fakes::make_frame(20000));
    packet->checksum = device::Checksum::partial;
    packet->segmentation = device::Segmentation::tcp6;
    packet->segment_size = 1440;
    send(std::move(packet));
    auto taken = take();
    EXPECT_EQ(taken.bytes, fakes::make_frame(20000));
    EXPECT_EQ(taken.requests[0].flags & (send_no_checksum | send_verified), send_no_checksum | send_verified);
    ASSERT_TRUE(taken.extra);
    EXPECT_EQ(taken.extra->segment_size, 1440);
    EXPECT_EQ(taken.extra->segmentation, segmentation_tcp6);
    EXPECT_EQ(taken.extra->flags, 0);
    answer(taken);
    EXPECT_EQ(sender.untaken(), 0u);
    EXPECT_FALSE(sender.broken());
}

TEST_F(XenSending, TheOtherEndIsToldWhenItAskedForIt) {
    send(fakes::make_packet(fakes::make_frame(60)));
    EXPECT_EQ(host.take_sent(), std::vector<u32>{port});
    send(fakes::make_packet(fakes::make_frame(60)));
    EXPECT_TRUE(host.take_sent().empty());  // its event count lies behind
    end->head().request_event = 3;
    send(fakes::make_packet(fakes::make_frame(60)));
    EXPECT_EQ(host.take_sent(), std::vector<u32>{port});
}

TEST_F(XenSending, WhatFindsNoRoomWaitsAndKeepsItsOrder) {
    for (u8 i = 0; i < 250; ++i) send(fakes::make_packet(fakes::make_frame(1000, i)));
    for (u8 i = 0; i < 250; ++i) {
        auto taken = take();
        ASSERT_EQ(taken.bytes, fakes::make_frame(1000, i)) << u32{i};
        answer(taken);
        sender.poll();
    }
    EXPECT_EQ(sender.untaken(), 0u);
    EXPECT_EQ(sender.counters.send_queue_full, 0u);
    // Beyond what may wait packets are dropped, and counted.
    for (u32 i = 0; i < 256 + Sender::max_waiting + 3; ++i) send(fakes::make_packet(fakes::make_frame(60)));
    EXPECT_EQ(sender.counters.send_queue_full, 3u);
}

TEST_F(XenSending, TheRoomOfOneThatIsNotDoneIsNotUsedAgain) {
    send(fakes::make_packet(fakes::make_frame(5000, 1)));
    auto first = take();
    ASSERT_GE(first.requests.size(), 2u);
    end->put(SendAnswer{first.requests[0].id, 0});  // its first piece alone
    end->publish();
    for (u32 i = 0; i < 3; ++i) send(fakes::make_packet(fakes::make_frame(5000, 7)));
    for (std::size_t i = 1; i < first.requests.size(); ++i) EXPECT_NE(host.granted(first.requests[i].grant, false), nullptr);
    EXPECT_FALSE(sender.broken());
}

TEST_F(XenSending, MistakesOfTheOtherEndStopIt) {
    enum class Mistake { unknown_id, same_id_twice, more_than_asked, still_mapped };
    for (auto mistake : {Mistake::unknown_id, Mistake::same_id_twice, Mistake::more_than_asked, Mistake::still_mapped}) {
        XenHost::start();
        Sender one;
        ASSERT_TRUE(one.open(XenHost::domain));
        one.start(port);
        fakes::RingEnd<SendRequest, SendAnswer> other(one.grant());
        device::PacketList list;
        list.push_back(fakes::make_packet(fakes::make_frame(3000)));
        list.push_back(fakes::make_packet(fakes::make_frame(3000)));
        one.transmit(list);
        auto head = other.take(), rest = other.take();
        switch (mistake) {
        case Mistake::unknown_id: other.put(SendAnswer{999, 0}); break;
        case Mistake::same_id_twice: other.put(SendAnswer{head.id, 0}), other.put(SendAnswer{head.id, 0}); break;
        case Mistake::more_than_asked: other.answers = 100; break;
        case Mistake::still_mapped: XenHost::get().hold(rest.grant, true), other.put(SendAnswer{rest.id, 0}); break;
        }
        other.publish();
        one.poll();
        EXPECT_TRUE(one.broken()) << static_cast<int>(mistake);
        list.push_back(fakes::make_packet(fakes::make_frame(60)));
        one.transmit(list);
        EXPECT_EQ(one.untaken(), 0u);
    }
}

class XenReceiving : public testing::Test {
protected:
    XenReceiving() : host(XenHost::start()) {
        EXPECT_TRUE(receiver.open(XenHost::domain));
        end.emplace(receiver.grant());
        EXPECT_TRUE(receiver.start(port));
    }
    /// Copies the bytes into as many frames as they take.
    void deliver(const Bytes& bytes, u16 flags = 0, std::optional<ExtraInfo> extra = {}) {
        for (std::size_t at = 0; at < bytes.size();) {
            ASSERT_TRUE(end->has_request());
            auto request = end->take();
            auto* frame = host.granted(request.grant, true);
            ASSERT_NE(frame, nullptr);
            auto count = std::min(bytes.size() - at, page_size);
            std::memcpy(frame, bytes.data() + at, count);
            bool first = at == 0;
            at += count;
            auto own = static_cast<u16>((first ? flags : 0) | (at < bytes.size() ? receive_more : 0) | (first && extra ? receive_extra : 0));
            end->put(ReceiveAnswer{request.id, 0, own, static_cast<i16>(count)});
            if (first && extra) {
                ++end->requests;
                end->put(*extra);
            }
        }
        end->publish();
    }
    std::optional<Bytes> received() {
        receiver.poll(64, packets);
        packet = packets.pop_front();
        return packet ? std::optional(fakes::bytes_of_packet(*packet)) : std::nullopt;
    }

    XenHost& host;
    Receiver receiver;
    std::optional<fakes::RingEnd<ReceiveRequest, ReceiveAnswer>> end;
    device::PacketList packets;
    Owned<device::Packet> packet;
};

TEST_F(XenReceiving, PacketsOfAllSizesForLong) {
    for (u32 round = 0; round < 300; ++round) {
        auto frame = fakes::make_frame(14 + round * 211 % 60000, static_cast<u8>(round));
        deliver(frame);
        ASSERT_EQ(received(), frame) << round;
        EXPECT_EQ(packet->checksum, device::Checksum::unknown);
    }
    EXPECT_EQ(receiver.counters.packets_received, 300u);
    EXPECT_FALSE(receiver.broken());
}

TEST_F(XenReceiving, SumsAndSegmentsAreNoted) {
    deliver(fakes::make_frame(100), receive_no_checksum);
    ASSERT_TRUE(received());
    EXPECT_EQ(packet->checksum, device::Checksum::verified);
    deliver(fakes::make_frame(9000), receive_verified, ExtraInfo{extra_segmentation, 0, 1448, segmentation_tcp4, 0, 0});
    ASSERT_EQ(received(), fakes::make_frame(9000));
    EXPECT_EQ(packet->segmentation, device::Segmentation::tcp4);
    EXPECT_EQ(packet->segment_size, 1448);
    EXPECT_EQ(packet->segments, 7);
    deliver(fakes::make_frame(60));
    EXPECT_EQ(received(), fakes::make_frame(60));
}

TEST_F(XenReceiving, AnEventComesWhenItIsWanted) {
    receiver.want_events();
    auto request = end->take();
    end->put(ReceiveAnswer{request.id, 0, 0, 60});
    EXPECT_TRUE(end->publish());
    request = end->take();
    end->put(ReceiveAnswer{request.id, 0, 0, 60});
    EXPECT_FALSE(end->publish());
    EXPECT_TRUE(receiver.has_news());
}

TEST_F(XenReceiving, WhatMakesNoSenseIsCountedAndDropped) {
    for (auto wrong : {ReceiveAnswer{0, 0, 0, -1}, ReceiveAnswer{0, 4000, 0, 200}, ReceiveAnswer{0, 8, 0, 60}, ReceiveAnswer{0, 0xfff0, 0, 60}, ReceiveAnswer{0, 0, 0, 13}}) {
        wrong.id = end->take().id;
        end->put(wrong);
        end->publish();
        EXPECT_FALSE(received());
    }
    deliver(fakes::make_frame(9000), 0, ExtraInfo{extra_segmentation, 0, 0, segmentation_tcp4, 0, 0});
    EXPECT_FALSE(received());
    EXPECT_EQ(receiver.counters.receive_errors, 6u);
    deliver(fakes::make_frame(77));
    EXPECT_EQ(received(), fakes::make_frame(77));
}

TEST_F(XenReceiving, MistakesOfTheOtherEndStopIt) {
    enum class Mistake { wrong_id, still_mapped, no_end, extra_without_end, more_than_asked };
    for (auto mistake : {Mistake::wrong_id, Mistake::still_mapped, Mistake::no_end, Mistake::extra_without_end, Mistake::more_than_asked}) {
        XenHost::start();
        Receiver one;
        ASSERT_TRUE(one.open(XenHost::domain));
        fakes::RingEnd<ReceiveRequest, ReceiveAnswer> other(one.grant());
        ASSERT_TRUE(one.start(port));
        auto request = other.take();
        switch (mistake) {
        case Mistake::wrong_id: other.put(ReceiveAnswer{static_cast<u16>(request.id + 1), 0, 0, 60}); break;
        case Mistake::still_mapped: XenHost::get().hold(request.grant, true), other.put(ReceiveAnswer{request.id, 0, 0, 60}); break;
        case Mistake::no_end: other.put(ReceiveAnswer{request.id, 0, receive_more, 60}); break;
        case Mistake::extra_without_end:
            other.put(ReceiveAnswer{request.id, 0, receive_extra, 60});
            other.put(ExtraInfo{extra_segmentation, extra_more, 100, segmentation_tcp4, 0, 0});
            break;
        case Mistake::more_than_asked: other.answers = 1000; break;
        }
        other.publish();
        one.poll(64, packets);
        EXPECT_TRUE(one.broken()) << static_cast<int>(mistake);
        EXPECT_TRUE(packets.empty());
        EXPECT_FALSE(one.has_news());
    }
}

}  // namespace
}  // namespace spore::drivers::xen
