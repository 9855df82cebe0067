#include "kernel/net/tcp/listener.hpp"

#include "kernel/net/tcp/batch.hpp"
#include "kernel/net/tcp/fast_open.hpp"
#include "kernel/net/tcp/reply.hpp"
#include "kernel/net/tcp/request.hpp"
#include "kernel/net/tcp/secret.hpp"
#include "kernel/net/tcp/syn_cookie.hpp"

namespace spore::net::tcp {

using device::Packet;
namespace flag = wire::tcp;

PortListener::PortListener(Owned<Binding> binding, u32 backlog, const Options& options, EndpointListener* listener)
    : local_(binding->local()), binding_(std::move(binding)), listener_(listener), options_(options), defer_(options.defer_accept), backlog_(backlog),
      filtered_(static_cast<bool>(options.filter)), least_hops_v4_(options.least_hops_v4), least_hops_v6_(options.least_hops_v6) {}

PortListener::~PortListener() = default;

Result<Shared<PortListener>> PortListener::create(Owned<Binding> binding, u32 backlog, const Options& options, EndpointListener* listener) {
    auto* fresh = new (std::nothrow) PortListener(std::move(binding), backlog, options, listener);
    if (!fresh) return fail(Error::no_memory);
    return Shared<PortListener>::adopt(fresh);
}

Result<Shared<Listener>> Listener::create(Owned<Binding> binding, u32 backlog, const Options& options, EndpointListener* listener) {
    TRY(binding->listen());
    auto fresh = TRY(PortListener::create(std::move(binding), backlog, options, listener));
    add_listener(*fresh);
    return Shared<Listener>(std::move(fresh));
}

void PortListener::input(Segment& segment, Owned<Packet> packet, const Endpoint& local, const Endpoint& remote, u32 hash, Instant now) {
    // [RFC 9293 3.10.7.2]
    if (segment.has(flag::rst)) return;
    if (segment.has(flag::ack)) {
        Handshake handshake;
        if (segment.has(flag::syn) || !check_cookie(segment, local, remote, now, scale_for(options().receive_buffer), handshake)) return send_reset_for(segment, local, remote);
        if (!has_room()) return count_drop(Drop::backlog_full);
        auto connection = make_connection(handshake, local, remote, u32{segment.window} << handshake.send_scale);
        if (!connection) return count_drop(Drop::no_memory);
        {
            auto& stripe = table.stripe(hash);
            Guard guard(stripe.lock);
            if (table.find(hash, local.address, local.port, remote.address, remote.port)) return;  // made by the same segment's double
            connection->retain();  // the table's
            table.insert(*connection, hash);
        }
        table.grow_if_needed(hash);
        push(connection);
        return local_batch().deliver(*connection.leak(), segment, std::move(packet));
    }
    if (segment.has(flag::syn)) input_syn(segment, std::move(packet), local, remote, hash, now);
}

void PortListener::input_syn(Segment& segment, Owned<Packet> packet, const Endpoint& local, const Endpoint& remote, u32 hash, Instant now) {
    if (remote.address.is_multicast() || remote.address.is_unspecified() || remote.port == 0) return count_drop(Drop::martian);
    if (!has_room()) return count_drop(Drop::backlog_full);  // the peer tries again, as with Linux
    auto handshake = Handshake::from(segment, scale_for(options_.receive_buffer));
    handshake.iss = initial_sequence(local, remote);
    handshake.timestamp_offset = timestamp_offset(local, remote);
    handshake.receive_window = initial_receive_window;
    handshake.ecn = (segment.flags & (flag::ece | flag::cwr)) == (flag::ece | flag::cwr);  // [RFC 3168 6.1.1]
    if (segment.options.fast_open && options_.fast_open_queue && input_fast_open(segment, packet, handshake, local, remote, hash)) return;
    bool wants_cookie = segment.options.fast_open && segment.options.cookie_size == 0 && options_.fast_open_queue;
    u32 limit = std::max(backlog(), u32{16});
    SynAck answer{.local = local, .remote = remote, .handshake = handshake, .hop_limit = options_.hop_limit, .max_segment = options_.max_segment,
                  .give_fast_open_cookie = wants_cookie};
    if (requests.load(std::memory_order_relaxed) >= limit) {
        make_cookie(answer.handshake, local, remote, now);
        answer.timestamp = answer.handshake.timestamp_offset;  // complete, with what the cookie keeps in it
        answer.exact_timestamp = true;
        send_syn_ack(answer, now);
        return;
    }
    Request::begin(answer, Shared<PortListener>(*this), hash, now);
}

/// True when the SYN has become a connection at once.
bool PortListener::input_fast_open(Segment& segment, Owned<Packet>& packet, const Handshake& handshake, const Endpoint& local, const Endpoint& remote, u32 hash) {
    if (!is_our_cookie(local.address, remote.address, segment.options) || waiting() >= options_.fast_open_queue) return false;
    auto path = Path::find(remote.address, {.source = local.address, .interface = remote.scope});
    if (!path) return false;
    auto made = ControlBlock::create(local, remote, options(), std::move(*path));
    if (!made) return false;
    auto connection = std::move(*made);
    {
        auto& stripe = table.stripe(hash);
        Guard guard(stripe.lock);
        if (table.find(hash, local.address, local.port, remote.address, remote.port)) return true;
        connection->retain();
        table.insert(*connection, hash);
    }
    table.grow_if_needed(hash);
    {
        ControlBlock::Session session(*connection);
        connection->accept_fast_open(handshake, segment, std::move(packet));
    }
    push(std::move(connection));
    return true;
}

Shared<ControlBlock> PortListener::make_connection(const Handshake& handshake, const Endpoint& local, const Endpoint& remote, u32 peer_window) {
    auto path = Path::find(remote.address, {.source = local.address, .interface = remote.scope});
    if (!path) return {};
    auto made = ControlBlock::create(local, remote, options(), std::move(*path));
    if (!made) return {};
    ControlBlock::Session session(**made);
    (*made)->accept_handshake(handshake, peer_window);
    return std::move(*made);
}

void PortListener::push(Shared<ControlBlock> connection) {
    {
        Guard guard(lock_);
        if (!closed()) {
            auto* item = connection.leak();
            item->accept_next = nullptr;
            (last_ ? last_->accept_next : first_) = item;
            last_ = item;
            waiting_.fetch_add(1, std::memory_order_relaxed);
            ready_.store(static_cast<u32>(Ready::in), std::memory_order_release);
            if (listener_) listener_->changed(Ready::in);
            return;
        }
    }
    connection->abort_waiting();  // close() came in between
}

Result<Shared<Connection>> PortListener::accept() {
    Guard guard(lock_);
    auto* item = first_;
    if (!item) return fail(closed() ? Error::invalid : Error::would_block);
    first_ = item->accept_next;
    if (!first_) {
        last_ = nullptr;
        ready_.store(0, std::memory_order_release);
    }
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    return Shared<Connection>(Shared<ControlBlock>::adopt(item));
}

void PortListener::set_listener(EndpointListener* listener) {
    Guard guard(lock_);
    listener_ = listener;
}

void PortListener::set_owner(u64 inode, u32 user) {
    Guard guard(lock_);
    owner_inode_ = inode;
    owner_user_ = user;
}

Shared<PortGroup> PortListener::port_group() const {
    Guard guard(lock_);
    return binding_ ? binding_->group() : nullptr;
}

void PortListener::set_backlog(u32 backlog) { backlog_.store(backlog, std::memory_order_relaxed); }

Options PortListener::options() const {
    Guard guard(lock_);
    return options_;
}

void PortListener::set_options(const Options& options) {
    auto former = options;  // whose filter goes without the lock
    Guard guard(lock_);
    std::swap(options_, former);
    filtered_.store(static_cast<bool>(options.filter), std::memory_order_relaxed);
    least_hops_v4_.store(options.least_hops_v4, std::memory_order_relaxed);
    least_hops_v6_.store(options.least_hops_v6, std::memory_order_relaxed);
    defer_ = options.defer_accept;
}

void PortListener::close() {
    if (closed_.exchange(true, std::memory_order_acq_rel)) return;
    remove_listener(*this);
    ControlBlock* item;
    Owned<Binding> binding;  // the port is free from here on, whoever still holds this object
    {
        Guard guard(lock_);
        binding = std::move(binding_);
        listener_ = nullptr;
        item = first_;
        first_ = last_ = nullptr;
        waiting_.store(0, std::memory_order_relaxed);
        ready_.store(0, std::memory_order_release);
    }
    while (item) {
        auto connection = Shared<ControlBlock>::adopt(item);
        item = item->accept_next;
        connection->abort_waiting();
    }
}

Summary PortListener::summary() const {
    Guard guard(lock_);
    return {.local = local(), .remote = {local_.address.is_v4() ? IpAddress::any_v4() : IpAddress(), 0, 0}, .state = State::listen,
            .send_queue = backlog(), .receive_queue = waiting(), .retransmits = 0, .inode = owner_inode_, .user = owner_user_};
}

}  // namespace spore::net::tcp
