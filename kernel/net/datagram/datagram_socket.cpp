// The life of a socket of datagrams: names and options.
#include "kernel/net/datagram/datagram_socket.hpp"

#include <utility>

namespace spore::net::datagram {

void DatagramSocket::set_listener(EndpointListener* listener) {
    Guard guard(lock_);
    readiness_.set_listener(listener);
}

void DatagramSocket::set_owner(u64 inode, u32 user) {
    Guard guard(lock_);
    inode_ = inode;
    user_ = user;
}

Result<void> DatagramSocket::bind(Owned<Binding> binding) {
    {
        Guard guard(lock_);
        if (binding_ || closed_) return fail(Error::invalid);
        binding_ = std::move(binding);
    }
    table_.insert(*this);
    return {};
}

/// A socket that sends or connects without bind() gets a number of its own.
Result<void> DatagramSocket::ensure_bound(const Endpoint& remote) {
    {
        Guard guard(lock_);
        if (binding_) return {};
    }
    Endpoint any{remote.address.is_v4() ? IpAddress::any_v4() : IpAddress(), 0, 0};
    auto binding = TRY(Binding::create(transport(), any, {}));
    auto bound = bind(std::move(binding));
    if (!bound && bound.error() == Error::invalid) return {};  // another thread was faster
    return bound;
}

Result<void> DatagramSocket::connect(const Endpoint& remote) {
    TRY(ensure_bound(remote));
    auto path = TRY(find_path(remote, {}));
    Guard guard(lock_);
    remote_ = remote;
    connected_from_ = path.source();
    connected_ = true;
    return {};
}

void DatagramSocket::disconnect() {
    Guard guard(lock_);
    connected_ = false;
    remote_ = {};
    connected_from_ = {};
}

Endpoint DatagramSocket::local() const {
    Guard guard(lock_);
    if (!binding_) return {};
    auto local = binding_->local();
    if (connected_ && local.address.is_unspecified()) local.address = connected_from_;
    return local;
}

Result<Endpoint> DatagramSocket::remote() const {
    Guard guard(lock_);
    if (!connected_) return fail(Error::not_connected);
    return remote_;
}

Shared<PortGroup> DatagramSocket::port_group() const {
    Guard guard(lock_);
    return binding_ ? binding_->group() : nullptr;
}

Options DatagramSocket::options() const {
    Guard guard(lock_);
    return options_;
}
void DatagramSocket::set_options(const Options& options) {
    auto former = options;  // whose filter goes without the locks
    Guard sending(sending_);
    path_ = {};  // chosen by the former ones
    Guard guard(lock_);
    std::swap(options_, former);
    if (binding_ && options_.reuse_address != former.reuse_address) binding_->set_reuse_address(options_.reuse_address);
    filtered_.store(static_cast<bool>(options_.filter), std::memory_order_relaxed);
}

void DatagramSocket::shut_reading() {
    Guard guard(lock_);
    shut_reading_ = true;
    readiness_.change(Ready::in | Ready::read_hang_up | (shut_writing_ ? Ready::hang_up : Ready::none));
}
void DatagramSocket::shut_writing() {
    Guard guard(lock_);
    shut_writing_ = true;
    readiness_.change(Ready::out | (shut_reading_ ? Ready::hang_up : Ready::none));
}

void DatagramSocket::close() {
    device::PacketList received, errors;  // freed without the lock
    {
        Guard guard(lock_);
        if (std::exchange(closed_, true)) return;
        readiness_.set_listener(nullptr);
        received.append(received_);
        errors.append(errors_);
        received_footprint_ = 0;
    }
    while (membership_count_) {
        auto last = memberships_[membership_count_ - 1];
        (void)leave(last.group, last.interface, last.source);
    }
    if (binding_) table_.remove(*this);
}

Summary DatagramSocket::summary() const {
    Guard guard(lock_);
    Summary summary{};
    if (binding_) summary.local = binding_->local();
    summary.remote = remote_;
    summary.connected = connected_;
    summary.receive_queue = received_footprint_;
    summary.drops = drops_;
    summary.inode = inode_;
    summary.user = user_;
    return summary;
}

}  // namespace spore::net::datagram
