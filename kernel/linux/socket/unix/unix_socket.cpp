// Unix sockets: names, connections and state. What moves through them is in unix_transfer.cpp.
#include "kernel/linux/socket/unix/unix_socket.hpp"

#include "arch/user_memory.hpp"
#include "kernel/linux/errno.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/socket/inet/interface_ioctl.hpp"
#include "kernel/linux/socket/unix/in_flight.hpp"

namespace spore::linux {

using fs::Ready;

namespace {

constinit Locked<List<UnixSocket, &UnixSocket::all_link>, sync::Spin> all_sockets;

Result<Shared<UnixQueue>> make_queue(u16 type) {
    return make_shared<UnixQueue>(type == socket_datagram ? UnixQueue::Limit::messages : UnixQueue::Limit::bytes);
}

Result<Shared<UnixSocket>> make_socket(u16 type, i32 protocol, fs::OpenMode mode) {
    if (protocol != 0 && protocol != family_unix) return fail(Error::protocol_not_supported);
    if (type == socket_raw) type = socket_datagram;  // as Linux has it
    if (type != socket_stream && type != socket_datagram && type != socket_messages) return fail(Error::socket_type_not_supported);
    return make_shared<UnixSocket>(type, mode);
}

/// The running task by one of its pairs of ids; nobody in a kernel thread.
Identity identity_by(u32 Credentials::*user, u32 Credentials::*group) {
    auto* process = running_process();
    if (!process) return {};
    auto who = process->credentials();
    return {process->id(), who.*user, who.*group};
}

}  // namespace

Process* running_process() {
    auto* owner = task::current().owner();
    return owner ? &static_cast<Task&>(*owner).process() : nullptr;
}

Identity current_identity() { return identity_by(&Credentials::effective_uid, &Credentials::effective_gid); }
Identity current_sender() { return identity_by(&Credentials::uid, &Credentials::gid); }

UnixSocket::UnixSocket(u16 type, fs::OpenMode mode) : Socket(family_unix, type, 0, mode) {
    in_relay_.to = out_relay_.to = accept_relay_.to = &source_;
    all_sockets.with([&](auto& all) { all.push_back(*this); });
}

Result<Shared<Socket>> UnixSocket::create(u16 type, i32 protocol, fs::OpenMode mode) {
    auto socket = TRY(make_socket(type, protocol, mode));
    if (!socket->is_stream()) {
        auto in = TRY(make_queue(type));
        in->arrival.attach(socket->in_relay_);
        socket->state_.with([&](State& s) { s.in = in; });
    }
    return Shared<Socket>(std::move(socket));
}

Result<SocketPair> UnixSocket::create_pair(u16 type, i32 protocol, fs::OpenMode mode) {
    (void)TRY(make_socket(type, protocol, mode));
    return create_pair_of(type == socket_raw ? u16{socket_datagram} : type, mode, current_identity());
}

Result<SocketPair> UnixSocket::create_pair_of(u16 type, fs::OpenMode mode, Identity identity) {
    auto first = TRY(make_shared<UnixSocket>(type, mode)), second = TRY(make_shared<UnixSocket>(type, mode));
    auto one = TRY(make_queue(type)), other = TRY(make_queue(type));
    if (type == socket_datagram) one->partner = other->number(), other->partner = one->number();
    first->set_connected(one, other, nullptr, identity);
    second->set_connected(other, one, nullptr, identity);
    return SocketPair{std::move(first), std::move(second)};
}

UnixSocket::~UnixSocket() {
    all_sockets.with([&](auto& all) { all.remove(*this); });
    State last;
    state_.with([&](State& s) { std::swap(s, last); });
    if (last.in) last.in->arrival.detach(in_relay_);
    if (last.out) last.out->drained.detach(out_relay_);
    if (last.listener) last.listener->arrival.detach(accept_relay_);
    if (last.name && last.owns_name) release_unix_name(*last.name);
    if (last.listener) last.listener->close();
    bool unread = last.in && last.in->close_reader(true);
    if (last.out && is_stream()) last.out->close_writer(unread);
    last = {};
    break_rings();
}

Result<void> UnixSocket::option_set(i32 name) {
    auto in = state().in;
    if (!in) return {};
    if (name == so_pass_credentials) in->wants_sender = is_on(so_pass_credentials);
    else if (name == so_attach_filter || name == so_detach_filter) in->set_filter(options().filter);
    return {};
}

void UnixSocket::descriptor_closed() { suspect_ring(*this); }

UnixSocket::State UnixSocket::state() {
    return state_.with([](const State& s) { return s; });
}

void UnixSocket::set_connected(Shared<UnixQueue> in, Shared<UnixQueue> out, Shared<UnixName> peer_name, Identity peer) {
    in->arrival.attach(in_relay_);
    in->set_filter(options().filter);
    in->wants_sender = is_on(so_pass_credentials);
    out->drained.attach(out_relay_);
    state_.with([&](State& s) {
        std::swap(s.in, in);
        std::swap(s.out, out);
        std::swap(s.peer_name, peer_name);
        s.peer = peer;
        s.connected = true;
    });
    source_.notify(Ready::out);
}

Result<void> UnixSocket::bind(const SocketAddress& address) {
    Guard guard(changing_);
    auto before = state();
    // A path is looked at before what the socket has [linux] unix_bind_bsd.
    if (before.name) return fail(before.name->entry() && is_named(*before.name, address) ? Error::address_in_use : Error::invalid);
    auto name = TRY(bind_unix_name(address, type()));
    if (!is_stream()) name->set({.datagrams = before.in, .listener = {}});
    state_.with([&](State& s) {
        s.name = name;
        s.owns_name = true;
    });
    return {};
}

Result<void> UnixSocket::name_if_senders_matter() {
    auto now = state();
    if (!is_on(so_pass_credentials) || now.name) return {};
    SocketAddress any;
    const u16 family = family_unix;
    std::memcpy(any.bytes, &family, sizeof family);
    any.size = sizeof family;
    auto name = TRY(bind_unix_name(any, type()));
    if (!is_stream()) name->set({.datagrams = now.in, .listener = {}});
    state_.with([&](State& s) { s.name = name, s.owns_name = true; });
    return {};
}

Result<void> UnixSocket::listen(i32 backlog) {
    constexpr u32 most = 4096;  // [linux] net.core.somaxconn
    if (!is_stream()) return fail(Error::not_supported);
    Guard guard(changing_);
    auto now = state();
    if (!now.name || now.connected) return fail(Error::invalid);
    auto listener = now.listener ? now.listener : TRY(make_shared<UnixListener>(current_identity()));
    listener->set_backlog(std::min(static_cast<u32>(backlog), most), current_identity());
    state_.with([](State& s) { s.peer = current_identity(); });
    if (now.listener) return {};
    listener->arrival.attach(accept_relay_);
    state_.with([&](State& s) { s.listener = listener; });
    now.name->set({.datagrams = {}, .listener = listener});
    return {};
}

Result<Shared<Socket>> UnixSocket::accept(fs::OpenMode mode) {
    if (!is_stream()) return fail(Error::not_supported);
    auto now = state();
    if (!now.listener) return fail(Error::invalid);
    auto socket = TRY(make_shared<UnixSocket>(type(), mode));
    auto connection = TRY(now.listener->accept(receive_deadline(0)));
    socket->set_connected(connection->to_server, connection->to_client, connection->client_name, connection->client);
    socket->state_.with([&](State& s) { s.name = now.name; });
    return Shared<Socket>(std::move(socket));
}

Result<void> UnixSocket::connect(const SocketAddress& address) {
    Guard guard(changing_);
    if (!is_stream()) {
        if (address.family() == family_unspecified) return connect_datagram(nullptr, nullptr);
        TRY(name_if_senders_matter());
        auto to = TRY(find_unix_name(address, type()));
        auto out = to->offer().datagrams;
        if (!out) return fail(Error::connection_refused);
        if (u64 partner = out->partner.load(std::memory_order_relaxed); partner && partner != state().in->number()) return fail(Error::not_permitted);
        return connect_datagram(std::move(to), std::move(out));
    }
    auto now = state();
    if (now.connected) return fail(Error::already_connected);
    if (now.listener) return fail(Error::invalid);
    TRY(name_if_senders_matter());
    return connect_stream(TRY(find_unix_name(address, type())));
}

Result<void> UnixSocket::connect_stream(Shared<UnixName> to) {
    auto listener = to->offer().listener;
    if (!listener) return fail(Error::connection_refused);
    auto to_server = TRY(make_queue(type())), to_client = TRY(make_queue(type()));
    auto connection = TRY(make_owned<UnixListener::Pending>());
    connection->to_server = to_server, connection->to_client = to_client;
    to_server->wants_sender = true;
    connection->client_name = state().name;
    connection->client = current_identity();
    TRY(listener->connect(std::move(connection), send_deadline(0)));
    set_connected(std::move(to_client), std::move(to_server), std::move(to), listener->identity());
    return {};
}

/// Where send() goes from now on; nowhere when null. What came before is forgotten, where somebody was it already [linux] unix_dgram_disconnected.
Result<void> UnixSocket::connect_datagram(Shared<UnixName> to, Shared<UnixQueue> out) {
    auto now = state();
    auto before = now.out;
    if (before) before->drained.detach(out_relay_);
    now.in->partner = out ? out->number() : 0;
    if (before && before != out) {
        auto former = now.in->take_all();
        bury(former);
    }
    if (out) out->drained.attach(out_relay_);
    state_.with([&](State& s) {
        s.connected = static_cast<bool>(out);
        std::swap(s.out, out);
        std::swap(s.peer_name, to);
    });
    source_.notify(Ready::out);
    return {};
}

Result<void> UnixSocket::shutdown(Shut how) {
    auto now = state();
    if (is_stream() && !now.connected && !now.listener) return fail(Error::not_connected);
    if (how != Shut::writing) {
        if (now.listener) now.listener->refuse();
        if (now.in) now.in->close_reader(false);
    }
    if (how != Shut::reading) {
        state_.with([](State& s) { s.shut_writing = true; });
        if (now.out && is_stream()) now.out->close_writer(false);
    }
    source_.notify(Ready::in | Ready::out | Ready::read_hang_up | Ready::hang_up);
    return {};
}

namespace {
SocketAddress address_of(const Shared<UnixName>& name) {
    if (name) return name->address();
    SocketAddress unnamed;
    const u16 family = family_unix;
    std::memcpy(unnamed.bytes, &family, sizeof family);
    unnamed.size = sizeof family;
    return unnamed;
}
}  // namespace

Result<SocketAddress> UnixSocket::name() { return address_of(state().name); }
Result<SocketAddress> UnixSocket::peer_name() {
    auto now = state();
    if (!now.connected) return fail(Error::not_connected);
    return address_of(now.peer_name);
}

Result<u64> UnixSocket::get_option(i32 level, i32 name, MutableByteSpan value) {
    if (level == level_socket && name == so_peer_credentials) {
        auto peer = state().peer;
        u64 size = std::min(value.size(), sizeof peer);
        std::memcpy(value.data(), &peer, size);
        return size;
    }
    return Socket::get_option(level, name, value);
}

UnixSocket::Summary UnixSocket::summary() {
    // Without a further owner of its parts: nothing may end with it under the lock of all sockets.
    return state_.with([&](const State& s) {
        return Summary{number(), owners(), type(), static_cast<bool>(s.listener), s.connected, s.name ? s.name->address() : SocketAddress{}};
    });
}

void for_each_unix_socket(void (*visit)(void* context, const UnixSocket::Summary& summary), void* context) {
    all_sockets.with([&](auto& all) {
        for (auto& socket : all) visit(context, socket.summary());
    });
}

i32 UnixSocket::take_error() {
    auto now = state();
    return now.in && is_stream() && now.in->take_reset() ? static_cast<i32>(Errno::econnreset) : 0;
}

Result<u64> UnixSocket::ioctl(u32 request, u64 argument) {
    constexpr u32 bytes_to_read = 0x541b, bytes_to_write = 0x5411;  // SIOCINQ, SIOCOUTQ
    auto now = state();
    u64 size = 0;
    if (request == bytes_to_read) {
        if (now.listener) return fail(Error::invalid);
        if (now.in && type() == socket_stream) size = now.in->state().bytes;
        else if (now.in) {
            Guard guard(now.in->reading);
            auto* first = now.in->first();
            size = first ? first->remaining() : 0;
        }
    } else if (request == bytes_to_write) {
        size = now.out ? now.out->charge(type() == socket_stream ? 0 : now.in->number()) : 0;
    } else {
        return interface_ioctl(request, argument, family_unix);  // C libraries ask any socket for interfaces
    }
    i32 told = static_cast<i32>(size);
    TRY(arch::copy_to_program(VirtAddr{argument}, &told, sizeof told));
    return 0;
}

Ready UnixSocket::ready() {
    auto now = state();
    if (now.listener) {
        auto ready = now.listener->has_pending() ? Ready::in : Ready::none;
        if (now.listener->refuses()) ready |= Ready::in | Ready::read_hang_up | (now.shut_writing ? Ready::hang_up : Ready::none);
        return ready;
    }
    auto ready = Ready::none;
    if (is_stream() && !now.connected) return Ready::out | Ready::hang_up;
    auto in = now.in->state();
    if (in.messages) ready |= Ready::in;
    bool no_more = in.reader_closed || (is_stream() && in.writer_closed);
    if (no_more) ready |= Ready::in | Ready::read_hang_up;
    if (now.in->has_reset()) ready |= Ready::error;
    if (!now.out) return ready | Ready::out;
    auto out = now.out->state();
    bool cannot_send = (is_stream() && out.reader_closed) || now.shut_writing;
    if (no_more && cannot_send) ready |= Ready::hang_up;
    if (cannot_send || now.out->writable(options().send_buffer, now.in->number())) ready |= Ready::out;
    return ready;
}

void UnixSocket::take_messages(UnixMessages& into) {
    auto parts = state();
    auto take = [&](UnixQueue& queue) {
        auto all = queue.take_all();
        into.append(all);
    };
    if (parts.in) take(*parts.in);
    if (parts.listener) parts.listener->for_each([&](UnixListener::Pending& pending) { take(*pending.to_server); });
}

}  // namespace spore::linux
