#include "kernel/net/tcp/reply.hpp"

#include <optional>

#include "kernel/net/tcp/send_queue.hpp"

namespace spore::net::tcp {

namespace flag = wire::tcp;

bool send_reply(const Reply& reply, SendQueue* queue, u32 data) {
    std::optional<Path> found;
    Path* path = reply.path;
    if (!path) {
        auto result = Path::find(reply.remote.address, {.source = reply.local.address, .interface = reply.remote.scope});
        if (!result) return count_drop(Drop::no_route), false;
        path = &found.emplace(std::move(*result));
    }
    auto created = device::Packet::create();
    if (!created) return count_drop(Drop::no_memory), false;
    auto packet = std::move(*created);
    if (data && queue->attach(*packet, 0, data) < data) return false;

    std::byte options[flag::max_options_size];
    u32 options_size = reply.options ? flag::write_options(options, *reply.options) : 0;
    u32 size = sizeof(flag::Header) + options_size;
    auto head = packet->push(size);
    packet->mark(device::Layer::transport);
    auto& header = *reinterpret_cast<flag::Header*>(head.data());
    header.source_port = reply.local.port;
    header.destination_port = reply.remote.port;
    header.sequence = reply.sequence;
    header.acknowledgement = reply.acknowledgement;
    header.data_offset = static_cast<u8>(size / 4 << 4);
    header.flags = reply.flags;
    header.window = reply.window;
    header.urgent = 0;
    header.checksum = pseudo_header_sum(reply.local.address, reply.remote.address, flag::protocol_number, size + data);
    std::memcpy(head.data() + sizeof(flag::Header), options, options_size);
    packet->checksum = device::Checksum::partial;
    packet->checksum_offset = flag::checksum_offset;
    return path->send(std::move(packet), {.protocol = flag::protocol_number, .hop_limit = reply.hop_limit, .traffic_class = reply.traffic_class}).has_value();
}

void send_reset_for(const Segment& segment, const Endpoint& local, const Endpoint& remote) {
    if (segment.has(flag::rst)) return;
    Reply reply{.local = local, .remote = remote};
    if (segment.has(flag::ack)) {
        reply.sequence = segment.acknowledgement;
        reply.flags = flag::rst;
    } else {
        reply.acknowledgement = segment.end();
        reply.flags = flag::rst | flag::ack;
    }
    send_reply(reply);
}

}  // namespace spore::net::tcp
