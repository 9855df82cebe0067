#include "host/instances/readiness.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <thread>

#include "host/common/process.hpp"
#include "host/common/text.hpp"
#include "host/instances/commands.hpp"
#include "host/instances/control.hpp"
#include "host/network/guest_network.hpp"

namespace spore::host {

namespace {

bool listens(const Instance& instance, u16 port) {
    GuestNetwork network;
    for (const char* file : {"tcp", "tcp6"})
        if (auto text = ask_guest(instance, fmt::format("net/{}", file))) network.take_sockets(file, *text);
    auto end = fmt::format(":{}", port);
    return std::ranges::any_of(network.sockets, [&](const GuestSocket& socket) { return socket.state == "LISTEN" && socket.local.ends_with(end); });
}

/// Runs the command by this tool's own `exec`, so that nothing of what it prints is ours. Empty, or why it does not succeed.
std::string trouble_of(const Instance& instance, const std::vector<std::string>& command) {
    std::vector<std::string> words{"/proc/self/exe", "exec", instance.name(), "--"};
    words.insert(words.end(), command.begin(), command.end());
    auto finished = run_to_end(words);
    if (WIFEXITED(finished.status) && WEXITSTATUS(finished.status) == 0) return {};
    const auto& printed = finished.errors.empty() ? finished.output : finished.errors;
    auto said = printed.substr(0, printed.find('\n'));
    return said.empty() ? "it says nothing" : fmt::format("it says: {}", said);
}

std::string text_of(const Readiness& readiness) {
    if (auto* port = std::get_if<u16>(&readiness)) return fmt::format("it listened at port {}", *port);
    return fmt::format("'{}' succeeded in it", shell_line(std::get<std::vector<std::string>>(readiness)));
}

}  // namespace

Outcome<void> wait_until_ready(const Instance& instance, const Readiness& readiness, std::chrono::seconds patience) {
    using Clock = std::chrono::steady_clock;
    if (std::holds_alternative<std::monostate>(readiness)) return {};
    const auto& name = instance.name();
    // A question of the kernel's costs next to nothing, a program in the machine some more.
    auto* port = std::get_if<u16>(&readiness);
    auto pause = std::chrono::milliseconds(port ? 50 : 250);
    std::string trouble;
    for (auto deadline = Clock::now() + patience; Clock::now() < deadline; std::this_thread::sleep_for(pause)) {
        if (port && listens(instance, *port)) return {};
        if (!port && (trouble = trouble_of(instance, std::get<std::vector<std::string>>(readiness))).empty()) return {};
        if (instance.life() != Life::running) return failure(ExitStatus::failed, "the machine {} has ended before {}: 'spore logs {}' tells why", name, text_of(readiness), name);
    }
    return failure(ExitStatus::failed, "the machine {} is not ready: {} seconds have passed before {}; {}see 'spore logs {}' and 'spore net {}'", name, patience.count(), text_of(readiness),
                   trouble.empty() ? "" : trouble + "; ", name, name);
}

Outcome<void> wait_until_ended_well(const Instance& instance) {
    auto status = TRY(wait_for_instance(instance.name()));
    if (status == 0) return {};
    return failure(ExitStatus::failed, "the machine {} has ended with status {}, and others wait for it to succeed: 'spore logs {}' tells why", instance.name(), status, instance.name());
}

}  // namespace spore::host
