// A network card's driver and its stack, for tests of drivers whose card is a fake.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "kernel/device/poller.hpp"
#include "tests/fakes/net_sink.hpp"
#include "tests/unit/kernel/drivers/tcp_packet.hpp"

namespace spore::fakes {

template <typename Device>
class CardRig {
public:
    void transmit(Owned<device::Packet> packet) {
        device::PacketList list;
        list.push_back(std::move(packet));
        net->transmit(list);
    }
    /// The first byte of each tells its place.
    void transmit_many(u32 count) {
        device::PacketList list;
        for (u32 i = 0; i < count; ++i) list.push_back(make_packet(make_frame(60, static_cast<u8>(i))));
        net->transmit(list);
    }
    /// The card has sent all of them, in order, as `sent`.
    void expect_all_sent(const std::vector<Bytes>& sent, u32 count) {
        ASSERT_EQ(sent.size(), count);
        EXPECT_EQ(net->untaken(), 0u);
        for (u32 i = 0; i < count; ++i) EXPECT_EQ(sent[i][0], static_cast<u8>(i));
        EXPECT_EQ(net->counters(0).send_queue_full, 0u);
    }
    /// The card completes the checksums of packets with all sorts of payloads.
    void expect_sums_completed(auto& card, bool v4) {
        for (u32 payload : {1000u, 3u, 0u}) {
            transmit(make_tcp_packet(net->mac(), v4, payload));
            auto sent = card.take_sent();
            ASSERT_EQ(sent.size(), 1u);
            auto parsed = parse_frame(sent[0]);
            ASSERT_TRUE(parsed);
            EXPECT_EQ(Bytes(parsed->payload.begin() + 32, parsed->payload.end()), pattern_bytes(payload));
        }
    }
    /// More than its ring takes, and nothing happens but that it is done with what it has.
    void expect_what_waited_is_sent(auto& card) {
        card.hold();
        transmit_many(300);
        run();
        card.resume();
        run();
        EXPECT_EQ(card.take_sent().size(), 300u);
    }
    static void run() {
        while (device::run_scheduled_jobs()) {}
    }
    /// What the stack got next, though sent as broadcast, as make_frame() had made it.
    std::optional<Bytes> received() {
        run();
        auto packet = sink.packets.pop_front();
        if (!packet) return std::nullopt;
        auto bytes = bytes_of_packet(*packet);
        std::copy_n(make_frame(6).begin(), 6, bytes.begin());
        return bytes;
    }
    static Bytes as_broadcast(Bytes frame) {
        std::fill_n(frame.begin(), 6, u8{0xff});
        return frame;
    }

    NetSink sink;
    std::optional<Device> net;

protected:
    /// Ends the driver, before its card does: all memory must be back.
    void end() {
        sink.packets.clear();
        net.reset();
        EXPECT_EQ(memory::memory_use().free, free_before_);
    }

private:
    u64 free_before_ = memory::memory_use().free;
};

}  // namespace spore::fakes
