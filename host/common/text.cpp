#include "host/common/text.hpp"

#include <cctype>

namespace spore::host {

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
    return text;
}

std::string safe_name(std::string_view text) {
    std::string name(text);
    for (auto& character : name)
        if (!std::isalnum(static_cast<unsigned char>(character)) && std::string_view("._-").find(character) == std::string_view::npos) character = '-';
    return name;
}

std::string shell_line(const std::vector<std::string>& command) {
    std::string line;
    for (const auto& word : command) {
        if (!line.empty()) line += ' ';
        bool plain = !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=,./:@%") == std::string::npos;
        line += plain ? word : "'" + replace_all(word, "'", "'\\''") + "'";
    }
    return line;
}

}  // namespace spore::host
