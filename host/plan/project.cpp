#include "host/plan/project.hpp"

#include <algorithm>
#include <array>

#include "host/plan/config_place.hpp"

namespace spore::host {

namespace {

constexpr std::array<std::string_view, 3> own_keys{"after", "after-end", "ready"};

Outcome<Readiness> read_readiness(const Place& place) {
    constexpr i64 last = 65535;
    if (place.node.is_array()) {
        auto command = TRY(place.texts());
        if (!command.empty()) return command;
    }
    auto value = place.node.value_exact<i64>();
    if (!value || *value < 1 || *value > last) return place.wrong("must be the number of a port, such as 6379, or a command, such as [\"redis-cli\", \"ping\"]");
    return static_cast<u16>(*value);
}

Outcome<void> add_dependencies(std::vector<Dependency>& after, const Place& place, Until until) {
    for (auto& name : TRY(place.texts())) after.push_back({name, until});
    return {};
}

Outcome<ProjectMachine> read_machine(const Place& place, const std::string& name, const Request& common) {
    auto* table = place.node.as_table();
    if (!table) return place.wrong("must be a table: [{}] followed by its keys", place.key);
    auto label = parse_host_name(name);
    if (!label || name.find('.') != std::string::npos) return place.wrong("is no name for a machine: use letters, digits and hyphens");
    ProjectMachine machine{.name = name, .request = common};
    Request own;
    for (const auto& [key, node] : *table) {
        Place inner{place.file, std::string(key.str()), node};
        if (TRY(read_key(inner, own))) continue;
        inner.key = fmt::format("{}.{}", place.key, key.str());
        if (key == "after") TRY(add_dependencies(machine.after, inner, Until::ready));
        else if (key == "after-end") TRY(add_dependencies(machine.after, inner, Until::ended));
        else if (key == "ready") machine.ready = TRY(read_readiness(inner));
        else return unknown_key(inner, key, own_keys);
    }
    machine.request.merge(own);
    if (machine.request.program.value_or("").empty() && !machine.request.image) return place.wrong("names no program: write program = \"…\" in it");
    return machine;
}

}  // namespace

Outcome<std::vector<ProjectMachine>> in_order(std::vector<ProjectMachine> machines, const fs::path& file) {
    std::vector<ProjectMachine> ordered;
    auto has = [](const std::vector<ProjectMachine>& list, const Dependency& other) { return std::ranges::contains(list, other.machine, &ProjectMachine::name); };
    for (const auto& machine : machines)
        for (const auto& other : machine.after)
            if (!has(machines, other)) return failure(ExitStatus::bad_configuration, "{}: {} waits for '{}', and there is no such machine", file.string(), machine.name, other.machine);
    while (!machines.empty()) {
        auto next = std::ranges::find_if(machines, [&](const ProjectMachine& machine) {
            return std::ranges::all_of(machine.after, [&](const Dependency& other) { return has(ordered, other); });
        });
        if (next == machines.end())
            return failure(ExitStatus::bad_configuration, "{}: {} waits for itself, by way of others: leave one of these out", file.string(), machines[0].name);
        ordered.push_back(std::move(*next));
        machines.erase(next);
    }
    return ordered;
}

Outcome<Project> parse_project(std::string_view text, const fs::path& file) {
    auto table = TRY(parse_toml(text, file));
    constexpr std::array<std::string_view, 1> tables{"machines"};
    Request common;
    for (const auto& [name, node] : table) {
        Place place{file, std::string(name.str()), node};
        if (name != "machines" && !TRY(read_key(place, common))) return unknown_key(place, name, tables);
    }
    auto* list = table["machines"].as_table();
    if (!list || list->empty())
        return failure(ExitStatus::bad_configuration, "{} names no machines: write [machines.NAME] with program = \"…\", or start one program with 'spore run'", file.string());
    std::vector<ProjectMachine> machines;
    for (const auto& [name, node] : *list)
        machines.push_back(TRY(read_machine({file, fmt::format("machines.{}", name.str()), node}, std::string(name.str()), common)));
    return Project{.name = {}, .machines = TRY(in_order(std::move(machines), file))};
}

Outcome<Project> read_project(const fs::path& file) {
    return parse_project(TRY(read_config_text(file)), file);
}

std::vector<ConfigKey> project_keys() {
    return {{"machines", "Tables [machines.NAME] with the keys of this list each: several machines that spore up starts together, on a network of their own where they find each other by NAME. Keys outside of the tables hold for all."},
            {"after", "Of a machine among several, a list of strings: those that are to be ready before it is started."},
            {"after-end", "The same: those that are to have ended, with status 0."},
            {"ready", "Of a machine among several, when it is ready: a number, the TCP port that its program listens at then, or a list of strings, a command in it that succeeds then (it is so when it is started)."}};
}

std::string project_name(const fs::path& folder) {
    std::error_code error;
    auto name = fs::weakly_canonical(folder, error).filename().string();
    std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_'; });
    while (name.starts_with('-') || name.starts_with('_')) name.erase(0, 1);
    constexpr std::size_t longest = 30;
    return name.empty() ? "project" : name.substr(0, longest);
}

}  // namespace spore::host
