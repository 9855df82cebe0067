// Which datagrams are a socket's: by its addresses, its peer, and the groups that it has joined.
#include "kernel/net/datagram/datagram_socket.hpp"

namespace spore::net::datagram {

int DatagramSocket::score(const Arrival& arrival, u16 source_port) const {
    Guard guard(lock_);
    if (closed_ || !binding_) return -1;
    auto& bound = binding_->local().address;
    auto& options = binding_->options();
    int score = 0;
    if (options.interface) {
        if (options.interface != arrival.interface.index()) return -1;
        score += 4;
    }
    bool v4 = arrival.destination.is_v4();
    if (bound.is_unspecified()) {
        if (v4 ? !bound.is_v4() && options.only_v6 : bound.is_v4()) return -1;
    } else {
        if (bound != arrival.destination) return -1;
        score += 2;
    }
    if (connected_) {
        if ((has_ports() && remote_.port != source_port) || remote_.address != arrival.source) return -1;
        if (!arrival.broadcast && connected_from_ != arrival.destination) return -1;
        score += 8;
    }
    if (arrival.broadcast && arrival.destination.is_multicast() && !wants_group(arrival)) return -1;
    return score;
}

/// Under lock_. Who has joined a group from certain sources only hears no others; who has not joined hears what others joined, if it wants [ip(7), RFC 3376 3.2].
bool DatagramSocket::wants_group(const Arrival& arrival) const {
    bool joined = false;
    for (auto& one : std::span(memberships_, membership_count_)) {
        if (one.group != arrival.destination || one.interface != arrival.interface.index()) continue;
        if (one.source == IpAddress() || one.source == arrival.source) return true;
        joined = true;
    }
    return !joined && options_.multicast_all;
}

Result<void> DatagramSocket::join(const IpAddress& group, u32 index, const IpAddress& source) {
    if (!group.is_multicast()) return fail(Error::invalid);
    if (index == 0) {
        auto way = TRY(Path::find(group));
        index = way.interface()->index();
    }
    auto* on = interface(index);
    if (!on) return fail(Error::no_device);
    {
        Guard guard(lock_);
        for (auto& one : std::span(memberships_, membership_count_)) {
            if (one.group != group || one.interface != index) continue;
            if (one.source == source) return fail(source == IpAddress() ? Error::address_in_use : Error::address_not_available);
            if (one.source == IpAddress() || source == IpAddress()) return fail(Error::invalid);  // everybody or some: one or the other
        }
        if (membership_count_ == max_memberships) return fail(Error::no_buffers);
        memberships_[membership_count_++] = {group, source, index};
    }
    auto joined = on->join(group);
    if (!joined) {
        Guard guard(lock_);
        forget_membership({group, source, index});
    }
    return joined;
}

/// Under lock_.
bool DatagramSocket::forget_membership(const Membership& which) {
    for (auto& one : std::span(memberships_, membership_count_)) {
        if (one != which) continue;
        one = memberships_[--membership_count_];
        return true;
    }
    return false;
}

Result<void> DatagramSocket::leave(const IpAddress& group, u32 index, const IpAddress& source) {
    {
        Guard guard(lock_);
        // Without an interface: the first that fits.
        for (u32 i = 0; index == 0 && i < membership_count_; ++i)
            if (memberships_[i].group == group && memberships_[i].source == source) index = memberships_[i].interface;
        if (!forget_membership({group, source, index})) return fail(Error::address_not_available);
    }
    interface(index)->leave(group);
    return {};
}

}  // namespace spore::net::datagram
