// A value of a Compose file with its place, for messages.
#pragma once

#include "host/compose/yaml.hpp"

namespace spore::host {

struct ComposeEntry {
    const fs::path& file;
    std::string path;  ///< such as services.web.image
    const YamlNode& node;

    template <typename... Args>
    std::unexpected<Failure> wrong(fmt::format_string<Args...> format, Args&&... args) const {
        return failure(ExitStatus::bad_configuration, "{}:{}: {} {}", file.string(), node.line, path, fmt::format(format, std::forward<Args>(args)...));
    }
    template <typename T>
    Outcome<T> explained(Outcome<T> value) const {
        if (!value) return failure(ExitStatus::bad_configuration, "{}:{}: {}: {}", file.string(), node.line, path, value.error().message);
        return value;
    }
    ComposeEntry at(std::string_view key, const YamlNode& value) const { return {file, path.empty() ? std::string(key) : fmt::format("{}.{}", path, key), value}; }

    Outcome<std::string> text() const {
        if (node.kind != YamlNode::Kind::text) return wrong("must be a text");
        return node.text;
    }
    Outcome<bool> truth() const {
        if (node.kind == YamlNode::Kind::text && (node.text == "true" || node.text == "false")) return node.text == "true";
        return wrong("must be true or false");
    }
    /// A list of texts, or one text in its place.
    Outcome<std::vector<std::string>> texts() const {
        if (node.is_null()) return std::vector<std::string>{};
        if (node.kind == YamlNode::Kind::text) return std::vector{node.text};
        if (node.kind != YamlNode::Kind::list) return wrong("must be a list of texts");
        std::vector<std::string> values;
        for (const auto& item : node.items) values.push_back(TRY((ComposeEntry{file, path, item}.text())));
        return values;
    }
    Outcome<void> must_be_map() const {
        if (node.kind == YamlNode::Kind::map) return {};
        return wrong("must be a map: keys with their values");
    }
};

}  // namespace spore::host
