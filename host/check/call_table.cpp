#include "host/check/call_table.hpp"

#include <array>

namespace spore::host {

namespace {

constexpr int none = -1;

struct Declared {
    int number;
    CallSupport call;
};
using enum Support;
constexpr Declared declared[] = {
#include "declared_calls.inc"  // made by the build: {number, {"name", supported or partial, "note"}},
    {none, {}},
};
constexpr std::pair<int, std::string_view> known[] = {
#include "known_calls.inc"  // made by the build from Linux's header: {number, "name"},
};

constexpr auto table = [] {
    std::array<CallSupport, call_numbers> calls{};
    for (auto [number, name] : known)
        if (number < static_cast<int>(calls.size())) calls[static_cast<u32>(number)].name = name;
    for (const auto& entry : declared)
        if (entry.number != none) calls[static_cast<u32>(entry.number)] = entry.call;
    return calls;
}();

}  // namespace

std::string_view name_of(Support support) {
    switch (support) {
        case supported: return "supported";
        case partial: return "partial";
        case missing: return "missing";
    }
    return "";
}

CallSupport find_call(u32 number) { return number < table.size() ? table[number] : CallSupport{}; }

std::optional<u32> find_call_number(std::string_view name) {
    for (u32 number = 0; number < table.size(); ++number)
        if (!name.empty() && table[number].name == name) return number;
    return std::nullopt;
}

}  // namespace spore::host
