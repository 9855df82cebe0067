#include "host/check/call_table.hpp"

#include <array>

namespace spore::host {

namespace {

constexpr int none = -1;

struct Declared {
    int numbers[2];  ///< by Architecture
    CallSupport call;
};
using enum Support;
constexpr Declared declared[] = {
#include "declared_calls.inc"  // made by the build: {{number on x86-64, on arm64}, {"name", supported, partial or missing, "note"}},
};

using Table = std::array<CallSupport, call_numbers>;
constexpr Table table_for(Architecture architecture) {
    Table calls{};
    for (const auto& entry : declared)
        if (int number = entry.numbers[static_cast<std::size_t>(architecture)]; number != none) calls[static_cast<u32>(number)] = entry.call;
    return calls;
}
constexpr Table tables[] = {table_for(Architecture::x86_64), table_for(Architecture::arm64)};

}  // namespace

std::string_view name_of(Support support) {
    switch (support) {
        case supported: return "supported";
        case partial: return "partial";
        case missing: return "missing";
    }
    return "";
}

CallSupport find_call(u32 number, Architecture architecture) {
    auto& table = tables[static_cast<std::size_t>(architecture)];
    return number < table.size() ? table[number] : CallSupport{};
}

std::optional<u32> find_call_number(std::string_view name, Architecture architecture) {
    auto& table = tables[static_cast<std::size_t>(architecture)];
    for (u32 number = 0; number < table.size(); ++number)
        if (!name.empty() && table[number].name == name) return number;
    return std::nullopt;
}

bool is_call(std::string_view name) { return find_call_number(name, Architecture::x86_64) || find_call_number(name, Architecture::arm64); }

}  // namespace spore::host
