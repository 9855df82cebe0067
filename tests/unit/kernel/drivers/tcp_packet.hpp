// What the stack hands to a card that completes checksums, or cuts segments.
#pragma once

#include <gtest/gtest.h>

#include "tests/fakes/net/frames.hpp"
#include "tests/fakes/net_sink.hpp"

namespace spore::fakes {

/// A TCP packet of `payload` bytes as the stack hands it over, with headers of its own and the pseudo-header's sum in place.
inline Owned<device::Packet> make_tcp_packet(const device::MacAddress& card_address, bool v4, u32 payload) {
    auto source = ip(v4 ? "10.0.0.1" : "fd00::1"), destination = ip(v4 ? "10.0.0.2" : "fd00::2");
    Bytes tcp = big(1000, 2) + big(2000, 2) + big(0xffff'ff00, 4) + big(77, 4) + Bytes{0x80, 0x19} + big(512, 2) +
                big(0, 4) + Bytes(12, 1) + pattern_bytes(payload);
    u32 sum = plain_pseudo_sum(source, destination, 6, tcp.size());
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    tcp[16] = static_cast<u8>(sum >> 8), tcp[17] = static_cast<u8>(sum);
    auto packet = make_packet(ethernet_frame(card_address, card_address, v4 ? 0x0800 : 0x86dd,
                                                    ip_packet({.source = source, .destination = destination, .protocol = 6}, tcp)));
    packet->pop(14);
    packet->mark(device::Layer::network);
    packet->pop(v4 ? 20 : 40);
    packet->mark(device::Layer::transport);
    packet->push(14 + (v4 ? 20 : 40));
    packet->checksum = device::Checksum::partial;
    packet->checksum_offset = 16;
    return packet;
}

/// One that the card is to cut into segments of 1448 bytes.
inline Owned<device::Packet> make_uncut_packet(const device::MacAddress& card_address, bool v4) {
    auto packet = make_tcp_packet(card_address, v4, 60'000);
    packet->segmentation = v4 ? device::Segmentation::tcp4 : device::Segmentation::tcp6;
    packet->segment_size = 1448;
    return packet;
}
/// The frames that it became.
inline void expect_cut(const std::vector<Bytes>& sent) {
    ASSERT_EQ(sent.size(), 42u);
    Bytes payload;
    for (std::size_t i = 0; i < sent.size(); ++i) {
        auto parsed = parse_frame(sent[i]);
        ASSERT_TRUE(parsed) << i;
        EXPECT_EQ(read_big(parsed->payload, 4, 4), (0xffff'ff00 + i * 1448) & 0xffff'ffff);
        EXPECT_EQ(parsed->payload[13], i + 1 == sent.size() ? 0x19 : 0x10);
        payload = payload + Bytes(parsed->payload.begin() + 32, parsed->payload.end());
    }
    EXPECT_EQ(payload, pattern_bytes(60'000));
}

}  // namespace spore::fakes
