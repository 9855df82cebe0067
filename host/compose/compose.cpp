#include "host/compose/compose.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "host/compose/compose_entry.hpp"
#include "host/compose/service.hpp"

namespace spore::host {

namespace {

/// In all texts, wherever they stand.
Outcome<void> interpolate_all(const ComposeEntry& entry, YamlNode& node, const Variables& variables) {
    if (node.kind == YamlNode::Kind::text) node.text = TRY(entry.explained(interpolate(node.text, variables)));
    for (auto& item : node.items) TRY(interpolate_all(ComposeEntry{entry.file, entry.path, item}, item, variables));
    for (auto& [key, value] : node.entries) TRY(interpolate_all(entry.at(key, value), value, variables));
    return {};
}

/// A disk is written by one machine at a time.
Outcome<void> check_named_volumes(const std::vector<ProjectMachine>& machines, const fs::path& file) {
    std::map<std::string, std::string> users;
    for (const auto& machine : machines)
        for (const auto& volume : machine.volumes)
            if (auto [user, fresh] = users.try_emplace(volume.name, machine.name); !fresh && user->second != machine.name)
                return failure(ExitStatus::bad_configuration, "{}: the volume {} is both {}'s and {}'s, and a disk is one machine's: use a folder, such as ./{}", file.string(), volume.name,
                               user->second, machine.name, volume.name);
    return {};
}

Outcome<std::vector<ProjectMachine>> read_services(const ComposeEntry& entry, const ServiceContext& context) {
    TRY(entry.must_be_map());
    std::vector<ProjectMachine> machines;
    for (const auto& [name, value] : entry.node.entries) {
        auto inner = entry.at(name, value);
        auto label = name;
        std::ranges::replace(label, '_', '-');
        if (!parse_host_name(label) || name.find('.') != std::string::npos) return inner.wrong("is no name for a machine: use letters, digits and hyphens");
        if (label != name) return inner.wrong("is no name that others can find a machine by: call it {}", label);
        if (auto machine = TRY(read_service(inner, name, context))) machines.push_back(std::move(*machine));
    }
    return machines;
}

}  // namespace

Outcome<Project> parse_compose(std::string_view text, const fs::path& file, const Variables& variables) {
    auto tree = TRY(parse_yaml(text, file));
    ComposeEntry top{file, "", tree};
    if (tree.kind != YamlNode::Kind::map) return failure(ExitStatus::bad_configuration, "{}:{}: it must be a map with the key services", file.string(), tree.line);
    TRY(interpolate_all(top, tree, variables));
    ServiceContext context{file.parent_path(), variables};
    Project project{.name = {}, .machines = {}, .awaited = false};
    for (const auto& [key, value] : tree.entries) {
        auto entry = top.at(key, value);
        constexpr std::string_view without_effect[] = {"version", "networks", "volumes"};
        if (key == "name") project.name = TRY(entry.text());
        else if (key == "services") project.machines = TRY(read_services(entry, context));
        else if (!key.starts_with("x-") && !std::ranges::contains(without_effect, std::string_view(key)))
            return entry.wrong("is not known here: leave it away, or see 'spore manual spore-up' for what is");
    }
    if (project.machines.empty()) return failure(ExitStatus::bad_configuration, "{}: it has no services: write at least one, with an image", file.string());
    TRY(check_named_volumes(project.machines, file));
    project.machines = TRY(in_order(std::move(project.machines), file));
    return project;
}

Outcome<Project> read_compose(const fs::path& file) {
    std::map<std::string, std::string> beside;
    std::error_code error;
    if (auto settings = file.parent_path() / ".env"; fs::exists(settings, error))
        for (const auto& line : TRY(parse_environment_file(settings))) beside[line.substr(0, line.find('='))] = line.substr(std::min(line.find('=') + 1, line.size()));
    auto variables = [&](const std::string& name) -> std::optional<std::string> {
        if (const char* value = std::getenv(name.c_str())) return value;
        auto known = beside.find(name);
        return known == beside.end() ? std::nullopt : std::optional(known->second);
    };
    return parse_compose(TRY(read_config_text(file)), file, variables);
}

std::optional<fs::path> find_compose(const fs::path& folder) {
    std::error_code error;
    for (const char* name : {"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"})
        if (fs::exists(folder / name, error)) return folder / name;
    return std::nullopt;
}

}  // namespace spore::host
