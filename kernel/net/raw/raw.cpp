#include "kernel/net/raw/raw.hpp"

#include "kernel/core/random.hpp"
#include "kernel/net/datagram/datagram_socket.hpp"
#include "kernel/net/ip/input.hpp"
#include "wire/net/checksum.hpp"
#include "wire/net/ipv4.hpp"
#include "wire/net/ipv6.hpp"

namespace spore::net::raw {

namespace {

using datagram::Options, datagram::Target, datagram::TypeFilter;

constinit std::array<Locked<datagram::Table::Bucket, sync::Spin>, 16> buckets;
constinit datagram::Table table(buckets);
/// How many sockets each protocol has.
struct Counts {
    u16 of[256] = {};
};
constinit Locked<Counts, sync::Spin> counts;

constexpr u16 v6_numbers = 256;
constexpr u8 protocol_icmp = 1;
u16 number_of(bool v4, u8 protocol) { return static_cast<u16>(protocol + (v4 ? 0 : v6_numbers)); }

void input(Owned<device::Packet> packet, const Arrival& arrival);

class RawSocket final : public datagram::DatagramSocket {
public:
    RawSocket(Version version, u8 protocol, EndpointListener* listener) : DatagramSocket(table, listener), v4_(version == Version::v4), protocol_(protocol) {
        constexpr i32 icmp_checksum_offset = 2;
        options_.header_included = protocol == only_sends;
        if (!v4_ && protocol == wire::ipv6::icmp) options_.checksum_offset = icmp_checksum_offset;
    }
    ~RawSocket() override { close(); }
    static constexpr u8 only_sends = 255;  ///< IPPROTO_RAW

    Result<void> start() {
        TRY(DatagramSocket::bind(TRY(Binding::create(Transport::raw, {v4_ ? IpAddress::any_v4() : IpAddress(), protocol_, 0}, {.only_v6 = true}))));
        counts.with([&](Counts& c) {
            if (c.of[protocol_]++ == 0) ip::stand_before(protocol_, input);
        });
        started_ = true;
        return {};
    }
    void close() override {
        if (std::exchange(started_, false))
            counts.with([&](Counts& c) {
                if (--c.of[protocol_] == 0) ip::stand_before(protocol_, nullptr);
            });
        DatagramSocket::close();
    }

    Transport transport() const override { return Transport::raw; }
    u16 number() const override { return number_of(v4_, protocol_); }
    /// It has been bound to any address; a program may choose another.
    Result<void> bind(Owned<Binding> binding) override {
        Guard guard(lock_);
        std::swap(binding_, binding);  // the old one goes without the lock
        return {};
    }
    TypeFilter type_filter() const override {
        Guard guard(lock_);
        return blocked_;
    }
    void set_type_filter(const TypeFilter& blocked) override {
        Guard guard(lock_);
        blocked_ = blocked;
    }

    bool wants(const device::Packet& packet, const Arrival& arrival) const override {
        auto start = static_cast<u32>(packet.layer_offset(device::Layer::transport));
        Guard guard(lock_);
        if (protocol_ == (v4_ ? protocol_icmp : wire::ipv6::icmp)) {
            if (packet.head().size() <= start) return false;
            auto type = static_cast<u8>(packet.head()[start]);
            if (blocked_[type / 32] >> type % 32 & 1) return false;
        }
        if (v4_ || options_.checksum_offset < 0 || packet.checksum == device::Checksum::verified) return true;
        wire::InternetSum sum(pseudo_header_sum(arrival.source, arrival.destination, protocol_, packet.size()));
        packet.for_each_piece(0, packet.size(), [&](ByteSpan piece) { sum.add(piece); });
        return sum.verifies();
    }

private:
    Result<void> send_on(Path& path, Owned<device::Packet> packet, const Endpoint&, const Target& target) override {
        auto options = this->options();
        if (options.header_included) {
            if (v4_) TRY(complete_header(path, *packet));
            return path.send_with_header(std::move(packet));
        }
        if (!v4_ && options.checksum_offset >= 0) TRY(put_checksum(path, *packet, static_cast<u32>(options.checksum_offset)));
        return send_packet(path, std::move(packet), header_fields(path, protocol_, options, target), options.multicast_loop);
    }

    /// What the program left open of the header, and what it may not choose [raw(7)].
    static Result<void> complete_header(const Path& path, device::Packet& packet) {
        using wire::ipv4::Header;
        if (!packet.gather(std::min(packet.size(), wire::ipv4::max_header)) || packet.head().size() < sizeof(Header)) return fail(Error::invalid);
        auto& header = *reinterpret_cast<Header*>(packet.head().data());
        u32 size = header.header_size();
        if (header.version_and_size >> 4 != 4 || size < sizeof header || size > packet.head().size()) return fail(Error::invalid);
        header.total_size = static_cast<u16>(packet.size());
        if (header.source == 0) header.source = path.source().v4_value();
        if (header.identification == 0) header.identification = static_cast<u16>(core::random_u64());
        header.checksum = 0;
        header.checksum = wire::checksum_of(packet.head().first(size));
        return {};
    }

    Result<void> put_checksum(const Path& path, device::Packet& packet, u32 offset) const {
        if (offset + sizeof(be16) > packet.size() || !packet.gather(offset + u32{sizeof(be16)})) return fail(Error::invalid);
        auto& field = *reinterpret_cast<be16*>(packet.head().data() + offset);
        field = 0;
        wire::InternetSum sum(pseudo_header_sum(path.source(), path.destination(), protocol_, packet.size()));
        packet.for_each_piece(0, packet.size(), [&](ByteSpan piece) { sum.add(piece); });
        u16 checksum = sum.checksum();
        field = checksum ? checksum : u16{0xffff};
        return {};
    }

    bool v4_, started_ = false;
    u8 protocol_;
    TypeFilter blocked_{};
};

void input(Owned<device::Packet> packet, const Arrival& arrival) {
    constexpr u32 type_and_checksum = 8;
    (void)packet->gather(std::min(packet->size(), type_and_checksum));  // one that cannot be gathered is judged by what is there
    bool v4 = arrival.destination.is_v4();
    u32 header = static_cast<u32>(-packet->layer_offset(device::Layer::network));
    // With its header, for IPv4; without, for IPv6 [RFC 3542 3].
    if (v4) packet->rewind(device::Layer::network);
    bool taken = table.deliver_to_all(*packet, arrival, 0, number_of(v4, arrival.protocol), 0);
    if (v4) packet->pop(header);
    ip::deliver_behind(std::move(packet), arrival, taken);
}

}  // namespace

Result<Shared<datagram::Socket>> create(Version version, u8 protocol, EndpointListener* listener) {
    auto socket = TRY(make_shared<RawSocket>(version, protocol, listener));
    TRY(socket->start());
    return Shared<datagram::Socket>(std::move(socket));
}

void path_error(const PathError& error) { table.path_error(error, number_of(error.destination.is_v4(), error.protocol), 0); }
void for_each(datagram::SummaryVisitor visitor, void* context) { table.for_each(visitor, context); }

}  // namespace spore::net::raw
