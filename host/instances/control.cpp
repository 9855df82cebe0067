#include "host/instances/control.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/common/unix_address.hpp"

namespace spore::host {

namespace {

constexpr int patience_milliseconds = 1000;
/// A guest answers as soon as it runs, but it may have as little of a processor as its host has for it.
constexpr int guest_patience_milliseconds = 10'000;

constexpr std::string_view door_names[]{"control", "questions", "executions", "snapshots"};
UnixAddress address_of(const Instance& instance, Door door) { return {instance.folder(), door_names[static_cast<std::size_t>(door)]}; }

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
    constexpr int backlog = 8;
    auto listener = listen_at(address_of(instance, door), backlog);
    if (!listener) return failure(ExitStatus::failed, "cannot make a socket in {}: {}", instance.folder().string(), error_text());
    return listener;
}

Outcome<FileDescriptor> knock(const Instance& instance, Door door) {
    auto connection = connect_to(address_of(instance, door));
    if (!connection) return failure(ExitStatus::failed, "the machine {} does not run", instance.name());
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
