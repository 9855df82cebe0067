// Ports that take connections: from the first SYN to accept(). What is between is a Request (request.hpp), or nothing at all when there are too many: then the
// SYN-ACK's sequence number is a cookie that holds what a request would (syn_cookie.hpp).
#pragma once

#include "kernel/net/tcp/control_block.hpp"

namespace spore::net::tcp {

class PortListener final : public Listener {
public:
    static Result<Shared<PortListener>> create(Owned<Binding> binding, u32 backlog, const Options& options, EndpointListener* listener);
    ~PortListener();

    /// A segment that no connection takes.
    void input(Segment& segment, Owned<device::Packet> packet, const Endpoint& local, const Endpoint& remote, u32 hash, Instant now);
    /// Whether accept()'s queue takes one more.
    bool has_room() const { return waiting_.load(std::memory_order_relaxed) <= backlog_.load(std::memory_order_relaxed); }
    bool closed() const { return closed_.load(std::memory_order_acquire); }
    /// A connection whose handshake is done, not known to anybody yet; null without memory or path.
    Shared<ControlBlock> make_connection(const Handshake& handshake, const Endpoint& local, const Endpoint& remote, u32 peer_window);
    /// Puts it into accept()'s queue.
    void push(Shared<ControlBlock> connection);
    Duration defer() const { return defer_; }
    u8 least_hops(bool v4) const { return (v4 ? least_hops_v4_ : least_hops_v6_).load(std::memory_order_relaxed); }
    /// Null: none.
    Shared<const Filter> filter() const { return filtered_.load(std::memory_order_relaxed) ? options().filter : nullptr; }

    std::atomic<u32> requests = 0;     ///< that wait for their handshake's end

    // ---- Listener ----
    void set_listener(EndpointListener* listener) override;
    void set_owner(u64 inode, u32 user) override;
    Result<Shared<Connection>> accept() override;
    void set_backlog(u32 backlog) override;
    Endpoint local() const override { return local_; }
    Shared<PortGroup> port_group() const override;
    u32 waiting() const override { return waiting_.load(std::memory_order_relaxed); }
    u32 backlog() const override { return backlog_.load(std::memory_order_relaxed); }
    Options options() const override;
    void set_options(const Options& options) override;
    void close() override;
    Summary summary() const;

    /// While it is in the table of listeners.
    const Binding& binding() const { return *binding_; }
    PortListener* next_of_port = nullptr;

private:
    PortListener(Owned<Binding> binding, u32 backlog, const Options& options, EndpointListener* listener);
    void input_syn(Segment& segment, Owned<device::Packet> packet, const Endpoint& local, const Endpoint& remote, u32 hash, Instant now);
    bool input_fast_open(Segment& segment, Owned<device::Packet>& packet, const Handshake& handshake, const Endpoint& local, const Endpoint& remote, u32 hash);

    mutable sync::Spin lock_;
    Endpoint local_;
    Owned<Binding> binding_;
    EndpointListener* listener_;
    Options options_;
    Duration defer_{};
    std::atomic<u32> backlog_, waiting_ = 0;
    std::atomic<bool> closed_ = false, filtered_;
    std::atomic<u8> least_hops_v4_, least_hops_v6_;
    ControlBlock* first_ = nullptr;   ///< finished connections, each with a reference
    ControlBlock* last_ = nullptr;
    u64 owner_inode_ = 0;
    u32 owner_user_ = 0;
};

/// Who takes a segment for this address and port: the most specific listener; of several that share a port, the one that their program chooses when it sees what
/// the packet carries, or the one that `hash` chooses.
Shared<PortListener> find_listener(const Endpoint& local, u32 hash, const Arrival& arrival, const device::Packet& packet);
void add_listener(PortListener& listener);
void remove_listener(PortListener& listener);

}  // namespace spore::net::tcp
