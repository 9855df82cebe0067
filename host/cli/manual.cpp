#include "host/cli/manual.hpp"

#include <fmt/format.h>

#include "host/plan/config.hpp"

namespace spore::host {

namespace {

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App* verb) { return !verb->get_group().empty(); });
}

struct OptionText {
    std::vector<std::string> names;  ///< "-m", "--memory"
    std::string value, help;
    bool positional;
};
std::vector<OptionText> options_of(const CLI::App& app) {
    std::vector<OptionText> options;
    for (const auto* option : app.get_options([](const CLI::Option* o) { return !o->get_group().empty(); })) {
        OptionText text{.names = {}, .value = option->get_expected_max() > 0 ? option->get_type_name() : "", .help = option->get_description(),
                        .positional = option->get_positional()};
        for (const auto& name : option->get_snames()) text.names.push_back("-" + name);
        for (const auto& name : option->get_lnames()) text.names.push_back("--" + name);
        if (text.positional) text.value = option->get_name();
        options.push_back(std::move(text));
    }
    return options;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
    return text;
}

std::string roff(std::string text) {
    text = replace_all(replace_all(std::move(text), "\\", "\\e"), "-", "\\-");
    // A dot or quote at a line's beginning would be a request.
    text = replace_all(replace_all(std::move(text), "\n.", "\n\\&."), "\n'", "\n\\&'");
    return text.starts_with('.') || text.starts_with('\'') ? "\\&" + text : text;
}

std::string roff_options(const CLI::App& app) {
    std::string text;
    for (const auto& option : options_of(app)) {
        if (option.positional) continue;
        text += ".TP\n";
        for (std::size_t i = 0; i < option.names.size(); ++i) text += fmt::format("{}\\fB{}\\fR", i ? ", " : "", roff(option.names[i]));
        if (!option.value.empty()) text += fmt::format(" \\fI{}\\fR", roff(option.value));
        text += "\n" + roff(option.help) + "\n";
    }
    return text;
}

std::string roff_head(std::string_view title, int section, std::string_view description) {
    return fmt::format(".TH {} {} \"\" \"Spore {}\" \"Spore\"\n.SH NAME\n{} \\- {}\n", title, section, SPORE_VERSION, roff(std::string(title)), roff(std::string(description)));
}

std::string verb_page(const CLI::App& verb) {
    auto name = "spore-" + verb.get_name();
    auto text = roff_head(name, 1, verb.get_description());
    text += fmt::format(".SH SYNOPSIS\n\\fBspore {}\\fR [\\fIOPTIONS\\fR]", verb.get_name());
    for (const auto& option : options_of(verb))
        if (option.positional) text += fmt::format(" \\fI{}\\fR", option.value);
    if (verb.get_prefix_command()) text += " \\fIPROGRAM\\fR [\\fIARGUMENTS\\fR...]";
    text += "\n.SH OPTIONS\n" + roff_options(verb);
    if (auto footer = verb.get_footer(); !footer.empty()) text += ".SH NOTES\n.nf\n" + roff(footer) + "\n.fi\n";
    return text + ".SH SEE ALSO\n\\fBspore\\fR(1), \\fBspore.toml\\fR(5)\n";
}

std::string main_page(const CLI::App& app) {
    auto text = roff_head("spore", 1, "run unmodified Linux programs as virtual machines");
    text += ".SH SYNOPSIS\n\\fBspore\\fR \\fIVERB\\fR [\\fIOPTIONS\\fR]...\n.SH DESCRIPTION\n"
            "Spore boots a virtual machine that holds a program, the files it needs and a small kernel with Linux's system call interface. "
            "The program's output is the tool's output and its exit status the tool's.\n.SH VERBS\n";
    for (const auto* verb : verbs_of(app)) text += fmt::format(".TP\n\\fB{}\\fR\n{}; see \\fBspore\\-{}\\fR(1)\n", verb->get_name(), roff(verb->get_description()), verb->get_name());
    text += ".SH OPTIONS\n" + roff_options(app);
    text += ".SH ENVIRONMENT\n.TP\n\\fBNO_COLOR\\fR\nNo colours, even on a terminal.\n.TP\n\\fBXDG_RUNTIME_DIR\\fR\nWhere background machines are kept; otherwise ~/.local/state.\n"
            ".TP\n\\fBXDG_CACHE_HOME\\fR\nWhere root images are kept; otherwise ~/.cache.\n";
    return text + ".SH SEE ALSO\n\\fBspore\\-run\\fR(1), \\fBspore.toml\\fR(5)\n";
}

std::string config_page() {
    auto text = roff_head("spore.toml", 5, "how a project is run by spore");
    text += ".SH DESCRIPTION\nThe file says what \\fBspore run\\fR \\fIFOLDER\\fR runs, and how. It is TOML; a key that is not listed here is an error. "
            "Relative paths are relative to its folder. Options of the command line win over it.\n.SH KEYS\n";
    for (const auto& key : config_keys()) text += fmt::format(".TP\n\\fB{}\\fR\n{}\n", key.name, roff(std::string(key.help)));
    text += ".SH EXAMPLE\n.nf\n" + roff("program = \"/usr/bin/redis-server\"\narguments = [\"--protected-mode\", \"no\"]\nmemory = \"64M\"\n\n[environment]\nTZ = \"UTC\"") + "\n.fi\n";
    return text + ".SH SEE ALSO\n\\fBspore\\-run\\fR(1)\n";
}

/// Verbs whose words are names of background machines.
bool takes_instances(const CLI::App& verb) {
    for (const auto& option : options_of(verb))
        if (option.positional && option.value == "NAME") return true;
    return false;
}

std::string bash_script(const CLI::App& app) {
    std::string verbs, cases;
    for (const auto* verb : verbs_of(app)) {
        verbs += verb->get_name() + " ";
        std::string names;
        for (const auto& option : options_of(*verb))
            for (const auto& name : option.names) names += name + " ";
        cases += fmt::format("        {}) options='{}'; names={} ;;\n", verb->get_name(), names, takes_instances(*verb) ? 1 : 0);
    }
    return fmt::format(R"script(# Completion of spore for bash; made by `spore completion bash`.
_spore() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} options='' names=0
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W '{}--help --version' -- "$word"))
        return
    fi
    case ${{COMP_WORDS[1]}} in
{}    esac
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    elif [ "$names" -eq 1 ]; then
        COMPREPLY=($(compgen -W "$(spore ps -a 2>/dev/null | awk 'NR > 1 {{ print $1 }}')" -- "$word"))
    else
        COMPREPLY=($(compgen -f -- "$word") $(compgen -c -- "$word" | head -n 100))
    fi
}}
complete -o filenames -F _spore spore
)script", verbs, cases);
}

std::string zsh_script(const CLI::App& app) {
    auto quote = [](std::string text) { return replace_all(replace_all(replace_all(replace_all(std::move(text), "'", "'\\''"), "[", "\\["), "]", "\\]"), ":", "\\:"); };
    std::string verbs, cases;
    for (const auto* verb : verbs_of(app)) {
        verbs += fmt::format("        '{}:{}'\n", verb->get_name(), quote(verb->get_description()));
        cases += fmt::format("    {}) _arguments -s", verb->get_name());
        for (const auto& option : options_of(*verb))
            for (const auto& name : option.names)
                cases += fmt::format(" '*{}[{}]{}'", name, quote(option.help), option.value.empty() ? "" : ":" + quote(option.value) + ":_files");
        cases += takes_instances(*verb) ? " '*:machine:{ compadd ${(f)\"$(spore ps -a 2>/dev/null | awk '\\''NR > 1 { print $1 }'\\'')\"} }' ;;\n" : " '*:file:_files' ;;\n";
    }
    return fmt::format(R"script(#compdef spore
# Completion of spore for zsh; made by `spore completion zsh`.
_spore() {{
    local -a verbs
    verbs=(
{}    )
    if (( CURRENT == 2 )); then
        _describe verb verbs
        return
    fi
    case $words[2] in
{}    esac
}}
_spore "$@"
)script", verbs, cases);
}

std::string fish_script(const CLI::App& app) {
    auto quote = [](std::string text) { return "'" + replace_all(replace_all(std::move(text), "\\", "\\\\"), "'", "\\'") + "'"; };
    std::string text = "# Completion of spore for fish; made by `spore completion fish`.\n";
    for (const auto* verb : verbs_of(app)) {
        text += fmt::format("complete -c spore -n __fish_use_subcommand -f -a {} -d {}\n", verb->get_name(), quote(verb->get_description()));
        auto condition = fmt::format("complete -c spore -n '__fish_seen_subcommand_from {}'", verb->get_name());
        for (const auto& option : options_of(*verb)) {
            if (option.names.empty()) continue;
            text += condition;
            for (const auto& name : option.names) text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
            text += fmt::format("{} -d {}\n", option.value.empty() ? "" : " -r", quote(option.help));
        }
        if (takes_instances(*verb)) text += condition + " -f -a \"(spore ps -a 2>/dev/null | awk 'NR > 1 { print \\$1 }')\"\n";
    }
    return text;
}

}  // namespace

std::optional<std::string> manual_page(const CLI::App& app, const std::string& page) {
    if (page == "spore") return main_page(app);
    if (page == "spore.toml") return config_page();
    for (const auto* verb : verbs_of(app))
        if (page == "spore-" + verb->get_name()) return verb_page(*verb);
    return std::nullopt;
}

std::optional<std::string> completion_script(const CLI::App& app, const std::string& shell) {
    if (shell == "bash") return bash_script(app);
    if (shell == "zsh") return zsh_script(app);
    if (shell == "fish") return fish_script(app);
    return std::nullopt;
}

}  // namespace spore::host
