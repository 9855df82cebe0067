// TCP sockets: binding, connecting and ending. What moves through them is in tcp_transfer.cpp, their options are in tcp_options.cpp.
#include "kernel/linux/socket/inet/tcp_socket.hpp"

#include "kernel/linux/errno.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/limits.hpp"
#include "kernel/linux/uapi/inet.hpp"

namespace spore::linux {

namespace tcp = net::tcp;
using fs::Ready;
using tcp::State;

namespace {
bool is_connecting(State state) { return state == State::syn_sent || state == State::syn_received; }
}  // namespace

TcpSocket::TcpSocket(u16 family, fs::OpenMode mode) : InetSocket(family, socket_stream, protocol_tcp, mode) {}

Result<Shared<Socket>> TcpSocket::create(u16 family, fs::OpenMode mode) { return Shared<Socket>(TRY(make_shared<TcpSocket>(family, mode))); }

TcpSocket::~TcpSocket() {
    if (preparation_ && preparation_->listener) {
        preparation_->listener->set_listener(nullptr);
        preparation_->listener->close();
    }
    if (!connection_) return;
    linger(*connection_);
    connection_->set_listener(nullptr);
    connection_->close();
}

/// close() with SO_LINGER waits until the peer has everything, or the time is over [socket(7)].
void TcpSocket::linger(tcp::Connection& connection) {
    auto all = options();
    if (!all.linger_on || all.linger_seconds <= 0 || is_connecting(connection.state())) return;
    (void)connection.shut_writing();
    auto deadline = time::now() + Duration::seconds(all.linger_seconds);
    (void)wait_for(Ready::out, deadline, [&]() -> Result<void> { return connection.drained() ? Result<void>{} : fail(Error::would_block); });
}

Result<TcpSocket::Preparation*> TcpSocket::prepare() {
    {
        Guard guard(lock_);
        if (preparation_) return preparation_.get();
    }
    auto made = TRY(make_owned<Preparation>());
    Guard guard(lock_);
    if (!preparation_) preparation_ = std::move(made);
    return preparation_.get();
}

void TcpSocket::set_connection(Shared<tcp::Connection> connection) {
    connection->set_owner(number(), current_task().process().credentials().effective_uid);
    Guard guard(lock_);
    std::swap(connection_, connection);
}

bool TcpSocket::bound() {
    Guard guard(lock_);
    return connection_ || (preparation_ && (preparation_->binding || preparation_->listener));
}

Shared<net::PortGroup> TcpSocket::port_group() {
    Preparation* preparation;
    {
        Guard guard(lock_);
        preparation = preparation_.get();
    }
    if (!preparation) return nullptr;
    Guard guard(preparation->changing);
    if (auto current = listener()) return current->port_group();
    return preparation->binding ? preparation->binding->group() : nullptr;
}

Result<void> TcpSocket::bind(const SocketAddress& address) {
    auto endpoint = TRY(local_endpoint(address));
    auto& preparation = *TRY(prepare());
    Guard guard(preparation.changing);
    if (bound()) return fail(Error::invalid);
    auto made = TRY(net::Binding::create(net::Transport::tcp, endpoint, bind_options()));
    Guard state(lock_);
    preparation.binding = std::move(made);
    return {};
}

Result<void> TcpSocket::listen(i32 backlog) {
    auto& preparation = *TRY(prepare());
    Guard guard(preparation.changing);
    if (connection()) return fail(Error::invalid);
    u32 length = std::min(static_cast<u32>(backlog), static_cast<u32>(system_limits.backlog.load(std::memory_order_relaxed)));
    if (auto before = listener()) {
        before->set_backlog(length);
        return {};
    }
    if (!preparation.binding)
        preparation.binding = TRY(net::Binding::create(net::Transport::tcp, {.address = inet::unspecified(family())}, bind_options()));
    auto local = preparation.binding->local();
    auto made = tcp::Listener::create(std::move(preparation.binding), length, preparation.options, this);
    if (!made) {
        // The port stays the socket's, as on Linux: the program may try again.
        if (auto again = net::Binding::create(net::Transport::tcp, local, bind_options())) preparation.binding = std::move(*again);
        return fail(made.error());
    }
    (*made)->set_owner(number(), current_task().process().credentials().effective_uid);
    Guard state(lock_);
    preparation.listener = std::move(*made);
    return {};
}

Result<Shared<Socket>> TcpSocket::accept(fs::OpenMode mode) {
    auto from = listener();
    if (!from) return fail(Error::invalid);
    auto socket = TRY(make_shared<TcpSocket>(family(), mode));
    TRY(socket->inherit(*this));
    auto connection = TRY(wait_for(Ready::in, receive_deadline(0), [&] { return from->accept(); }));
    socket->inherit_ip(*this);
    socket->tells_queued_.store(tells_queued_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    socket->phase_.store(Phase::connected, std::memory_order_relaxed);
    connection->set_listener(socket.get());
    socket->set_connection(std::move(connection));
    return Shared<Socket>(std::move(socket));
}

Result<void> TcpSocket::begin_connecting(Preparation& preparation, const net::Endpoint& remote) {
    auto binding = std::move(preparation.binding);
    auto local = binding ? binding->local() : net::Endpoint{};
    bool was_bound = static_cast<bool>(binding);
    if (!binding && (options().interface || is_on(so_reuse_port)))
        binding = TRY(net::Binding::create(net::Transport::tcp, {.address = inet::unspecified(remote.address.is_v4() ? family_inet : family_inet6)}, bind_options()));
    auto made = tcp::Connection::connect(std::move(binding), remote, preparation.options, this);
    if (!made) {
        if (was_bound)
            if (auto again = net::Binding::create(net::Transport::tcp, local, bind_options())) preparation.binding = std::move(*again);
        return fail(made.error());
    }
    phase_.store(Phase::connecting, std::memory_order_release);
    set_connection(std::move(*made));
    return {};
}

/// Waits for the connection, or tells how it went. Told once; afterwards the socket is connected, or may try again.
Result<void> TcpSocket::finish_connecting() {
    auto current = connection();
    auto waited = wait_for(Ready::out, send_deadline(0), [&]() -> Result<void> {
        if (is_connecting(current->state())) return fail(Error::would_block);
        return {};
    });
    if (!waited) return fail(waited.error() == Error::would_block ? Error::in_progress : waited.error());
    auto error = current->take_error();
    if (error && current->state() == State::closed) error = fail(Error::connection_aborted);
    if (error) {
        phase_.store(Phase::connected, std::memory_order_release);
        return {};
    }
    disconnect();
    return error;
}

void TcpSocket::disconnect() {
    Shared<tcp::Connection> old;
    {
        Guard guard(lock_);
        std::swap(old, connection_);
        phase_.store(Phase::idle, std::memory_order_release);
    }
    if (!old) return;
    old->set_listener(nullptr);
    old->close();
}

Result<void> TcpSocket::connect(const SocketAddress& address) {
    if (address.size < sizeof(u16)) return fail(Error::invalid);
    auto& preparation = *TRY(prepare());
    Guard guard(preparation.changing);
    if (preparation.listener) return fail(Error::already_connected);
    if (address.family() == family_unspecified) {
        disconnect();
        return {};
    }
    auto remote = TRY(remote_endpoint(address));
    switch (phase_.load(std::memory_order_acquire)) {
    case Phase::connected: return fail(Error::already_connected);
    case Phase::connecting:
        if (is_nonblocking(0) && is_connecting(connection()->state())) return fail(Error::already_in_progress);
        return finish_connecting();
    case Phase::idle: break;
    }
    // A socket whose connection has failed on its own time begins anew, with the choices made for the former one.
    TRY(begin_connecting(preparation, remote));
    return finish_connecting();
}

Result<void> TcpSocket::shutdown(Shut how) {
    if (auto accepting = listener()) {
        if (how == Shut::writing) return {};
        accepting->set_listener(nullptr);
        accepting->close();
        Guard guard(lock_);
        preparation_->listener = nullptr;
        source_.notify(Ready::in | Ready::hang_up);
        return {};
    }
    auto current = connection();
    if (!current || current->state() == State::closed) return fail(Error::not_connected);
    if (is_connecting(current->state())) {  // gives it up, whatever was to be shut [linux: inet_shutdown]
        disconnect();
        source_.notify(Ready::in | Ready::out | Ready::hang_up);
        return {};
    }
    if (how != Shut::writing) current->shut_reading();
    if (how != Shut::reading) TRY(current->shut_writing());
    source_.notify(Ready::in | Ready::out | Ready::read_hang_up | Ready::hang_up);
    return {};
}

Result<SocketAddress> TcpSocket::name() {
    if (auto current = connection()) return name_of(current->local());
    if (auto accepting = listener()) return name_of(accepting->local());
    Guard guard(lock_);
    if (preparation_ && preparation_->binding) return name_of(preparation_->binding->local());
    return name_of({.address = inet::unspecified(family())});
}

Result<SocketAddress> TcpSocket::peer_name() {
    auto current = connection();
    if (!current || is_connecting(current->state()) || current->state() == State::closed) return fail(Error::not_connected);
    return name_of(current->remote());
}

Result<SocketAddress> TcpSocket::accepted_name() {
    auto current = connection();
    if (!current) return fail(Error::not_connected);
    return name_of(current->remote());
}

Ready TcpSocket::ready() {
    if (auto current = connection()) return static_cast<Ready>(current->ready());
    if (auto accepting = listener()) return static_cast<Ready>(accepting->ready());
    return Ready::out | Ready::hang_up;
}

i32 TcpSocket::take_error() {
    auto current = connection();
    if (!current) return 0;
    auto error = current->take_error();
    if (error) return 0;
    // The program knows now how its attempt ended, and may make another.
    if (phase_.load(std::memory_order_acquire) == Phase::connecting) disconnect();
    return static_cast<i32>(errno_of(error.error()));
}

}  // namespace spore::linux
