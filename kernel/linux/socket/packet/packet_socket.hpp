// AF_PACKET: whole frames, over net::link [packet(7)].
#pragma once

#include "kernel/linux/poll/waiter.hpp"
#include "kernel/linux/socket/packet/ring.hpp"
#include "kernel/linux/socket/socket.hpp"
#include "kernel/net/link/socket.hpp"

namespace spore::linux {

class PacketSocket final : public Socket, private net::EndpointListener {
public:
    static Result<Shared<Socket>> create(u16 type, i32 protocol, fs::OpenMode mode);
    using Socket::Socket;
    ~PacketSocket() override;

    Result<void> bind(const SocketAddress& address) override;
    Result<void> connect(const SocketAddress&) override { return fail(Error::not_supported); }
    Result<u64> send(SendRequest& request) override;
    Result<u64> receive(ReceiveRequest& request) override;
    Result<void> shutdown(Shut) override { return fail(Error::not_supported); }
    Result<SocketAddress> name() override;
    Result<SocketAddress> peer_name() override { return fail(Error::not_supported); }
    Result<u64> get_option(i32 level, i32 name, MutableByteSpan value) override;
    Result<void> set_option(i32 level, i32 name, ByteSpan value) override;
    Result<u64> ioctl(u32 request, u64 argument) override;
    fs::Ready ready() override;
    fs::PollSource* poll_source() override { return &source_; }
    Result<Shared<memory::MappedObject>> map(fs::MapWrites writes) override;

private:
    void changed(net::Ready what) override { source_.notify(static_cast<fs::Ready>(what)); }
    Result<void> option_set(i32 name) override;

    fs::PollSource source_;
    Shared<net::link::Socket> endpoint_;  ///< from create() on
    std::atomic<bool> auxiliary_ = false;  ///< PACKET_AUXDATA
    Result<void> set_ring(ByteSpan value);
    sync::Mutex ring_mutex_;               ///< one change of what follows at a time
    PacketVersion version_{};
    u32 reserve_ = 0;
    Owned<PacketRing> ring_;
    Locked<PacketRing*, sync::Spin> shown_ring_{std::in_place, nullptr};  ///< the same for ready()
};

/// Registers AF_PACKET.
void register_packet_family();

}  // namespace spore::linux
