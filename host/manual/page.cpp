#include "host/manual/page.hpp"

#include <fmt/format.h>

#include "host/common/letters.hpp"
#include "host/common/text.hpp"

namespace spore::host {

namespace {

std::string escape_roff(std::string text) {
    text = replace_all(replace_all(std::move(text), "\\", "\\e"), "-", "\\-");
    // A dot or quote at a line's beginning would be a request.
    text = replace_all(replace_all(std::move(text), "\n.", "\n\\&."), "\n'", "\n\\&'");
    return text.starts_with('.') || text.starts_with('\'') ? "\\&" + text : text;
}

std::string escape_markdown(std::string text) {
    for (auto special : {"\\", "*", "<", "|"}) text = replace_all(std::move(text), special, fmt::format("\\{}", special));
    return text;
}

struct Roff {
    static std::string span(const Span& span) {
        auto text = escape_roff(span.text);
        switch (span.style) {
            case Span::Style::plain: return text;
            case Span::Style::bold: return fmt::format("\\fB{}\\fR", text);
            case Span::Style::italic: return fmt::format("\\fI{}\\fR", text);
            case Span::Style::page: return fmt::format("\\fB{}\\fR({})", text, span.section);
        }
        return text;
    }
    static std::string head(const Page& page) {
        return fmt::format(".TH {} {} \"\" \"Spore {}\" \"Spore\"\n.SH NAME\n{} \\- {}\n", page.name, page.section, SPORE_VERSION, escape_roff(page.name),
                           escape_roff(page.description));
    }
    static std::string heading(const std::string& text) {
        return ".SH " + in_capitals(text) + "\n";
    }
    static constexpr std::string_view before_definitions = "";
    static std::string paragraph(const std::string& text) { return ".PP\n" + text + "\n"; }
    static std::string definition(const std::string& term, const std::string& meaning) { return ".TP\n" + term + "\n" + meaning + "\n"; }
    static std::string literal(const Literal& literal) { return ".nf\n" + escape_roff(literal.lines) + "\n.fi\n"; }
};

struct Markdown {
    static std::string span(const Span& span) {
        switch (span.style) {
            case Span::Style::plain: return escape_markdown(span.text);
            case Span::Style::bold: return fmt::format("`{}`", span.text);
            case Span::Style::italic: return fmt::format("*{}*", escape_markdown(span.text));
            case Span::Style::page: return fmt::format("[{0}]({0}.md)", span.text);
        }
        return span.text;
    }
    static std::string head(const Page& page) { return fmt::format("# {}\n\n{}\n", page.name, escape_markdown(page.description)); }
    static std::string heading(const std::string& text) { return "\n## " + text + "\n"; }
    static constexpr std::string_view before_definitions = "\n";
    static std::string paragraph(const std::string& text) { return "\n" + text + "\n"; }
    static std::string definition(const std::string& term, const std::string& meaning) { return fmt::format("- {}{}{}\n", term, meaning.empty() ? "" : ": ", replace_all(meaning, "\n", "\n  ")); }
    static std::string literal(const Literal& literal) { return "\n```\n" + literal.lines + "\n```\n"; }
};

template <typename Form>
std::string write(const Text& text) {
    std::string written;
    for (const auto& span : text) written += Form::span(span);
    return written;
}

template <typename Form>
std::string write(const Page& page) {
    auto text = Form::head(page);
    for (const auto& part : page.parts) {
        text += Form::heading(part.heading);
        for (const auto& block : part.blocks) {
            if (auto* paragraph = std::get_if<Text>(&block)) text += Form::paragraph(write<Form>(*paragraph));
            if (auto* literal = std::get_if<Literal>(&block)) text += Form::literal(*literal);
            if (auto* definitions = std::get_if<std::vector<Definition>>(&block)) {
                text += Form::before_definitions;
                for (const auto& one : *definitions) text += Form::definition(write<Form>(one.term), write<Form>(one.meaning));
            }
        }
    }
    return text;
}

}  // namespace

std::string to_roff(const Page& page) { return write<Roff>(page); }
std::string to_markdown(const Page& page) { return write<Markdown>(page); }

}  // namespace spore::host
