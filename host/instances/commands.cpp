#include "host/instances/commands.hpp"

#include <signal.h>
#include <unistd.h>

#include <cctype>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "host/common/signals.hpp"
#include "host/instances/control.hpp"

namespace spore::host {

namespace {

std::string age(i64 since) {
    auto seconds = std::max<i64>(0, std::time(nullptr) - since);
    if (seconds < 120) return fmt::format("{} s", seconds);
    if (seconds < 7200) return fmt::format("{} min", seconds / 60);
    if (seconds < 172800) return fmt::format("{} h", seconds / 3600);
    return fmt::format("{} days", seconds / 86400);
}

std::string_view name_of(Life life) {
    switch (life) {
        case Life::running: return "running";
        case Life::ended: return "ended";
        case Life::lost: return "lost";
    }
    return "";
}

std::string status_of(Life life, const InstanceState& state) {
    if (life == Life::running && state.restarts) return fmt::format("running {} (restarted {}x)", age(state.started), state.restarts);
    if (life == Life::running) return "running " + age(state.started);
    if (life == Life::lost) return "lost (its supervisor was killed)";
    return fmt::format("ended ({}) {} ago", *state.status, age(state.ended.value_or(state.started)));
}

/// As a part of one line, whatever it holds: scripts after -c have several.
std::string command_line(const InstanceState& state) {
    auto text = fmt::format("{}", fmt::join(state.command, " "));
    for (auto& character : text)
        if (std::iscntrl(static_cast<unsigned char>(character))) character = ' ';
    return text;
}

}  // namespace

Outcome<int> list_instances(Listing listing, Format format) {
    auto json = nlohmann::json::array();
    auto instances = TRY(Instance::all());
    std::size_t width = 24;
    for (const auto& instance : instances) width = std::max(width, instance.name().size());
    auto row = [width](std::string_view name, std::string_view status, std::string_view process, std::string_view command) {
        return fmt::format("{:<{}} {:<34} {:>8}  {}\n", name, width, status, process, command);
    };
    auto table = row("NAME", "STATUS", "PID", "COMMAND");
    for (const auto& instance : instances) {
        auto life = instance.life();
        auto state = instance.state();
        if (!state || (listing == Listing::running && life != Life::running)) continue;
        table += row(instance.name(), status_of(life, *state), life == Life::running ? fmt::to_string(state->supervisor) : "-", command_line(*state));
        auto item = nlohmann::json::parse(state->to_json());
        item["name"] = instance.name();
        item["life"] = name_of(life);
        json.push_back(item);
    }
    auto text = format == Format::json ? json.dump(2) + "\n" : table;
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
}

Outcome<int> stop_instance(const std::string& name, unsigned seconds) {
    auto instance = TRY(Instance::open(name));
    if (instance.life() != Life::running) return 0;
    if (seconds > 0) TRY(ask_supervisor(instance, "stop"));
    if (!instance.wait_for_end(i64{seconds} * 1000)) {
        if (auto asked = ask_supervisor(instance, "end"); !asked && instance.life() == Life::running) return std::unexpected(asked.error());
        if (!instance.wait_for_end(5000)) return failure(ExitStatus::failed, "the machine {} does not end: kill process {}", name, instance.state()->supervisor);
    }
    return 0;
}

Outcome<int> signal_instance(const std::string& name, const std::string& signal) {
    auto number = parse_signal(signal);
    if (!number) return failure(ExitStatus::failed, "-s {}: there is no such signal; give a name such as TERM, or a number", signal);
    auto instance = TRY(Instance::open(name));
    TRY(ask_supervisor(instance, fmt::format("signal {}", *number)));
    return 0;
}

Outcome<int> wait_for_instance(const std::string& name) {
    auto instance = TRY(Instance::open(name));
    constexpr i64 for_ever = i64{1} << 40;
    instance.wait_for_end(for_ever);
    auto state = instance.state();
    if (!state || !state->status) return failure(ExitStatus::machine_ended, "the exit status of {} is not known: it was removed, or its supervisor was killed", name);
    return *state->status;
}

Outcome<int> remove_instance(const std::string& name, Force force) {
    auto instance = TRY(Instance::open(name));
    if (instance.life() == Life::running) {
        if (force == Force::no) return failure(ExitStatus::failed, "the machine {} runs: stop it first, or use 'spore rm -f {}'", name, name);
        TRY(stop_instance(name, 0));
    }
    instance.remove();
    return 0;
}

}  // namespace spore::host
