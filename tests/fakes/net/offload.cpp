// What a device with offloads does with a packet before it is on the wire.
#include <gtest/gtest.h>

#include "tests/fakes/net/device.hpp"
#include "tests/fakes/net/frames.hpp"

namespace spore::fakes {

namespace {

Bytes bytes_of_packet(const device::Packet& packet) {
    Bytes bytes(packet.size());
    packet.copy_out(0, std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

void store(Bytes& bytes, std::size_t at, u64 value, unsigned count) {
    auto stored = big(value, count);
    std::copy(stored.begin(), stored.end(), bytes.begin() + static_cast<i64>(at));
}

void complete(Bytes& frame, std::size_t start, std::size_t offset) {
    Bytes summed(frame.begin() + static_cast<i64>(start), frame.end());
    store(frame, start + offset, plain_checksum(summed), 2);
}

}  // namespace

std::vector<Bytes> on_the_wire(const device::Packet& packet) {
    auto whole = bytes_of_packet(packet);
    if (packet.checksum != device::Checksum::partial) {
        EXPECT_EQ(packet.segmentation, device::Segmentation::none) << "segments need their checksums from the device";
        return {whole};
    }
    auto start = static_cast<std::size_t>(packet.layer_offset(device::Layer::transport));
    if (packet.segmentation == device::Segmentation::none) {
        complete(whole, start, packet.checksum_offset);
        return {whole};
    }
    bool v4 = whole[14] >> 4 == 4, udp = packet.segmentation == device::Segmentation::udp;
    std::size_t header = udp ? 8 : (whole.at(start + 12) >> 4) * std::size_t{4}, payload = whole.size() - start - header;
    auto parsed = parse_frame(whole, Verify::not_transport);
    EXPECT_TRUE(parsed) << "the packet's headers are not those of an IP packet";
    EXPECT_GT(packet.segment_size, 0);
    if (!parsed || packet.segment_size == 0) return {};
    std::vector<Bytes> frames;
    for (std::size_t at = 0; at < payload; at += packet.segment_size) {
        auto size = std::min<std::size_t>(packet.segment_size, payload - at);
        bool last = at + size == payload;
        Bytes frame(whole.begin(), whole.begin() + static_cast<i64>(start + header));
        frame.insert(frame.end(), whole.begin() + static_cast<i64>(start + header + at),
                     whole.begin() + static_cast<i64>(start + header + at + size));
        if (v4) {
            store(frame, 14 + 2, frame.size() - 14, 2);
            store(frame, 14 + 10, 0, 2);
            store(frame, 14 + 10, plain_checksum(Bytes(frame.begin() + 14, frame.begin() + static_cast<i64>(start))), 2);
        } else {
            store(frame, 14 + 4, frame.size() - 14 - 40, 2);
        }
        if (udp) {
            store(frame, start + 4, 8 + size, 2);
        } else {
            store(frame, start + 4, read_big(frame, start + 4, 4) + at, 4);
            if (!last) frame[start + 13] &= static_cast<u8>(~0x09);
            if (at) frame[start + 13] &= static_cast<u8>(~0x80);
        }
        std::size_t field = start + (udp ? 6 : 16);
        auto sum = plain_pseudo_sum(parsed->ip.source, parsed->ip.destination, udp ? 17 : 6, header + size);
        while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
        store(frame, field, sum, 2);
        complete(frame, start, field - start);
        frames.push_back(std::move(frame));
    }
    return frames;
}

}  // namespace spore::fakes
