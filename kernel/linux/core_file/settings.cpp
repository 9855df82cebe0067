#include "kernel/linux/core_file/settings.hpp"

#include "base/locked.hpp"

namespace spore::linux {

constinit CoreSettings core_settings;

namespace {

struct Pattern {
    char text[core_pattern_limit] = "core";
    std::size_t size = 4;
};
constinit Locked<Pattern, sync::Spin> the_pattern;

}  // namespace

std::string_view core_pattern(std::span<char, core_pattern_limit> buffer) {
    return the_pattern.with([&](const Pattern& pattern) {
        std::copy_n(pattern.text, pattern.size, buffer.data());
        return std::string_view(buffer.data(), pattern.size);
    });
}

Result<void> set_core_pattern(std::string_view wanted) {
    if (wanted.size() > core_pattern_limit) return fail(Error::invalid);
    the_pattern.with([&](Pattern& pattern) { pattern.size = wanted.copy(pattern.text, sizeof pattern.text); });
    return {};
}

}  // namespace spore::linux
