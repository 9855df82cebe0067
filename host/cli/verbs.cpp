#include "host/cli/verbs.hpp"

namespace spore::host {

std::string footer(std::string_view examples, std::string_view note) {
    std::string text = note.empty() ? "Examples:\n  " : fmt::format("{}\n\nExamples:\n  ", note);
    for (char character : examples) text += character == '\n' ? std::string("\n  ") : std::string(1, character);
    return text;
}

Verb::Verb(CLI::App& parent, const char* name, const char* help, std::string_view examples, std::string_view note)
    : app(parent.add_subcommand(name, help)) {
    app->footer(footer(examples, note));
}

}  // namespace spore::host
