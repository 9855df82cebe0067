#include "host/instances/control.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace spore::host {

namespace {

constexpr int patience_milliseconds = 1000;
/// A guest answers as soon as it runs, but it may have as little of a processor as its host has for it.
constexpr int guest_patience_milliseconds = 10'000;

/// An address below 108 bytes for a file in a folder whose path may be longer [unix(7)].
struct Address {
    FileDescriptor folder;
    sockaddr_un value{};
};
constexpr std::string_view door_names[]{"control", "questions", "executions", "snapshots"};
Address address_of(const Instance& instance, Door door) {
    Address address{FileDescriptor(::open(instance.folder().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), {}};
    address.value.sun_family = AF_UNIX;
    auto path = fmt::format("/proc/self/fd/{}/{}", address.folder.number(), door_names[static_cast<std::size_t>(door)]);
    path.copy(address.value.sun_path, sizeof address.value.sun_path - 1);
    return address;
}

/// Bytes up to a newline, or what came within the patience.
std::string read_line(int descriptor) {
    std::string line;
    struct pollfd wait{descriptor, POLLIN, 0};
    while (line.size() < 256 && !line.ends_with('\n') && ::poll(&wait, 1, patience_milliseconds) > 0) {
        char buffer[64];
        auto size = ::recv(descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
        if (size <= 0) break;
        line.append(buffer, static_cast<std::size_t>(size));
    }
    while (line.ends_with('\n')) line.pop_back();
    return line;
}

}  // namespace

Outcome<FileDescriptor> listen_at(const Instance& instance, Door door) {
    auto address = address_of(instance, door);
    FileDescriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listener || ::bind(listener.number(), reinterpret_cast<sockaddr*>(&address.value), sizeof address.value) != 0 ||
        ::listen(listener.number(), 8) != 0)
        return failure(ExitStatus::failed, "cannot make a socket in {}: {}", instance.folder().string(), error_text());
    return listener;
}

Outcome<FileDescriptor> knock(const Instance& instance, Door door) {
    auto address = address_of(instance, door);
    FileDescriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!connection || ::connect(connection.number(), reinterpret_cast<sockaddr*>(&address.value), sizeof address.value) != 0)
        return failure(ExitStatus::failed, "the machine {} does not run", instance.name());
    return connection;
}

Outcome<void> ask_supervisor(const Instance& instance, const std::string& request) {
    auto connection = TRY(knock(instance, Door::control));
    auto line = request + "\n";
    (void)::send(connection.number(), line.data(), line.size(), MSG_NOSIGNAL);
    auto answer = read_line(connection.number());
    if (answer != "ok") return failure(ExitStatus::failed, "the machine {} did not take '{}': {}", instance.name(), request, answer.empty() ? "it does not answer" : answer);
    return {};
}

Outcome<std::string> ask_guest(const Instance& instance, std::string_view path) {
    auto connection = TRY(knock(instance, Door::questions));
    auto line = std::string(path) + "\n";
    (void)::send(connection.number(), line.data(), line.size(), MSG_NOSIGNAL);
    std::string answer;
    struct pollfd wait{connection.number(), POLLIN, 0};
    while (true) {
        if (::poll(&wait, 1, guest_patience_milliseconds) <= 0)
            return failure(ExitStatus::failed, "the machine {} does not answer: it is stopped, or its kernel hangs", instance.name());
        char buffer[65536];
        auto size = ::recv(connection.number(), buffer, sizeof buffer, 0);
        if (size <= 0) break;
        answer.append(buffer, static_cast<std::size_t>(size));
    }
    constexpr std::string_view good = "ok\n";
    if (answer.starts_with(good)) return answer.substr(good.size());
    while (answer.ends_with('\n')) answer.pop_back();
    return failure(ExitStatus::failed, "the machine {} did not tell /proc/{}: {}", instance.name(), path, answer.empty() ? "it ended" : answer);
}

void ControlRequest::answer(std::string_view reply) const {
    auto line = std::string(reply) + "\n";
    (void)::send(connection.number(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

std::optional<ControlRequest> accept_control(int listener) {
    FileDescriptor connection(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) return std::nullopt;
    auto text = read_line(connection.number());
    return ControlRequest{std::move(connection), std::move(text)};
}

}  // namespace spore::host
