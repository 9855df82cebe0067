#include "host/common/signals.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <cctype>
#include <charconv>
#include <cstring>

#include "host/common/letters.hpp"

namespace spore::host {

namespace {

std::optional<int> parse_number(std::string_view text) {
    int number = 0;
    auto [end, error] = std::from_chars(text.begin(), text.end(), number);
    return error == std::errc{} && end == text.end() ? std::optional(number) : std::nullopt;
}

/// What follows "RTMIN" or "RTMAX": nothing, or how far from it.
std::optional<int> parse_real_time(int from, char sign, std::string_view rest) {
    if (rest.empty()) return from;
    auto distance = rest.starts_with(sign) ? parse_number(rest.substr(1)) : std::nullopt;
    if (!distance || *distance < 0 || *distance > SIGRTMAX - SIGRTMIN) return std::nullopt;
    return sign == '+' ? from + *distance : from - *distance;
}

}  // namespace

std::optional<int> parse_signal(std::string_view given) {
    auto capitals = in_capitals(given);
    std::string_view text = capitals;
    if (auto number = parse_number(text)) return *number > 0 && *number <= SIGRTMAX ? number : std::nullopt;
    if (text.starts_with("SIG")) text.remove_prefix(3);
    if (text.starts_with("RTMIN")) return parse_real_time(SIGRTMIN, '+', text.substr(5));
    if (text.starts_with("RTMAX")) return parse_real_time(SIGRTMAX, '-', text.substr(5));
    for (int signal = 1; signal < SIGRTMIN; ++signal)
        if (const char* name = ::sigabbrev_np(signal); name && text == name) return signal;
    return std::nullopt;
}

std::string signal_name(int signal) {
    const char* name = ::sigabbrev_np(signal);
    return name ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

}  // namespace spore::host
