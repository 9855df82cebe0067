// SOCK_STREAM over net::tcp [tcp(7)]. A socket is unconnected, then a listener or one end of a connection. What only the first two need is kept
// apart: an accepted socket, of which a server has thousands, is small.
#pragma once

#include "kernel/linux/socket/inet/inet_socket.hpp"
#include "kernel/net/tcp/connection.hpp"

namespace spore::linux {

class TcpSocket final : public InetSocket {
public:
    static Result<Shared<Socket>> create(u16 family, fs::OpenMode mode);
    TcpSocket(u16 family, fs::OpenMode mode);
    ~TcpSocket() override;

    Result<void> bind(const SocketAddress& address) override;
    Result<void> listen(i32 backlog) override;
    Result<Shared<Socket>> accept(fs::OpenMode mode) override;
    Result<void> connect(const SocketAddress& address) override;
    Result<u64> send(SendRequest& request) override;
    Result<u64> receive(ReceiveRequest& request) override;
    Result<u64> send_pages(std::span<const memory::FrameRef> pages, u32 offset, u64 size, u32 flags) override;
    Result<void> shutdown(Shut how) override;
    Result<SocketAddress> name() override;
    Result<SocketAddress> peer_name() override;
    Result<SocketAddress> accepted_name() override;
    Result<u64> read(fs::IoBuffer& into) override { return receive_bytes(into, 0); }
    Result<u64> write(fs::IoBuffer& from) override { return send_bytes(from, 0); }
    Result<u64> ioctl(u32 request, u64 argument) override;
    fs::Ready ready() override;

protected:
    i32 take_error() override;
    bool listening() override { return static_cast<bool>(listener()); }
    bool borrows_pages() const override { return true; }
    Result<void> option_set(i32 name) override;
    HeaderFields header_fields() override;
    Result<void> set_header_fields(const HeaderFields& fields) override;
    Result<void> ip_choice_set() override;
    Result<u32> path_mtu() override;
    bool bound() override;
    Shared<net::PortGroup> port_group() override;
    Result<u64> get_transport_option(i32 level, i32 name, MutableByteSpan value) override;
    Result<void> set_transport_option(i32 level, i32 name, ByteSpan value) override;

private:
    enum class Phase : u8 { idle, connecting, connected };
    /// What a socket has before it is connected, and a listener always.
    struct Preparation {
        sync::Mutex changing;  ///< one bind, listen or connect at a time
        Owned<net::Binding> binding;
        net::tcp::Options options = usual_options();
        Shared<net::tcp::Listener> listener;
    };

    Result<Preparation*> prepare();
    Shared<net::tcp::Connection> connection() {
        Guard guard(lock_);
        return connection_;
    }
    Shared<net::tcp::Listener> listener() {
        Guard guard(lock_);
        return preparation_ ? preparation_->listener : nullptr;
    }
    void set_connection(Shared<net::tcp::Connection> connection);
    Result<void> begin_connecting(Preparation& preparation, const net::Endpoint& remote);
    Result<void> finish_connecting();
    void disconnect();
    net::tcp::Options tcp_options();
    static net::tcp::Options usual_options();
    Result<void> set_tcp_options(const net::tcp::Options& options);
    template <typename F>
    Result<void> change_tcp_options(F&& change) {
        auto all = tcp_options();
        change(all);
        return set_tcp_options(all);
    }
    Result<u64> get_tcp_option(i32 name, MutableByteSpan value);
    Result<void> set_tcp_number(i32 name, i32 value);
    u64 give_info(MutableByteSpan value);
    Result<u64> send_bytes(fs::IoBuffer& from, u32 flags);
    Result<u64> send_lent(fs::IoBuffer& from, u32 flags);
    Result<u64> send_program_pages(fs::IoBuffer& from, u32 flags);
    Result<u64> receive_bytes(fs::IoBuffer& into, u32 flags);
    Result<u64> receive_finished_sends(ReceiveRequest& request);
    template <typename Send>
    Result<u64> send_all(u64 size, u32 flags, Send&& part);
    void linger(net::tcp::Connection& connection);

    std::atomic<bool> tells_queued_ = false;  ///< TCP_INQ
    sync::Spin lock_;
    std::atomic<Phase> phase_ = Phase::idle;
    Shared<net::tcp::Connection> connection_;
    Owned<Preparation> preparation_;
};

}  // namespace spore::linux
