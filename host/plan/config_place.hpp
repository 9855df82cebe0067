// What the readers of spore.toml share: a value with its place, for messages, and the keys that say how a program is run.
#pragma once

#include <span>

#include "host/plan/plan.hpp"
#include "host/plan/toml_parser.hpp"

namespace spore::host {

/// A value with the place to name in a message.
struct Place {
    const fs::path& file;
    std::string key;
    const toml::node& node;

    template <typename... Args>
    std::unexpected<Failure> wrong(fmt::format_string<Args...> format, Args&&... args) const {
        return failure(ExitStatus::bad_configuration, "{}:{}: {} {}", file.string(), node.source().begin.line, key,
                       fmt::format(format, std::forward<Args>(args)...));
    }
    /// What a value's own parser says of it.
    std::unexpected<Failure> refused(std::string_view why) const {
        return failure(ExitStatus::bad_configuration, "{}:{}: {}: {}", file.string(), node.source().begin.line, key, why);
    }
    Outcome<std::string> text() const {
        auto value = node.value_exact<std::string>();
        if (!value) return wrong("must be a string in quotes");
        if (value->find('\0') != std::string::npos) return wrong("may not contain a zero character");
        return *value;
    }
    Outcome<bool> flag() const {
        auto value = node.value_exact<bool>();
        if (!value) return wrong("must be true or false");
        return *value;
    }
    Outcome<std::vector<std::string>> texts() const {
        auto* array = node.as_array();
        if (!array) return wrong("must be a list of strings, such as [\"a\", \"b\"]");
        std::vector<std::string> values;
        for (const auto& item : *array) values.push_back(TRY((Place{file, key, item}.text())));
        return values;
    }
    /// A string that one of the named values' names must match.
    template <typename T>
    Outcome<T> choice(std::string_view choices) const {
        auto value = from_name<T>(TRY(text()));
        if (!value) return wrong("must be one of {}", choices);
        return *value;
    }
};

Outcome<toml::table> parse_toml(std::string_view text, const fs::path& file);
/// Reads a key of those that say how a program is run; false when it is none.
Outcome<bool> read_key(const Place& place, Request& request);
/// The failure of a key that is none of those, nor of `also_known`.
std::unexpected<Failure> unknown_key(const Place& place, const toml::key& name, std::span<const std::string_view> also_known);

}  // namespace spore::host
