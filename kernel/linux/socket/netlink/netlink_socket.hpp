// AF_NETLINK with NETLINK_ROUTE and NETLINK_SOCK_DIAG: programs ask what interfaces, addresses, routes and neighbours, and what sockets there are
// [netlink(7), rtnetlink(7), sock_diag(7)]. Requests are answered while they are sent; the answers wait in the socket. Nothing can be changed: the
// network is as the manifest says.
#pragma once

#include "kernel/linux/poll/waiter.hpp"
#include "kernel/linux/socket/netlink/message.hpp"
#include "kernel/linux/socket/socket.hpp"

namespace spore::linux {

class NetlinkSocket final : public Socket {
public:
    static Result<Shared<Socket>> create(u16 type, i32 protocol, fs::OpenMode mode);
    NetlinkSocket(u16 type, u16 protocol, fs::OpenMode mode) : Socket(family_netlink, type, protocol, mode) {}

    Result<void> bind(const SocketAddress& address) override;
    Result<void> connect(const SocketAddress& address) override;
    Result<u64> send(SendRequest& request) override;
    Result<u64> receive(ReceiveRequest& request) override;
    Result<void> shutdown(Shut) override { return fail(Error::not_supported); }
    Result<SocketAddress> name() override;
    Result<SocketAddress> peer_name() override;
    Result<u64> get_option(i32 level, i32 name, MutableByteSpan value) override;
    Result<void> set_option(i32 level, i32 name, ByteSpan value) override;
    Result<u64> ioctl(u32 request, u64 argument) override;
    fs::Ready ready() override;
    fs::PollSource* poll_source() override { return &source_; }
    /// A datagram of the kernel's own; dropped where the program reads none.
    void put(Owned<netlink::Datagram> datagram);

private:
    void ensure_port();
    bool passes_filter(netlink::Datagram& datagram) const;
    Result<void> answer(const netlink::Request& request, netlink::Answers& answers) const;
    Result<void> handle(const netlink::Request& request, netlink::Answers& answers);

    sync::Mutex mutex_;
    netlink::Answers waiting_;
    std::atomic<u32> waiting_count_ = 0;
    u32 port_ = 0, groups_ = 0;
    fs::PollSource source_;
};

/// Registers AF_NETLINK.
void register_netlink_family();

}  // namespace spore::linux
