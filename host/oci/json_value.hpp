// A value in JSON that others wrote, read with its type checked; messages name it by its keys.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/common/failure.hpp"

namespace spore::host::oci {

/// A value of a file, with its keys from the top. A value that is not there is null.
struct JsonValue {
    const nlohmann::json& node;
    std::string name;

    JsonValue operator[](const char* key) const {
        static const nlohmann::json nothing;
        auto found = node.is_object() ? node.find(key) : node.end();
        return {node.is_object() && found != node.end() ? *found : nothing, name.empty() ? key : name + "." + key};
    }
    explicit operator bool() const { return !node.is_null(); }
    std::unexpected<Failure> wrong(std::string_view what) const { return failure(ExitStatus::bad_configuration, "the container's {} {}", name, what); }

    Outcome<void> check_object() const {
        if (node.is_null() || node.is_object()) return {};
        return wrong("must be an object");
    }
    Outcome<std::string> text() const {
        if (node.is_null()) return "";
        if (!node.is_string()) return wrong("must be a string");
        const auto& text = node.get_ref<const std::string&>();
        if (text.find('\0') != std::string::npos) return wrong("may not contain a zero character");
        return text;
    }
    Outcome<bool> flag() const {
        if (node.is_null()) return false;
        if (!node.is_boolean()) return wrong("must be true or false");
        return node.get<bool>();
    }
    /// A number that is not negative and not above `most`; 0 where it is not there.
    Outcome<u64> number(u64 most = ~u64{0}) const {
        if (node.is_null()) return 0;
        if (!node.is_number_unsigned() || node.get<u64>() > most) return wrong(fmt::format("must be a number from 0 to {}", most));
        return node.get<u64>();
    }
    Outcome<std::vector<JsonValue>> items() const {
        std::vector<JsonValue> items;
        if (node.is_null()) return items;
        if (!node.is_array()) return wrong("must be a list");
        for (const auto& item : node) items.push_back({item, fmt::format("{}[{}]", name, items.size())});
        return items;
    }
    Outcome<std::vector<std::string>> texts() const {
        std::vector<std::string> texts;
        for (const auto& item : TRY(items())) {
            if (!item) return item.wrong("must be a string");
            texts.push_back(TRY(item.text()));
        }
        return texts;
    }
};

}  // namespace spore::host::oci
