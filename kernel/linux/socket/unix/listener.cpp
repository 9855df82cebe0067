#include "kernel/linux/socket/unix/listener.hpp"

#include "kernel/linux/socket/unix/name.hpp"
#include "kernel/linux/socket/wait.hpp"

namespace spore::linux {

using fs::Ready;

void UnixListener::set_backlog(u32 backlog, Identity identity) {
    Guard guard(lock_);
    backlog_ = backlog;
    identity_ = identity;
    connectors_.wake_all();
}

Result<void> UnixListener::connect(Owned<Pending> connection, Instant deadline) {
    {
        Guard guard(lock_);
        while (!closed_ && count_ > backlog_) {
            if (deadline == Instant{}) return fail(Error::would_block);
            TRY(after_wait(connectors_.wait(lock_, sync::Interruptible::yes, deadline), deadline));
        }
        if (closed_) return fail(Error::connection_refused);
        pending_.push_back(*connection.release());
        ++count_;
        acceptors_.wake_one();
    }
    arrival.notify(Ready::in);
    return {};
}

Result<Owned<UnixListener::Pending>> UnixListener::accept(Instant deadline) {
    Guard guard(lock_);
    while (pending_.empty()) {
        if (closed_) return fail(Error::invalid);
        if (deadline == Instant{}) return fail(Error::would_block);
        TRY(after_wait(acceptors_.wait(lock_, sync::Interruptible::yes, deadline), deadline));
    }
    --count_;
    connectors_.wake_one();
    return Owned<Pending>(pending_.pop_front());
}

void UnixListener::refuse() {
    {
        Guard guard(lock_);
        closed_ = true;
        acceptors_.wake_all();
        connectors_.wake_all();
    }
    arrival.notify(Ready::in | Ready::read_hang_up);
}
bool UnixListener::refuses() {
    Guard guard(lock_);
    return closed_;
}
Identity UnixListener::identity() {
    Guard guard(lock_);
    return identity_;
}

void UnixListener::close() {
    refuse();
    while (true) {
        Pending* first;
        {
            Guard guard(lock_);
            first = pending_.pop_front();
        }
        if (!first) break;
        Owned<Pending> connection(first);
        connection->to_server->close_reader(true);
        connection->to_client->close_writer(true);
    }
    arrival.notify(Ready::in | Ready::hang_up);
}

bool UnixListener::has_pending() {
    Guard guard(lock_);
    return !pending_.empty();
}

}  // namespace spore::linux
