#include "host/manual/pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "host/check/call_table.hpp"
#include "host/manual/declared.hpp"
#include "host/oci/request.hpp"
#include "host/oci/runtime.hpp"
#include "host/plan/project.hpp"

namespace spore::host {

namespace {

std::vector<Definition> definitions_of(const CLI::App& app) {
    std::vector<Definition> list;
    for (const auto& option : options_of(app)) {
        if (option.positional) continue;
        Text term;
        for (const auto& name : option.names) {
            if (!term.empty()) term.push_back(plain(", "));
            term.push_back(bold(name));
        }
        if (!option.value.empty()) term.insert(term.end(), {plain(" "), italic(option.value)});
        list.push_back({std::move(term), {plain(option.help)}});
    }
    return list;
}

Page::Part see_also(std::vector<Span> pages) {
    Text text;
    for (auto& page : pages) {
        if (!text.empty()) text.push_back(plain(", "));
        text.push_back(std::move(page));
    }
    return {"See also", {std::move(text)}};
}

Page verb_page(const CLI::App& verb) {
    Text synopsis{bold("spore " + verb.get_name()), plain(" ["), italic("OPTIONS"), plain("]")};
    for (const auto& option : options_of(verb))
        if (option.positional) synopsis.insert(synopsis.end(), {plain(" "), italic(option.value)});
    if (verb.get_prefix_command()) synopsis.insert(synopsis.end(), {plain(" "), italic("PROGRAM"), plain(" ["), italic("ARGUMENTS"), plain("...]")});
    Page page{"spore-" + verb.get_name(), 1, verb.get_description(), {{"Synopsis", {std::move(synopsis)}}, {"Options", {definitions_of(verb)}}}};
    if (auto footer = verb.get_footer(); !footer.empty()) page.parts.push_back({"Notes", {Literal{footer}}});
    page.parts.push_back(see_also({see("spore"), see("spore.toml", 5)}));
    return page;
}

Page main_page(const CLI::App& app) {
    std::vector<Definition> verbs;
    for (const auto* verb : verbs_of(app)) verbs.push_back({{bold(verb->get_name())}, {plain(verb->get_description() + "; see "), see("spore-" + verb->get_name())}});
    return {"spore", 1, "run unmodified Linux programs as virtual machines",
            {{"Synopsis", {Text{bold("spore"), plain(" "), italic("VERB"), plain(" ["), italic("OPTIONS"), plain("]...")}}},
             {"Description", {Text{plain("Spore boots a virtual machine that holds a program, the files it needs and a small kernel with Linux's system call interface. "
                                         "The program's output is the tool's output and its exit status the tool's.")}}},
             {"Verbs", {std::move(verbs)}},
             {"Options", {definitions_of(app)}},
             {"Environment", {std::vector<Definition>{{{bold("NO_COLOR")}, {plain("No colours, even on a terminal.")}},
                                                      {{bold("XDG_RUNTIME_DIR")}, {plain("Where background machines are kept; otherwise ~/.local/state.")}},
                                                      {{bold("XDG_CACHE_HOME")}, {plain("Where root images are kept; otherwise ~/.cache.")}}}}},
             see_also({see("spore-run"), see("spore-oci"), see("spore.toml", 5), see("spore-calls", 7)})}};
}

Page config_page() {
    std::vector<Definition> keys;
    for (const auto& list : {config_keys(), project_keys()})
        for (const auto& key : list) keys.push_back({{bold(std::string(key.name))}, {plain(std::string(key.help))}});
    return {"spore.toml", 5, "how a project is run by spore",
            {{"Description", {Text{plain("The file says what "), bold("spore run"), plain(" "), italic("FOLDER"),
                                   plain(" runs, and how, or which machines "), bold("spore up"), plain(" starts. It is TOML; a key that is not listed here is an error. "
                                         "Relative paths are relative to its folder. Options of the command line win over it.")}}},
             {"Keys", {std::move(keys)}},
             {"Example", {Literal{"program = \"/usr/bin/redis-server\"\narguments = [\"--protected-mode\", \"no\"]\nmemory = \"64M\"\n\n[environment]\nTZ = \"UTC\""},
                          Literal{"[machines.db]\nprogram = \"/usr/bin/redis-server\"\narguments = [\"--protected-mode\", \"no\"]\nready = 6379\n\n"
                                  "[machines.web]\nprogram = \"./web\"\nafter = [\"db\"]\nnetwork.ports = [\"8080:80\"]"}}},
             see_also({see("spore-run"), see("spore-up")})}};
}

/// "only x86-64" where a call is not on both CPUs.
std::string only_on(std::string_view call) {
    bool on[] = {find_call_number(call, Architecture::x86_64).has_value(), find_call_number(call, Architecture::arm64).has_value()};
    return on[0] && on[1] ? "" : fmt::format("only on {}", facts_of(on[0] ? Architecture::x86_64 : Architecture::arm64).title);
}

Page calls_page() {
    std::map<std::string_view, CallSupport> calls;
    for (auto architecture : {Architecture::x86_64, Architecture::arm64})
        for (u32 number = 0; number < call_numbers; ++number)
            if (auto call = find_call(number, architecture); !call.name.empty()) calls.emplace(call.name, call);
    std::vector<Definition> lists[3];
    for (const auto& [name, call] : calls) {
        auto remark = only_on(name);
        if (!call.note.empty()) remark += fmt::format("{}{}", remark.empty() ? "" : "; ", call.note);
        lists[static_cast<std::size_t>(call.support)].push_back({{bold(std::string(name))}, {plain(remark)}});
    }
    auto part = [&](const char* heading, Support support, std::string text) {
        auto& list = lists[static_cast<std::size_t>(support)];
        return Page::Part{heading, {Text{plain(fmt::format("{} calls. {}", list.size(), text))}, std::move(list)}};
    };
    return {"spore-calls", 7, "which of Linux's system calls Spore has",
            {part("Partial", Support::partial, "What each lacks stands beside it."),
             part("Missing", Support::missing, "They fail with ENOSYS, and are named once by --log=warn."),
             part("Supported", Support::supported, "As Linux's manual describes them."),
             see_also({see("spore-check")})}};
}

Page runtime_page() {
    Page page{.name = std::string(oci::runtime_name), .section = 1, .description = "run the containers of Podman, Docker and containerd as virtual machines"};
    std::vector<Definition> annotations;
    for (const auto& key : config_keys())
        if (std::ranges::contains(oci::annotated_keys(), key.name)) annotations.push_back({{bold(fmt::format("spore.{}", key.name))}, {plain(std::string(key.help))}});
    oci::show_runtime([&](const CLI::App& app) {
        page.parts = {{"Synopsis", {Text{bold(page.name), plain(" ["), italic("OPTIONS"), plain("] "), italic("VERB"), plain(" ["), italic("OPTIONS"), plain("] "), italic("ID")}}},
                      {"Description", {Text{plain("A runtime as the OCI runtime specification describes it, for container engines to call. "), plain(app.get_footer())}}},
                      {"Options", {definitions_of(app)}}};
        for (const auto* verb : verbs_of(app)) page.parts.push_back({verb->get_name(), {Text{plain(verb->get_description() + ".")}, definitions_of(*verb)}});
    });
    page.parts.push_back({"Annotations", {Text{plain("Annotations of a container are keys of "), see("spore.toml", 5), plain(":")}, std::move(annotations)}});
    page.parts.push_back(see_also({see("spore-run"), see("spore.toml", 5)}));
    return page;
}

}  // namespace

std::vector<Page> manual_pages(const CLI::App& app) {
    std::vector<Page> pages{main_page(app), config_page(), calls_page(), runtime_page()};
    for (const auto* verb : verbs_of(app)) pages.push_back(verb_page(*verb));
    return pages;
}

}  // namespace spore::host
