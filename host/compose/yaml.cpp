#include "host/compose/yaml.hpp"

#include <yaml.h>

#include <map>

namespace spore::host {

namespace {

constexpr std::size_t most_nodes = 100'000, deepest = 64;

class Event {
public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { ::yaml_event_delete(&value_); }
    yaml_event_t* get() { return &value_; }
    const yaml_event_t* operator->() const { return &value_; }
    std::size_t line() const { return value_.start_mark.line + 1; }

private:
    yaml_event_t value_{};
};

std::string text_of(const yaml_char_t* text) { return text ? reinterpret_cast<const char*>(text) : ""; }

class Parser {
public:
    Parser(std::string_view text, const fs::path& file) : file_(file) {
        ::yaml_parser_initialize(&parser_);
        ::yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    }
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;
    ~Parser() { ::yaml_parser_delete(&parser_); }

    Outcome<YamlNode> document() {
        while (true) {
            Event event;
            TRY(next(event));
            if (event->type == YAML_STREAM_END_EVENT) return YamlNode{.line = 1};
            if (event->type == YAML_STREAM_START_EVENT || event->type == YAML_DOCUMENT_START_EVENT) continue;
            return node(event, 0);
        }
    }

private:
    std::unexpected<Failure> wrong(std::size_t line, std::string_view why) const { return failure(ExitStatus::bad_configuration, "{}:{}: {}", file_.string(), line, why); }

    Outcome<void> next(Event& event) {
        if (::yaml_parser_parse(&parser_, event.get())) return {};
        return wrong(parser_.problem_mark.line + 1, parser_.problem ? parser_.problem : "it is no YAML");
    }

    Outcome<void> count(const YamlNode& node, std::size_t line) {
        if (++nodes_ > most_nodes) return wrong(line, "it is too large, with its aliases in place");
        for (const auto& item : node.items) TRY(count(item, line));
        for (const auto& [key, value] : node.entries) TRY(count(value, line));
        return {};
    }

    Outcome<YamlNode> node(const Event& event, std::size_t depth) {
        if (depth > deepest) return wrong(event.line(), "it is too deep");
        YamlNode made{.line = event.line()};
        std::string anchor;
        switch (event->type) {
            case YAML_ALIAS_EVENT: {
                auto known = anchors_.find(text_of(event->data.alias.anchor));
                if (known == anchors_.end()) return wrong(event.line(), "there is no anchor of that name before it");
                TRY(count(known->second, event.line()));
                return known->second;
            }
            case YAML_SCALAR_EVENT:
                anchor = text_of(event->data.scalar.anchor);
                made.text.assign(reinterpret_cast<const char*>(event->data.scalar.value), event->data.scalar.length);
                made.quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
                if (made.text.find('\0') != std::string::npos) return wrong(event.line(), "a text may not contain a zero character");
                break;
            case YAML_SEQUENCE_START_EVENT:
                anchor = text_of(event->data.sequence_start.anchor);
                made.kind = YamlNode::Kind::list;
                TRY(read_list(made, depth));
                break;
            case YAML_MAPPING_START_EVENT:
                anchor = text_of(event->data.mapping_start.anchor);
                made.kind = YamlNode::Kind::map;
                TRY(read_map(made, depth));
                break;
            default: return wrong(event.line(), "something is missing here");
        }
        if (++nodes_ > most_nodes) return wrong(event.line(), "it is too large, with its aliases in place");
        if (!anchor.empty()) {
            TRY(count(made, event.line()));  // a copy, too
            anchors_[anchor] = made;
        }
        return made;
    }

    Outcome<void> read_list(YamlNode& list, std::size_t depth) {
        while (true) {
            Event event;
            TRY(next(event));
            if (event->type == YAML_SEQUENCE_END_EVENT) return {};
            list.items.push_back(TRY(node(event, depth + 1)));
        }
    }

    Outcome<void> read_map(YamlNode& map, std::size_t depth) {
        std::vector<YamlNode> merged;
        while (true) {
            Event key, value;
            TRY(next(key));
            if (key->type == YAML_MAPPING_END_EVENT) break;
            auto name = TRY(node(key, depth + 1));
            if (name.kind != YamlNode::Kind::text) return wrong(name.line, "a key must be a text");
            TRY(next(value));
            auto what = TRY(node(value, depth + 1));
            if (name.text == "<<" && !name.quoted) merged.push_back(std::move(what));
            else if (map.find(name.text)) return wrong(name.line, fmt::format("'{}' is there twice", name.text));
            else map.entries.emplace_back(std::move(name.text), std::move(what));
        }
        for (const auto& other : merged) TRY(merge(map, other));
        return {};
    }

    /// [YAML 1.1, the merge key]: one map, or a list of maps.
    Outcome<void> merge(YamlNode& map, const YamlNode& other) const {
        for (const auto& item : other.items) {
            if (item.kind != YamlNode::Kind::map) return wrong(item.line, "only maps can be merged (<<)");
            TRY(merge(map, item));
        }
        if (other.kind == YamlNode::Kind::text) return wrong(other.line, "only maps can be merged (<<)");
        for (const auto& [key, value] : other.entries)
            if (!map.find(key)) map.entries.emplace_back(key, value);
        return {};
    }

    const fs::path& file_;
    yaml_parser_t parser_{};
    std::map<std::string, YamlNode> anchors_;
    std::size_t nodes_ = 0;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
    for (const auto& [name, value] : entries)
        if (name == key) return &value;
    return nullptr;
}

Outcome<YamlNode> parse_yaml(std::string_view text, const fs::path& file) { return Parser(text, file).document(); }

}  // namespace spore::host
