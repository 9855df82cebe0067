#include "host/lan/join.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/common/beside_tool.hpp"
#include "host/common/state_directory.hpp"
#include "host/common/unix_address.hpp"
#include "host/lan/addresses.hpp"
#include "host/lan/greeting.hpp"

namespace spore::host::lan {

namespace {

/// As messages call it.
std::string option(const Plan& plan) { return "--network " + text_of(plan.network.choice); }

Outcome<fs::path> find_daemon() {
    if (auto found = find_beside_tool({"spore-lan", "../lib/spore/spore-lan"}, X_OK)) return *found;
    return failure(ExitStatus::missing_tool, "the program spore-lan is missing beside the tool, in {}: build it", tool_folder().string());
}

/// Where the network's socket is.
Outcome<UnixAddress> place_of(const std::string& name) {
    auto path = TRY(state_directory()) / ".networks";  // no machine's name begins so
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failure(ExitStatus::failed, "cannot make {}: {}", path.string(), error_text());
    UnixAddress place(path, name);
    if (!place.folder) return failure(ExitStatus::failed, "cannot open {}: {}", path.string(), error_text());
    return place;
}

/// Held while one looks whether the network is there, and starts it: so nobody starts it twice.
Outcome<FileDescriptor> take_lock(const UnixAddress& place) {
    FileDescriptor lock(::open((place.path() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock || ::flock(lock.number(), LOCK_EX) != 0) return failure(ExitStatus::failed, "cannot lock the network: {}", error_text());
    return lock;
}

/// As a process of its own session that outlives us.
Outcome<void> start_daemon(const UnixAddress& place) {
    auto program = TRY(find_daemon());
    ::unlink(place.path().c_str());
    constexpr int backlog = 64;
    auto listener = listen_at(place, backlog);
    if (!listener) return failure(ExitStatus::failed, "cannot make the network's socket: {}", error_text());
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&files), ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_adddup2(&files, listener.number(), STDIN_FILENO);
    for (int stream : {STDOUT_FILENO, STDERR_FILENO}) ::posix_spawn_file_actions_addopen(&files, stream, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    ::posix_spawn_file_actions_addchdir_np(&files, "/");
    sigset_t none, all;
    ::sigemptyset(&none), ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none), ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::string name = program;
    char* arguments[]{name.data(), nullptr};
    pid_t process;
    int error = ::posix_spawn(&process, program.c_str(), &files, &attributes, arguments, environ);
    ::posix_spawnattr_destroy(&attributes), ::posix_spawn_file_actions_destroy(&files);
    if (error) return failure(ExitStatus::failed, "cannot start {}: {}", program.string(), std::strerror(error));
    return {};
}

/// Up to the line's end and not a byte further: frames follow. Empty when the other side ends, or says nothing.
std::string read_line(const FileDescriptor& connection) {
    constexpr int patience_milliseconds = 10'000;
    std::string line;
    struct pollfd wait{connection.number(), POLLIN, 0};
    char character = 0;
    while (line.size() < most_greeting && ::poll(&wait, 1, patience_milliseconds) > 0 && ::recv(connection.number(), &character, 1, 0) == 1) {
        line += character;
        if (character == '\n') return line;
    }
    return {};
}

/// Nothing when the network ended just then, or is none.
std::optional<Outcome<Welcome>> greet(const FileDescriptor& connection, const Arrival& arrival) {
    auto line = arrival.to_line();
    (void)::send(connection.number(), line.data(), line.size(), MSG_NOSIGNAL);
    auto reply = read_line(connection);
    if (reply.empty()) return std::nullopt;
    return Welcome::from_line(reply);
}

void settle(Plan& plan, const Welcome& welcome) {
    plan.network.mac = member_mac(welcome.number);
    plan.network.addresses = {{v4_address(member_v4(welcome.number)), 24}, {HostAddress{member_v6(welcome.number)}, 64}};
    fill_in_user_network(plan.network);
    rename_host(plan, welcome.name);
}

}  // namespace

Outcome<FileDescriptor> join(Plan& plan) {
    Arrival arrival{.name = plan.host_name, .insists = plan.network.name_is_given, .ports = plan.network.ports};
    if (arrival.to_line().size() > most_greeting) return failure(ExitStatus::failed, "{}: too many ports are published", option(plan));
    auto place = TRY(place_of(plan.network.choice.name));
    auto lock = TRY(take_lock(place));
    // A network that is empty may end between our coming and our greeting.
    for (int attempt = 0; attempt < 3; ++attempt) {
        auto connection = connect_to(place);
        if (!connection) {
            TRY(start_daemon(place));
            connection = connect_to(place);
        }
        if (!connection) continue;
        auto welcome = greet(connection, arrival);
        if (!welcome) continue;
        if (!*welcome) return failure(welcome->error().status, "{}: {}", option(plan), welcome->error().message);
        settle(plan, **welcome);
        return connection;
    }
    return failure(ExitStatus::failed, "{}: the network does not start; run {} by hand for what it says", option(plan), TRY(find_daemon()).string());
}

}  // namespace spore::host::lan
