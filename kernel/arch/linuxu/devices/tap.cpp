#include "../host/call.hpp"
#include "incoming.hpp"
#include "kernel/device/offload_header.hpp"
#include "link.hpp"

namespace spore::arch {
namespace {

using device::Packet;
using wire::virtio_net::Header;

/// A read takes one packet, a write gives one.
class Tap final : public Link {
public:
    explicit Tap(int descriptor) : descriptor_(descriptor) {}

    const char* name() const override { return "tap"; }
    u16 mtu() const override { return 1500; }
    const device::NetFeatures& features() const override { return offers; }

    Owned<Packet> receive(Header& header) override {
        if (!incoming_.prepare()) return {};
        iovec parts[1 + Incoming::max_parts] = {{&header, sizeof header}};
        u32 count = 1 + incoming_.parts(0, parts + 1);
        i64 got = host::call(SYS_readv, descriptor_, parts, count);
        if (got < static_cast<i64>(sizeof header)) return {};
        return incoming_.take(static_cast<u32>(got) - static_cast<u32>(sizeof header));
    }

    bool send(const Packet& packet) override {
        auto header = device::offload_header(packet);
        iovec parts[2 + Packet::max_slices] = {{&header, sizeof header}, {const_cast<std::byte*>(packet.head().data()), packet.head().size()}};
        u32 count = 2;
        for (auto& slice : packet.slices()) parts[count++] = {slice.bytes(), slice.size};
        return host::call(SYS_writev, descriptor_, parts, count) > 0;
    }

private:
    static constexpr device::NetFeatures offers{.send_checksum = true, .send_tcp4_segments = true, .send_tcp6_segments = true,
                                                .receive_checksum = true, .max_send_size = Incoming::largest};
    int descriptor_;
    Incoming incoming_;
};

}  // namespace

Result<Owned<Link>> open_tap(int descriptor) { return Owned<Link>(TRY(make_owned<Tap>(descriptor)).release()); }

}  // namespace spore::arch
