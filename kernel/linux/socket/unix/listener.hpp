// Connections to a Unix socket that listens, until accept takes them.
#pragma once

#include "kernel/linux/socket/unix/queue.hpp"

namespace spore::linux {

class UnixListener final : public Counted {
public:
    /// A connection whose client may write already.
    struct Pending {
        Shared<UnixQueue> to_server, to_client;
        Shared<UnixName> client_name;
        Identity client;
        ListLink<Pending> link;
    };

    explicit UnixListener(Identity identity) : identity_(identity) {}
    ~UnixListener() { close(); }

    /// listen(2) again changes it, and whom peers see.
    void set_backlog(u32 backlog, Identity identity);
    /// Waits while too many are pending. connection_refused when nobody listens any more; would_block after the deadline.
    Result<void> connect(Owned<Pending> connection, Instant deadline);
    /// would_block after the deadline; invalid when it was closed.
    Result<Owned<Pending>> accept(Instant deadline);
    /// Refuses all that come; those that are pending can still be accepted.
    void refuse();
    bool refuses();
    /// The same, and refuses those that are pending.
    void close();
    bool has_pending();
    Identity identity();
    template <typename F>
    void for_each(F&& visit) {
        Guard guard(lock_);
        for (auto& connection : pending_) visit(connection);
    }

    fs::PollSource arrival;

private:
    sync::Spin lock_;
    Identity identity_;
    List<Pending, &Pending::link> pending_;
    u32 count_ = 0, backlog_ = 0;
    bool closed_ = false;
    sync::WaitQueue acceptors_, connectors_;
};

}  // namespace spore::linux
