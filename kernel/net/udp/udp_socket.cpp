// A UDP socket's life: names, options, errors.
#include "kernel/net/udp/udp_socket.hpp"

#include <utility>

namespace spore::net::udp {

Result<Shared<Socket>> Socket::create(EndpointListener* listener) {
    auto socket = TRY(make_shared<UdpSocket>(listener));
    return Shared<Socket>(std::move(socket));
}

UdpSocket::~UdpSocket() { close(); }

/// Changes what ready() says and tells the listener of what is new. Under lock_.
void UdpSocket::note(Ready set, Ready clear) {
    u32 before = ready_.load(std::memory_order_relaxed);
    u32 after = (before & ~static_cast<u32>(clear)) | static_cast<u32>(set);
    ready_.store(after, std::memory_order_release);
    if (listener_ && any(set)) listener_->changed(set);
}

void UdpSocket::set_listener(EndpointListener* listener) {
    Guard guard(lock_);
    listener_ = listener;
}

void UdpSocket::set_owner(u64 inode, u32 user) {
    Guard guard(lock_);
    inode_ = inode;
    user_ = user;
}

Result<void> UdpSocket::take_error() {
    Guard guard(lock_);
    note(Ready::none, Ready::error);
    auto error = std::exchange(error_, std::expected<void, Error>{});
    update_readable();
    return error;
}

void UdpSocket::fail_with(Error error) {
    Guard guard(lock_);
    error_ = std::unexpected(error);
    note(Ready::error | Ready::in | Ready::out);
}

Result<void> UdpSocket::bind(Owned<Binding> binding) {
    {
        Guard guard(lock_);
        if (binding_ || closed_) return fail(Error::invalid);
        binding_ = std::move(binding);
    }
    table::insert(*this);
    return {};
}

/// A socket that sends or connects without bind() gets a port of its own.
Result<void> UdpSocket::ensure_bound(const Endpoint& remote) {
    {
        Guard guard(lock_);
        if (binding_) return {};
    }
    Endpoint any{remote.address.is_v4() ? IpAddress::any_v4() : IpAddress(), 0, 0};
    auto binding = TRY(Binding::create(Transport::udp, any, {}));
    auto bound = bind(std::move(binding));
    if (!bound && bound.error() == Error::invalid) return {};  // another thread was faster
    return bound;
}

Result<void> UdpSocket::connect(const Endpoint& remote) {
    TRY(ensure_bound(remote));
    auto path = TRY(find_path(remote, {}));
    Guard guard(lock_);
    remote_ = remote;
    connected_from_ = path.source();
    connected_ = true;
    return {};
}

void UdpSocket::disconnect() {
    Guard guard(lock_);
    connected_ = false;
    remote_ = {};
    connected_from_ = {};
}

Endpoint UdpSocket::local() const {
    Guard guard(lock_);
    if (!binding_) return {};
    auto local = binding_->local();
    if (connected_ && local.address.is_unspecified()) local.address = connected_from_;
    return local;
}

Result<Endpoint> UdpSocket::remote() const {
    Guard guard(lock_);
    if (!connected_) return fail(Error::not_connected);
    return remote_;
}

Options UdpSocket::options() const {
    Guard guard(lock_);
    return options_;
}
void UdpSocket::set_options(const Options& options) {
    Guard guard(lock_);
    options_ = options;
}

void UdpSocket::shut_reading() {
    Guard guard(lock_);
    shut_reading_ = true;
    note(Ready::in | Ready::read_hang_up | (shut_writing_ ? Ready::hang_up : Ready::none));
}
void UdpSocket::shut_writing() {
    Guard guard(lock_);
    shut_writing_ = true;
    note(Ready::out | (shut_reading_ ? Ready::hang_up : Ready::none));
}

void UdpSocket::close() {
    device::PacketList received;  // freed without the lock
    {
        Guard guard(lock_);
        if (std::exchange(closed_, true)) return;
        listener_ = nullptr;
        received.append(received_);
        received_footprint_ = 0;
    }
    while (membership_count_) {
        auto last = memberships_[membership_count_ - 1];
        (void)leave(last.group, last.interface);
    }
    if (binding_) table::remove(*this);
}

Result<void> UdpSocket::join(const IpAddress& group, u32 index) {
    if (!group.is_multicast()) return fail(Error::invalid);
    Path way;
    if (index == 0) {
        way = TRY(Path::find(group));
        index = way.interface()->index();
    }
    auto* on = interface(index);
    if (!on) return fail(Error::no_device);
    {
        Guard guard(lock_);
        for (u32 i = 0; i < membership_count_; ++i)
            if (memberships_[i].group == group && memberships_[i].interface == index) return fail(Error::address_in_use);
        if (membership_count_ == max_memberships) return fail(Error::no_buffers);
        memberships_[membership_count_++] = {group, index};
    }
    auto joined = on->join(group);
    if (!joined) (void)leave(group, index);
    return joined;
}

Result<void> UdpSocket::leave(const IpAddress& group, u32 index) {
    {
        Guard guard(lock_);
        u32 at = 0;
        while (at < membership_count_ && !(memberships_[at].group == group && (index == 0 || memberships_[at].interface == index))) ++at;
        if (at == membership_count_) return fail(Error::address_not_available);
        index = memberships_[at].interface;
        memberships_[at] = memberships_[--membership_count_];
    }
    interface(index)->leave(group);
    return {};
}

Summary UdpSocket::summary() const {
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

}  // namespace spore::net::udp
