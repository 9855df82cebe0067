#include "host/instances/top.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "host/common/text.hpp"
#include "host/instances/control.hpp"

namespace spore::host {

namespace {

/// As one line, whatever the arguments hold.
std::string shown(std::string_view command_line, std::string_view name) {
    while (command_line.ends_with('\0')) command_line.remove_suffix(1);
    auto text = command_line.empty() ? fmt::format("[{}]", name) : std::string(command_line);
    for (auto& character : text)
        if (character == '\0' || std::iscntrl(static_cast<unsigned char>(character))) character = ' ';
    return text;
}

std::string time_text(u64 milliseconds) {
    auto seconds = milliseconds / 1000;
    if (seconds >= 3600) return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return fmt::format("{}:{:02}.{:02}", seconds / 60, seconds % 60, milliseconds / 10 % 100);
}

}  // namespace

std::optional<GuestProcess> parse_process(std::string_view stat, std::string_view status, std::string_view command_line) {
    // The name may hold anything, also parentheses [proc(5)].
    auto open = stat.find('('), close = stat.rfind(')');
    if (open == stat.npos || close == stat.npos || close < open) return std::nullopt;
    constexpr u64 milliseconds_per_tick = 10, page = 4096;
    enum { state, parent, user_ticks = 11, kernel_ticks = 12, threads = 17, resident = 21, count };  // of the fields behind the name
    auto fields = words_of(stat.substr(close + 1));
    auto head = words_of(stat.substr(0, open));
    auto id = head.empty() ? std::nullopt : to_number(head[0]);
    if (!id || fields.size() < count || fields[state].size() != 1) return std::nullopt;
    std::array<u64, count> numbers{};
    for (auto field : {parent, user_ticks, kernel_ticks, threads, resident}) {
        auto number = to_number(fields[field]);
        if (!number) return std::nullopt;
        numbers[field] = *number;
    }
    GuestProcess process{.id = *id, .parent = numbers[parent], .state = fields[state][0], .threads = numbers[threads],
                         .processor_milliseconds = (numbers[user_ticks] + numbers[kernel_ticks]) * milliseconds_per_tick,
                         .resident_bytes = numbers[resident] * page, .command = shown(command_line, stat.substr(open + 1, close - open - 1))};
    if (auto at = status.find("\nUid:"); at != status.npos) {
        auto words = words_of(status.substr(at + 5, status.find('\n', at + 1) - at - 5));
        if (words.size() > 1) process.user = to_number(words[1]).value_or(0);  // the effective one
    }
    return process;
}

std::string processes_as_text(const std::vector<GuestProcess>& processes) {
    auto text = fmt::format("{:>7} {:>7} {:>6} {} {:>7} {:>10} {:>9}  {}\n", "PID", "PPID", "USER", "S", "THREADS", "TIME", "RESIDENT", "COMMAND");
    for (const auto& one : processes)
        text += fmt::format("{:>7} {:>7} {:>6} {} {:>7} {:>10} {:>9}  {}\n", one.id, one.parent, one.user, one.state, one.threads,
                            time_text(one.processor_milliseconds), size_text(one.resident_bytes), one.command);
    return text;
}

std::string processes_as_json(const std::vector<GuestProcess>& processes) {
    auto json = nlohmann::json::array();
    for (const auto& one : processes)
        json.push_back({{"pid", one.id}, {"ppid", one.parent}, {"user", one.user}, {"state", std::string(1, one.state)}, {"threads", one.threads},
                        {"processor_milliseconds", one.processor_milliseconds}, {"resident_bytes", one.resident_bytes}, {"command", one.command}});
    // What a program calls itself need not be text.
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Outcome<int> show_processes(const std::string& name, Format format) {
    auto instance = TRY(Instance::open_running(name));
    std::vector<GuestProcess> processes;
    for (auto entry : words_of(TRY(ask_guest(instance, ".")))) {
        if (!to_number(entry)) continue;
        // One that has ended since is left out.
        auto stat = ask_guest(instance, fmt::format("{}/stat", entry)), status = ask_guest(instance, fmt::format("{}/status", entry)),
             command_line = ask_guest(instance, fmt::format("{}/cmdline", entry));
        if (!stat || !status || !command_line) continue;
        if (auto process = parse_process(*stat, *status, *command_line)) processes.push_back(std::move(*process));
    }
    std::ranges::sort(processes, {}, &GuestProcess::id);
    auto text = format == Format::json ? processes_as_json(processes) : processes_as_text(processes);
    write_all(STDOUT_FILENO, std::as_bytes(std::span(text)));
    return 0;
}

}  // namespace spore::host
