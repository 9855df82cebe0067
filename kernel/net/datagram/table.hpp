// Sockets by their number, and who of them gets a datagram. UDP's number is the port, ICMP echo's the identifier, a raw socket's the protocol.
#pragma once

#include <span>

#include "base/locked.hpp"
#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/datagram/socket.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::net::datagram {

class DatagramSocket;

class Table {
public:
    struct Bucket {
        DatagramSocket* first = nullptr;
    };
    using Buckets = std::span<Locked<Bucket, sync::Spin>>;
    constexpr explicit Table(Buckets buckets) : buckets_(buckets) {}

    void insert(DatagramSocket& socket);
    void remove(DatagramSocket& socket);
    /// The socket that fits best. Of several that share the number, the one that their program chooses when it sees what is behind the packet's `header`
    /// bytes, or one by the flow's hash, so that a flow stays with its socket.
    Shared<DatagramSocket> best(const Arrival& arrival, u16 source_port, u16 number, u32 hash, const device::Packet& packet, u32 header);
    /// Gives a copy, from which `header` bytes were taken off the front, to everybody who takes it; whether there was anybody.
    bool deliver_to_all(const device::Packet& packet, const Arrival& arrival, u16 source_port, u16 number, u32 header);
    /// Tells the sockets that sent the packet that the error is about.
    void path_error(const PathError& error, u16 number, u16 remote_port);
    void for_each(SummaryVisitor visitor, void* context);

private:
    auto& bucket_of(u16 number) { return buckets_[number % buckets_.size()]; }
    Buckets buckets_;
};

}  // namespace spore::net::datagram
