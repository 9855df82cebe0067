#include "host/instances/execute.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "host/instances/control.hpp"
#include "host/run/session.hpp"
#include "host/run/terminal.hpp"

namespace spore::host {

namespace {

/// The channel's first frame.
Outcome<std::string> start_frame(const ExecuteRequest& request) {
    abi::StartPayload head{};
    head.terminal = request.terminal;
    head.own_user = request.user.has_value();
    if (request.user) {
        head.uid = request.user->uid, head.gid = request.user->gid;
        head.group_count = static_cast<u8>(std::min<std::size_t>(request.user->groups.size(), abi::most_groups));
        std::copy_n(request.user->groups.begin(), head.group_count, head.groups);
    }
    struct winsize window{};
    if (request.terminal && ::ioctl(STDIN_FILENO, TIOCGWINSZ, &window) == 0) head.rows = window.ws_row, head.columns = window.ws_col;
    head.arguments = static_cast<u32>(request.arguments.size());
    auto bytes = bytes_of(head);
    std::string payload(reinterpret_cast<const char*>(bytes.data()), bytes.size()), frame;
    auto add = [&](const std::string& text) { payload.append(text.c_str(), text.size() + 1); };
    add(request.folder);
    std::ranges::for_each(request.arguments, add);
    std::ranges::for_each(request.environment, add);
    constexpr std::size_t most = abi::max_frame_payload / 2;
    if (payload.size() > most) return failure(ExitStatus::failed, "the program's arguments and environment are too long: they can have {} KiB", most >> 10);
    append_frame(frame, abi::HostFrame::start, std::as_bytes(std::span(payload)));
    return frame;
}

}  // namespace

Outcome<int> execute_in(const std::string& name, const ExecuteRequest& request) {
    auto instance = TRY(Instance::open_running(name));
    auto frame = TRY(start_frame(request));
    auto connection = TRY(knock(instance, Door::executions));
    auto signals = take_signals();
    if (!write_all(connection.number(), std::as_bytes(std::span(frame))))
        return failure(ExitStatus::failed, "the machine {} does not take programs: {}", name, error_text());
    RawTerminal terminal(request.terminal);
    Session session({.channel = connection.number(), .signals = signals.number()}, std::nullopt);
    auto status = session.run();
    if (!status && status.error().status == ExitStatus::machine_ended) return failure(ExitStatus::machine_ended, "the machine {} was ended", name);
    return status;
}

}  // namespace spore::host
