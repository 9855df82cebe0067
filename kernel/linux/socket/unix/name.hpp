// Names of Unix sockets: paths of socket files, and abstract names that live in a table of their own [unix(7)].
#pragma once

#include "kernel/fs/dentry.hpp"
#include "kernel/linux/socket/unix/listener.hpp"

namespace spore::linux {

class UnixName final : public Counted {
public:
    UnixName(const SocketAddress& address, u16 type, Shared<fs::Dentry> entry) : address_(address), type_(type), entry_(std::move(entry)) {}

    const SocketAddress& address() const { return address_; }
    u16 type() const { return type_; }

    /// What the socket of this name offers; nothing after its end.
    struct Offer {
        Shared<UnixQueue> datagrams;
        Shared<UnixListener> listener;
    };
    Offer offer() {
        return offer_.with([](const Offer& offer) { return offer; });
    }
    void set(Offer offer) {
        offer_.with([&](Offer& mine) { std::swap(mine, offer); });
    }

    /// Null for abstract names.
    fs::Dentry* entry() const { return entry_.get(); }
    ListLink<UnixName> table_link;  ///< the table's

private:
    SocketAddress address_;
    u16 type_;
    Shared<fs::Dentry> entry_;
    Locked<Offer, sync::Spin> offer_;
};

/// Makes the socket file, or takes the abstract name; with only a family, one that is free. address_in_use.
Result<Shared<UnixName>> bind_unix_name(const SocketAddress& address, u16 type);
/// The socket of this name. connection_refused when there is none any more; wrong_protocol_type when it is of another type.
Result<Shared<UnixName>> find_unix_name(const SocketAddress& address, u16 type);
/// Whether the address is this name's.
bool is_named(const UnixName& name, const SocketAddress& address);
/// The socket is gone. A socket file stays.
void release_unix_name(UnixName& name);

}  // namespace spore::linux
