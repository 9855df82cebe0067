#include "host/trace/points.hpp"

namespace spore::host {

namespace {

constexpr DeclaredPoint declared[] = {
#define TRACE_POINT(name, arguments, text) {#name, arguments, text},
#include "abi/trace_points.list.hpp"
#undef TRACE_POINT
};

constexpr u32 always = abi::trace_bit(abi::TracePoint::thread_begin) | abi::trace_bit(abi::TracePoint::thread_exec) | abi::trace_bit(abi::TracePoint::thread_name) |
                       abi::trace_bit(abi::TracePoint::thread_end) | abi::trace_bit(abi::TracePoint::switch_thread);

bool chooses(std::string_view word, std::string_view name) { return name.starts_with(word) && (name.size() == word.size() || name[word.size()] == '_'); }

}  // namespace

std::span<const DeclaredPoint> declared_points() { return declared; }

Outcome<u32> parse_points(std::string_view text) {
    u32 points = always;
    while (!text.empty()) {
        auto end = text.find(',');
        auto word = text.substr(0, end);
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        u32 chosen = 0;
        for (u32 i = 0; i < std::size(declared); ++i)
            if (chooses(word, declared[i].name)) chosen |= u32{1} << i;
        if (!chosen) return failure(ExitStatus::failed, "--points {}: there is none of that name: see 'spore trace --list'", word);
        points |= chosen;
    }
    return points;
}

std::string list_points() {
    auto text = fmt::format("{:<17} {:<30} {}\n", "POINT", "WITH", "WHEN");
    for (const auto& point : declared) text += fmt::format("{:<17} {:<30} {}\n", point.name, point.arguments, point.text);
    return text;
}

}  // namespace spore::host
