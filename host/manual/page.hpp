// A page of the manual, apart from how it is written down: in roff for man(1), in Markdown for docs/reference.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace spore::host {

struct Span {
    enum class Style : unsigned char { plain, bold, italic, page };
    std::string text;
    Style style = Style::plain;
    int section = 0;  ///< of the manual, for `page`
};
using Text = std::vector<Span>;

inline Span plain(std::string text) { return {std::move(text)}; }
inline Span bold(std::string text) { return {std::move(text), Span::Style::bold}; }
inline Span italic(std::string text) { return {std::move(text), Span::Style::italic}; }
/// Another page, by its name.
inline Span see(std::string name, int section = 1) { return {std::move(name), Span::Style::page, section}; }

struct Definition {
    Text term, meaning;
};
/// Lines as they are, such as examples.
struct Literal {
    std::string lines;
};
using Block = std::variant<Text, std::vector<Definition>, Literal>;

struct Page {
    std::string name;
    int section = 1;  ///< of the manual: 1 programs, 5 files, 7 other things
    std::string description;
    struct Part {
        std::string heading;
        std::vector<Block> blocks;
    };
    std::vector<Part> parts;
};

/// For man(1) [man(7)].
std::string to_roff(const Page& page);
/// For readers of the source; other pages are links to files beside it.
std::string to_markdown(const Page& page);

}  // namespace spore::host
