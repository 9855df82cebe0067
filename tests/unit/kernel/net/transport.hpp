// A transport for tests of the IP layer: keeps what comes.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/ip/path.hpp"
#include "tests/fakes/net/stack.hpp"

namespace spore::net {

class TestTransport {
public:
    static constexpr u8 protocol = 253;  ///< for experiments [RFC 3692]

    struct Received {
        fakes::Bytes bytes;
        IpAddress source, destination;
        u8 hop_limit, traffic_class;
        bool broadcast;
        device::Checksum checksum;
        device::Segmentation segmentation;
        u16 segments;
    };
    struct Error {
        PathError error;
        fakes::Bytes quoted;
    };

    TestTransport() {
        current = this;
        connect_transport(protocol, {.input = input, .path_error = path_error, .end_of_batch = [] { ++current->batches_; }});
    }
    ~TestTransport() {
        connect_transport(protocol, {});
        current = nullptr;
    }
    IpOptions options() const { return {.protocol = protocol}; }

    const std::vector<Received>& received() const { return received_; }
    const std::vector<Error>& errors() const { return errors_; }
    int batches() const { return batches_; }
    bool accept_mtu = true;
    void clear() { received_.clear(), errors_.clear(), batches_ = 0; }

private:
    static void input(Owned<device::Packet> packet, const Arrival& arrival) {
        fakes::Bytes bytes(packet->size());
        packet->copy_out(0, std::as_writable_bytes(std::span(bytes)));
        current->received_.push_back({bytes, arrival.source, arrival.destination, arrival.hop_limit, arrival.traffic_class, arrival.broadcast,
                                      packet->checksum, packet->segmentation, packet->segments});
    }
    static void path_error(const PathError& error) {
        auto* quoted = reinterpret_cast<const u8*>(error.quoted.data());
        current->errors_.push_back({error, {quoted, quoted + error.quoted.size()}});
        if (current->accept_mtu) accept_path_mtu(error);
    }

    static inline TestTransport* current = nullptr;
    std::vector<Received> received_;
    std::vector<Error> errors_;
    int batches_ = 0;
};

/// A packet ready for Path::send(): a few bytes in its head, or many in frames.
inline Owned<device::Packet> make_packet(const fakes::Bytes& bytes) {
    auto packet = std::move(*device::Packet::create());
    auto in_head = std::min<std::size_t>(bytes.size(), 100);
    std::memcpy(packet->append(static_cast<u32>(in_head)).data(), bytes.data(), in_head);
    for (std::size_t at = in_head; at < bytes.size();) {
        auto frame = memory::FrameRef::adopt(*memory::allocate_frames());
        auto size = std::min(bytes.size() - at, page_size);
        std::memcpy(frame.bytes(), bytes.data() + at, size);
        EXPECT_TRUE(packet->add({std::move(frame), 0, static_cast<u32>(size)}));
        at += size;
    }
    return packet;
}
inline Owned<device::Packet> make_packet(const std::string& characters) { return make_packet(fakes::text(characters)); }

}  // namespace spore::net
