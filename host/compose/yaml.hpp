// YAML as a tree of texts with their places, by libyaml. What a text means (a number, null) is for its reader to say.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/common/files.hpp"

namespace spore::host {

struct YamlNode {
    enum class Kind : u8 { text, list, map };
    Kind kind = Kind::text;
    bool quoted = false;  ///< a text between quotes is one whatever it looks like
    std::size_t line = 0;
    std::string text{};
    std::vector<YamlNode> items{};
    std::vector<std::pair<std::string, YamlNode>> entries{};  ///< of a map, in the file's order, without those that merges (`<<`) bring where there is one already

    bool is_null() const { return kind == Kind::text && !quoted && (text.empty() || text == "~" || text == "null"); }
    const YamlNode* find(std::string_view key) const;
};

/// The first document. `bad_configuration` with file and line where it is none, refers to itself, is too deep or, with its aliases in place, too large.
Outcome<YamlNode> parse_yaml(std::string_view text, const fs::path& file);

}  // namespace spore::host
