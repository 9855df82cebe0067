// Small letters and capitals, of ASCII alone, whatever the locale.
#pragma once

#include <string>
#include <string_view>

namespace spore::host {

constexpr char small_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr char capital(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; }

inline std::string in_small_letters(std::string_view text) {
    std::string small(text);
    for (auto& c : small) c = small_letter(c);
    return small;
}
inline std::string in_capitals(std::string_view text) {
    std::string capitals(text);
    for (auto& c : capitals) c = capital(c);
    return capitals;
}

}  // namespace spore::host
