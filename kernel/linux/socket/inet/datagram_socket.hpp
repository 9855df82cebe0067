// SOCK_DGRAM of UDP and of ICMP echo, and SOCK_RAW, over net::datagram [udp(7), icmp(7), raw(7)].
#pragma once

#include "kernel/linux/socket/inet/gathered_datagram.hpp"
#include "kernel/linux/socket/inet/inet_socket.hpp"
#include "kernel/net/datagram/socket.hpp"

namespace spore::linux {

class DatagramSocket final : public InetSocket {
public:
    static Result<Shared<Socket>> create(u16 family, u16 type, i32 protocol, fs::OpenMode mode);
    using InetSocket::InetSocket;
    ~DatagramSocket() override;

    Result<void> bind(const SocketAddress& address) override;
    Result<void> connect(const SocketAddress& address) override;
    Result<u64> send(SendRequest& request) override;
    Result<u64> receive(ReceiveRequest& request) override;
    Result<void> shutdown(Shut how) override;
    Result<SocketAddress> name() override;
    Result<SocketAddress> peer_name() override;
    Result<u64> ioctl(u32 request, u64 argument) override;
    fs::Ready ready() override;

protected:
    bool peeks_further_on() const override { return !is_raw(); }
    bool borrows_pages() const override { return is_udp(); }
    i32 take_error() override;
    Result<void> option_set(i32 name) override;
    HeaderFields header_fields() override;
    Result<void> set_header_fields(const HeaderFields& fields) override;
    Result<void> set_largest_packet(u16 size) override {
        return change([&](net::datagram::Options& all) { all.largest_packet = size; });
    }
    void ip_switch_set(IpSwitch which) override;
    Result<void> ip_choice_set() override;
    Result<u32> path_mtu() override;
    bool bound() override { return endpoint_->local().port != 0; }
    Shared<net::PortGroup> port_group() override { return endpoint_->port_group(); }
    Result<u64> get_transport_option(i32 level, i32 name, MutableByteSpan value) override;
    Result<void> set_transport_option(i32 level, i32 name, ByteSpan value) override;

private:
    template <typename F>
    Result<void> change(F&& apply) {
        auto all = endpoint_->options();
        apply(all);
        endpoint_->set_options(all);
        return {};
    }
    Result<net::datagram::Target> read_target(const SendRequest& request) const;
    Result<void> gather(SendRequest& request, const net::datagram::Target& target);
    Result<void> send_gathered(GatheredDatagram& whole, u32 flags);
    Result<void> set_corked(bool corked);
    bool corked();
    Result<u64> receive_error(ReceiveRequest& request);
    void note_copied_send();
    Result<u64> receive_copied_sends(ReceiveRequest& request);
    Result<net::Endpoint> peer_endpoint(const SocketAddress& address) const;
    Result<void> give_control(ReceiveRequest& request, const net::datagram::Received& received);
    Result<void> set_membership(i32 level, i32 name, ByteSpan value);
    Result<void> set_multicast_interface(i32 level, ByteSpan value);
    bool is_raw_option(i32 level, i32 name) const;
    Result<u64> get_raw_option(i32 level, i32 name, MutableByteSpan value);
    Result<void> set_raw_option(i32 level, i32 name, ByteSpan value);
    bool is_udp() const { return endpoint_->transport() == net::Transport::udp; }
    bool is_raw() const { return type() == socket_raw; }

    Shared<net::datagram::Socket> endpoint_;  ///< from create() on
    sync::Mutex gathering_;
    Owned<GatheredDatagram> gathered_;   ///< gathering_; what waits for its last piece
    bool corked_ = false;                ///< gathering_
    std::atomic<bool> gathers_ = false;  ///< whether what is sent is a piece
    // Sends with MSG_ZEROCOPY, numbered from 0: how many there were, and of how many the program has heard that they are done.
    sync::Spin copied_lock_;
    std::atomic<u32> copied_ = 0, copied_told_ = 0;
};

}  // namespace spore::linux
