#include "kernel/linux/socket/unix/in_flight.hpp"

#include "kernel/linux/process/process.hpp"
#include "kernel/linux/socket/unix/unix_socket.hpp"

namespace spore::linux {

/// A user whose files are in flight.
struct FilesSender {
    u32 user = 0;
    u64 files = 0;
    ListLink<FilesSender> link;
};

namespace {

/// Sockets that are in flight at least once. A socket's count changes, and files leave queues, under this lock only; so one whose
/// owners are all in flight stays so while the lock is held.
struct InFlight {
    List<UnixSocket, &UnixSocket::flight_link> sockets;
    List<FilesSender, &FilesSender::link> senders;
    u64 count = 0;
    u64 suspicions = 0;  ///< since rings were last looked for
};
constinit sync::Spin flight_lock;
constinit InFlight in_flight;

UnixSocket* unix_socket_of(fs::File& file) {
    if (file.kind() != fs::FileKind::socket || static_cast<Socket&>(file).family() != family_unix) return nullptr;
    return static_cast<UnixSocket*>(&file);
}

template <typename F>
void for_sockets(UnixMessage& message, F&& visit) {
    for (auto& file : message.ancillary.files)
        if (auto* socket = unix_socket_of(*file)) visit(*socket);
}

/// Who is left without files in flight is the caller's.
[[nodiscard]] Owned<FilesSender> uncount(UnixMessage& message) {
    auto* sender = std::exchange(message.files_counted, nullptr);
    if (!sender) return nullptr;
    for_sockets(message, [](UnixSocket& socket) {
        if (--socket.flight.count == 0) in_flight.sockets.remove(socket), --in_flight.count;
    });
    if (sender->files -= message.ancillary.files.size()) return nullptr;
    in_flight.senders.remove(*sender);
    return Owned<FilesSender>(sender);
}

FilesSender* find_sender(u32 user) {
    for (auto& sender : in_flight.senders)
        if (sender.user == user) return &sender;
    return nullptr;
}

struct Graveyard {
    UnixMessages dead;
    bool digging = false;
};
constinit Locked<Graveyard, sync::Spin> graveyard;

}  // namespace

Result<void> note_in_flight(UnixMessage& message) {
    if (!message.ancillary.files.size()) return {};
    u64 most = ~u64{0};
    u32 user = 0;
    if (auto* process = running_process()) {
        auto who = process->credentials();
        user = who.uid;
        if (!who.may(Capability::resource) && !who.may(Capability::admin)) most = process->limit(limit_files).soft;
    }
    auto made = TRY(make_owned<FilesSender>());
    made->user = user;
    Guard guard(flight_lock);
    auto* sender = find_sender(user);
    // [linux] too_many_unix_fds: what comes now may go beyond the limit, and ends what comes after.
    if (sender && sender->files > most) return fail(Error::too_many_references);
    if (!sender) in_flight.senders.push_back(*(sender = made.release()));
    sender->files += message.ancillary.files.size();
    message.files_counted = sender;
    for_sockets(message, [](UnixSocket& socket) {
        if (socket.flight.count++ == 0) in_flight.sockets.push_back(socket), ++in_flight.count;
    });
    return {};
}

void forget_in_flight(UnixMessage& message) {
    Owned<FilesSender> last;
    Guard guard(flight_lock);
    last = uncount(message);
}

[[gnu::always_inline]] HeapArray<Shared<fs::File>> take_files(UnixMessage& message) {
    Owned<FilesSender> last;
    Guard guard(flight_lock);
    last = uncount(message);
    return std::move(message.ancillary.files);
}

Result<HeapArray<Shared<fs::File>>> copy_files(const UnixMessage& message) {
    auto& files = message.ancillary.files;
    if (!files.size()) return HeapArray<Shared<fs::File>>{};
    auto copies = TRY(HeapArray<Shared<fs::File>>::create(files.size()));
    Guard guard(flight_lock);
    for (std::size_t i = 0; i < files.size(); ++i) copies[i] = files[i];
    return copies;
}

void suspect_ring(UnixSocket& socket) {
    Guard guard(flight_lock);
    if (socket.flight.count) ++in_flight.suspicions;
}

void break_rings() {
    UnixMessages unreachable;
    {
        Guard guard(flight_lock);
        // A look costs time for all that are in flight, so it has to wait for as many reasons when they are many.
        constexpr u64 few = 64;
        if (in_flight.suspicions == 0 || (in_flight.count > few && in_flight.suspicions < in_flight.count / 4)) return;
        in_flight.suspicions = 0;
        using Flight = UnixSocket::Flight;
        // Candidates have no owner but queues. Of each, the owners that are in candidates' own queues are taken off: what is left
        // shows who is held by a queue that somebody can read.
        for (auto& socket : in_flight.sockets) {
            socket.flight.mark = socket.owners() == socket.flight.count ? Flight::Mark::candidate : Flight::Mark::reachable;
            socket.flight.outside = socket.flight.count;
        }
        for (auto& socket : in_flight.sockets)
            if (socket.flight.mark == Flight::Mark::candidate)
                socket.for_each_message([](UnixMessage& message) { for_sockets(message, [](UnixSocket& inner) { --inner.flight.outside; }); });
        // What a reachable socket's queue holds is reachable.
        List<UnixSocket, &UnixSocket::work_link> found;
        for (auto& socket : in_flight.sockets)
            if (socket.flight.mark == Flight::Mark::candidate && socket.flight.outside > 0) {
                socket.flight.mark = Flight::Mark::reachable;
                found.push_back(socket);
            }
        while (auto* socket = found.pop_front())
            socket->for_each_message([&](UnixMessage& message) {
                for_sockets(message, [&](UnixSocket& inner) {
                    if (inner.flight.mark != Flight::Mark::candidate) return;
                    inner.flight.mark = Flight::Mark::reachable;
                    found.push_back(inner);
                });
            });
        for (auto& socket : in_flight.sockets)
            if (socket.flight.mark == Flight::Mark::candidate) socket.take_messages(unreachable);
    }
    bury(unreachable);
}

void bury(UnixMessages& messages) {
    if (messages.empty()) return;
    bool dig = graveyard.with([&](Graveyard& yard) {
        yard.dead.append(messages);
        return !std::exchange(yard.digging, true);
    });
    while (dig) {
        auto* message = graveyard.with([](Graveyard& yard) {
            auto* first = yard.dead.pop_front();
            if (!first) yard.digging = false;
            return first;
        });
        if (!message) return;
        Owned<UnixMessage> last(message);
    }
}

}  // namespace spore::linux
