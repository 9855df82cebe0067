// AF_UNIX sockets: streams, datagrams and sequenced packets between programs of this machine [unix(7)].
#pragma once

#include "kernel/linux/socket/family.hpp"
#include "kernel/linux/socket/unix/name.hpp"

namespace spore::linux {

class Process;

class UnixSocket final : public Socket {
public:
    static Result<Shared<Socket>> create(u16 type, i32 protocol, fs::OpenMode mode);
    static Result<SocketPair> create_pair(u16 type, i32 protocol, fs::OpenMode mode);
    /// For tests: the pair of somebody else than the current task.
    static Result<SocketPair> create_pair_of(u16 type, fs::OpenMode mode, Identity identity);
    UnixSocket(u16 type, fs::OpenMode mode);
    ~UnixSocket() override;

    Result<void> bind(const SocketAddress& address) override;
    Result<void> listen(i32 backlog) override;
    Result<Shared<Socket>> accept(fs::OpenMode mode) override;
    Result<void> connect(const SocketAddress& address) override;
    Result<u64> send(SendRequest& request) override;
    Result<u64> receive(ReceiveRequest& request) override;
    Result<void> shutdown(Shut how) override;
    Result<SocketAddress> name() override;
    Result<SocketAddress> peer_name() override;
    Result<u64> get_option(i32 level, i32 name, MutableByteSpan value) override;
    Result<u64> ioctl(u32 request, u64 argument) override;
    fs::Ready ready() override;
    fs::PollSource* poll_source() override { return &source_; }
    void descriptor_closed() override;

    /// For `/proc/net/unix`.
    struct Summary {
        u64 inode;
        u32 owners;
        u16 type;
        bool listening, connected;
        SocketAddress name;  ///< size 0: none
    };
    Summary summary();
    ListLink<UnixSocket> all_link;

    // For in_flight.cpp, under its lock.
    struct Flight {
        enum class Mark : u8 { reachable, candidate };
        u64 count = 0, outside = 0;
        Mark mark = Mark::reachable;
    };
    Flight flight;
    ListLink<UnixSocket> flight_link, work_link;
    /// Messages that only this socket, or who accepts from it, can receive.
    template <typename F>
    void for_each_message(F&& visit) {
        auto parts = state();
        if (parts.in) parts.in->for_each(visit);
        if (parts.listener) parts.listener->for_each([&](UnixListener::Pending& pending) { pending.to_server->for_each(visit); });
    }
    void take_messages(UnixMessages& into);

protected:
    i32 take_error() override;
    bool peeks_further_on() const override { return true; }
    Result<void> option_set(i32 name) override;
    bool listening() override { return static_cast<bool>(state().listener); }

private:
    /// Passes on what a queue or listener tells to those who poll the socket.
    struct Relay final : fs::PollObserver {
        bool notify(fs::Ready what) override {
            to->notify(what);
            return false;
        }
        fs::PollSource* to = nullptr;
    };
    struct State {
        Shared<UnixQueue> in, out;        ///< `out` of a connected socket
        Shared<UnixListener> listener;
        Shared<UnixName> name, peer_name;
        Identity peer{};
        bool connected = false, owns_name = false, shut_writing = false;
    };
    State state();
    bool is_stream() const { return type() != socket_datagram; }
    void set_connected(Shared<UnixQueue> in, Shared<UnixQueue> out, Shared<UnixName> peer_name, Identity peer);
    /// Who wants to know senders has a name that can be told to them [linux] unix_autobind. With changing_ held.
    Result<void> name_if_senders_matter();
    Result<void> connect_stream(Shared<UnixName> to);
    Result<void> connect_datagram(Shared<UnixName> to, Shared<UnixQueue> out);
    Result<u64> send_stream(SendRequest& request, UnixQueue& out);
    Result<u64> send_message(SendRequest& request);
    Result<void> deliver(SendRequest& request, UnixQueue& out, u64 size, u64 writer, Instant deadline, Shared<UnixName> from);
    Result<u64> receive_stream(ReceiveRequest& request, UnixQueue& in);
    Result<u64> receive_message(ReceiveRequest& request, UnixQueue& in);
    Result<void> give_ancillary(ReceiveRequest& request, UnixMessage& message, bool peek);

    Locked<State, sync::Spin> state_;
    sync::Mutex changing_;  ///< one bind, listen or connect at a time
    fs::PollSource source_;
    Relay in_relay_, out_relay_, accept_relay_;
};

/// All that there are, oldest first, under a lock.
void for_each_unix_socket(void (*visit)(void* context, const UnixSocket::Summary& summary), void* context);

/// Whose thread runs; nobody in a kernel thread.
Process* running_process();
/// The running task as its peers see it; nobody in a kernel thread.
Identity current_identity();
/// The same as who sends a message: by its real ids [linux] scm_send.
Identity current_sender();

}  // namespace spore::linux
