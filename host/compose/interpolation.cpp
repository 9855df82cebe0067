#include "host/compose/interpolation.hpp"

#include <cctype>

namespace spore::host {

namespace {

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }

std::size_t name_size(std::string_view text) {
    std::size_t size = 0;
    while (size < text.size() && (is_letter(text[size]) || (size > 0 && std::isdigit(static_cast<unsigned char>(text[size]))))) ++size;
    return size;
}

/// Where the brace that is open at the beginning is closed, past those that stand in what it holds.
std::size_t closing_brace(std::string_view text) {
    std::size_t open = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text.substr(at).starts_with("${")) ++open;
        if (text[at] == '}' && open-- == 0) return at;
    }
    return std::string_view::npos;
}

constexpr unsigned deepest = 16;
Outcome<std::string> expand(std::string_view text, const Variables& variables, unsigned depth);

/// What stands between the braces.
Outcome<std::string> expand_braced(std::string_view inside, const Variables& variables, unsigned depth) {
    auto size = name_size(inside);
    std::string name(inside.substr(0, size));
    auto form = inside.substr(size);
    auto value = variables(name);
    bool or_empty = form.starts_with(':');
    if (or_empty) form.remove_prefix(1);
    if (name.empty() || (form.empty() && or_empty) || (!form.empty() && std::string_view("-?+").find(form[0]) == std::string_view::npos))
        return failure(ExitStatus::failed, "'${{{}}}' is no variable; a dollar is written $$", inside);
    if (form.empty()) return value.value_or("");
    bool there = value && !(or_empty && value->empty());
    auto word = form.substr(1);
    if (form[0] == '+') return there ? expand(word, variables, depth + 1) : std::string();
    if (there) return *value;
    if (form[0] == '-') return expand(word, variables, depth + 1);
    return failure(ExitStatus::failed, "the variable {} is not set{}{}", name, word.empty() ? "" : ": ", word);
}

Outcome<std::string> expand(std::string_view text, const Variables& variables, unsigned depth) {
    if (depth > deepest) return failure(ExitStatus::failed, "variables inside of variables are too deep");
    std::string result;
    while (!text.empty()) {
        auto dollar = std::min(text.find('$'), text.size());
        result += text.substr(0, dollar);
        text.remove_prefix(dollar);
        if (text.empty()) break;
        text.remove_prefix(1);
        if (text.starts_with('$')) {
            result += '$';
            text.remove_prefix(1);
        } else if (text.starts_with('{')) {
            text.remove_prefix(1);
            auto end = closing_brace(text);
            if (end == std::string_view::npos) return failure(ExitStatus::failed, "'${{{}' lacks its closing brace; a dollar is written $$", text);
            result += TRY(expand_braced(text.substr(0, end), variables, depth));
            text.remove_prefix(end + 1);
        } else {
            auto size = name_size(text);
            if (size == 0) return failure(ExitStatus::failed, "'${}' is no variable; a dollar is written $$", text.substr(0, 1));
            result += variables(std::string(text.substr(0, size))).value_or("");
            text.remove_prefix(size);
        }
    }
    return result;
}

}  // namespace

Outcome<std::string> interpolate(std::string_view text, const Variables& variables) { return expand(text, variables, 0); }

}  // namespace spore::host
