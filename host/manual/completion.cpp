#include "host/manual/completion.hpp"

#include <fmt/format.h>

#include "host/common/text.hpp"
#include "host/manual/declared.hpp"

namespace spore::host {

namespace {

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

std::optional<std::string> completion_script(const CLI::App& app, const std::string& shell) {
    if (shell == "bash") return bash_script(app);
    if (shell == "zsh") return zsh_script(app);
    if (shell == "fish") return fish_script(app);
    return std::nullopt;
}

}  // namespace spore::host
