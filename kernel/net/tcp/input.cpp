// A segment's way to its connection, and the fast way through it: header prediction [Jacobson 1990]. What is next in order on an established connection
// needs few of RFC 9293's checks.
#include "kernel/net/tcp/batch.hpp"
#include "kernel/net/tcp/control_block.hpp"
#include "kernel/net/tcp/filter.hpp"
#include "kernel/net/tcp/listener.hpp"
#include "kernel/net/tcp/reply.hpp"
#include "kernel/net/tcp/request.hpp"
#include "kernel/net/tcp/secret.hpp"
#include "kernel/net/tcp/time_wait.hpp"
#include "wire/net/checksum.hpp"

namespace spore::net::tcp {

using device::Packet;
namespace flag = wire::tcp;

namespace {

bool checksum_holds(const Packet& packet, const Arrival& arrival) {
    if (packet.checksum == device::Checksum::verified || packet.checksum == device::Checksum::partial) return true;  // partial: never left this machine
    wire::InternetSum sum(pseudo_header_sum(arrival.source, arrival.destination, wire::tcp::protocol_number, packet.size()));
    packet.for_each_piece(0, packet.size(), [&](ByteSpan piece) { sum.add(piece); });
    return sum.verifies();
}

struct Ports {
    u16 source, destination;
};

/// Checks the header, reads it, and takes it off; false when it is none.
bool read_header(Packet& packet, const Arrival& arrival, Segment& segment, Ports& ports) {
    if (packet.head().size() < sizeof(flag::Header) && !packet.gather(sizeof(flag::Header))) return count_drop(Drop::malformed), false;
    u32 size = reinterpret_cast<const flag::Header*>(packet.head().data())->size();
    if (size < sizeof(flag::Header) || (packet.head().size() < size && !packet.gather(size))) return count_drop(Drop::malformed), false;
    if (!checksum_holds(packet, arrival)) return count_drop(Drop::checksum), false;
    auto& header = *reinterpret_cast<const flag::Header*>(packet.head().data());
    ports = {header.source_port, header.destination_port};
    segment.sequence = header.sequence;
    segment.acknowledgement = header.acknowledgement;
    segment.flags = header.flags;
    segment.hop_limit = arrival.hop_limit;
    segment.window = header.window;
    segment.urgent = header.urgent;
    segment.congestion_experienced = (arrival.traffic_class & 3) == 3;
    flag::parse_options(packet.head().subspan(sizeof(flag::Header), size - sizeof(flag::Header)), segment.options);
    packet.pop(size);
    segment.size = packet.size();
    return true;
}

/// No connection takes it: RST, unless it is one [RFC 9293 3.10.7.1].
void refuse(const Segment& segment, const Endpoint& local, const Endpoint& remote) {
    count_drop(Drop::no_port);
    if (segment.has(flag::rst)) return;
    send_reset_for(segment, local, remote);
}

void to_listener(Segment& segment, Owned<Packet> packet, const Endpoint& local, const Endpoint& remote, u32 hash, Arrival const& arrival, Instant now) {
    auto listener = find_listener(local, hash, arrival, *packet);
    if (!listener) return refuse(segment, local, remote);
    if (segment.hop_limit < listener->least_hops(local.address.is_v4())) [[unlikely]] return count_drop(Drop::too_far);
    if (auto filter = listener->filter(); filter && !passes_filter(*filter, segment, *packet, &arrival.interface)) [[unlikely]] return;
    listener->input(segment, std::move(packet), local, remote, hash, now);
}

}  // namespace

void input(Owned<Packet> packet, const Arrival& arrival) {
    Segment segment;
    Ports ports;
    if (arrival.broadcast) return count_drop(Drop::martian);  // [RFC 9293 3.9.2.3]
    if (!read_header(*packet, arrival, segment, ports)) return;
    auto& batch = local_batch();
    Instant now = batch.time();
    if (auto* last = batch.last(); last && last->is(arrival.destination, ports.destination, arrival.source, ports.source)) {
        ControlBlock::Session session(*last);
        return last->input(segment, std::move(packet), now);
    }

    u32 hash = flow_hash(arrival.destination, ports.destination, arrival.source, ports.source);
    auto& stripe = table.stripe(hash);
    stripe.lock.lock();
    auto* entry = table.find(hash, arrival.destination, ports.destination, arrival.source, ports.source);
    if (entry && entry->kind == TableEntry::Kind::connection) [[likely]] {
        auto& block = static_cast<ControlBlock&>(*entry);
        block.retain();
        stripe.lock.unlock();
        return batch.deliver(block, segment, std::move(packet));
    }
    u32 scope = arrival.source.is_link_local() ? arrival.interface.index() : 0;
    Endpoint local{arrival.destination, ports.destination, scope}, remote{arrival.source, ports.source, scope};
    if (entry && entry->kind == TableEntry::Kind::request) {
        if (auto filter = static_cast<Request&>(*entry).filter(); filter && !passes_filter(*filter, segment, *packet, &arrival.interface)) [[unlikely]]
            return stripe.lock.unlock();
        auto outcome = static_cast<Request&>(*entry).input(segment, stripe, now);  // unlocks
        if (!outcome) return;
        return batch.deliver(*outcome.leak(), segment, std::move(packet));
    }
    // A connection that has ended may begin anew [RFC 9293 3.10.7.4, RFC 6191].
    if (entry && !static_cast<TimeWait&>(*entry).input(segment, stripe, now)) return;  // unlocks
    if (!entry) stripe.lock.unlock();
    to_listener(segment, std::move(packet), local, remote, hash, arrival, now);
}

void start() {
    table.start();
    connect_transport(flag::protocol_number, {.input = input, .path_error = path_error, .end_of_batch = end_of_batch});
}

void end_of_batch() { local_batch().finish(); }

void ControlBlock::input(Segment& segment, Owned<Packet> packet, Instant now) {
    stamp(now);
    ++segments_in_;
    if (from_too_far(segment.hop_limit)) [[unlikely]] return count_drop(Drop::too_far);
    if (filtered_ && !passes_filter(*options_.filter, segment, *packet, path_.interface())) [[unlikely]] return;
    if (predicted(segment)) [[likely]] return input_predicted(segment, std::move(packet));
    if (state_ == State::closed) return;  // it leaves the table just now
    if (state_ == State::syn_sent) return input_syn_sent(segment, std::move(packet));
    input_synchronized(segment, std::move(packet));
}

bool ControlBlock::predicted(const Segment& segment) const {
    return state_ == State::established && (segment.flags & ~flag::psh) == flag::ack && segment.sequence == receive_next_ &&
           timestamps_ == segment.options.timestamps && (!timestamps_ || !before(segment.options.timestamp, recent_timestamp_)) &&
           segment.options.sack_count == 0 && segment.acknowledgement - send_unacknowledged_ <= send_next_ - send_unacknowledged_ &&
           segment.size <= receive_edge_ - receive_next_ && !orphan_ && !ecn_;
}

void ControlBlock::input_predicted(Segment& segment, Owned<Packet> packet) {
    if (timestamps_) note_timestamp(segment);
    keep_alive_probes_ = 0;
    bool same = segment.acknowledgement == send_unacknowledged_ && u32{segment.window} << send_scale_ == send_window_;
    if (!(same && segment.size)) acknowledge(segment);
    if (segment.size) take_data(segment, std::move(packet));
}

void ControlBlock::finish_batch() {
    stamp(local_batch().time());
    if (state_ != State::closed) {
        // SACK blocks do not travel with data: what the peer must know of gaps goes first.
        if (ack_now_ && (reassembly_ || duplicate_)) send_ack();
        output();
        if (ack_now_) {
            send_ack();
        } else if (ack_due_ && ack_at_ == Instant::never()) {
            ack_at_ = now_ + ack_delay();
            wake_at(ack_at_);
        }
    }
    bool again = arrived_;
    arrived_ = false;
    [[clang::always_inline]] publish(again ? Ready::in : Ready::none);
}

}  // namespace spore::net::tcp
