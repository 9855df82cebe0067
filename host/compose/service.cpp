#include "host/compose/service.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "host/common/letters.hpp"

namespace spore::host {

namespace {

struct Service {
    ProjectMachine machine;
    const ServiceContext& context;
    std::vector<std::string> environment_files{}, environment{};
    std::optional<std::vector<std::string>> entrypoint{}, command{};
    bool on_demand = false;
};

using Reader = Outcome<void> (*)(const ComposeEntry&, Service&);
struct Key {
    std::string_view name;
    Reader read;
};

/// A text is a command line, a list its words.
Outcome<std::vector<std::string>> read_words(const ComposeEntry& entry) {
    if (entry.node.kind == YamlNode::Kind::text) return entry.explained(split_words(entry.node.text));
    return entry.texts();
}

/// "512m", "1gb", bytes.
Outcome<u64> read_size(const ComposeEntry& entry) {
    auto text = in_capitals(TRY(entry.text()));
    if (text.ends_with('B')) text.pop_back();
    auto size = parse_size(text);
    if (!size) return entry.wrong("must be a size, such as 512m");
    return *size;
}

/// Parts of processors make whole ones.
Outcome<unsigned> read_cpus(const ComposeEntry& entry) {
    constexpr double most = 64;
    auto text = TRY(entry.text());
    char* end = nullptr;
    double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end || !(value > 0 && value <= most)) return entry.wrong("must be a number of processors, up to {}", most);
    return static_cast<unsigned>(std::ceil(value));
}

Outcome<void> read_environment(const ComposeEntry& entry, Service& service) {
    auto add = [&](const std::string& name, std::optional<std::string> value) -> Outcome<void> {
        if (name.empty() || name.find('=') != std::string::npos) return entry.wrong("has no name that a variable can have: '{}'", name);
        if (!value) value = service.context.variables(name);  // what has no value has the one that it has here
        if (value) service.environment.push_back(fmt::format("{}={}", name, *value));
        return {};
    };
    for (const auto& [name, value] : entry.node.entries) {
        auto inner = entry.at(name, value);
        TRY(add(name, value.is_null() ? std::nullopt : std::optional(TRY(inner.text()))));
    }
    if (entry.node.kind == YamlNode::Kind::map) return {};
    for (const auto& text : TRY(entry.texts())) {
        auto equals = text.find('=');
        TRY(add(text.substr(0, equals), equals == std::string::npos ? std::nullopt : std::optional(text.substr(equals + 1))));
    }
    return {};
}

Outcome<void> read_environment_file(const ComposeEntry& entry, Service& service) {
    std::span<const YamlNode> items(&entry.node, 1);
    if (entry.node.kind == YamlNode::Kind::list) items = entry.node.items;
    for (const auto& item : items) {
        ComposeEntry one{entry.file, entry.path, item};
        const auto* path = item.find("path");
        const auto* required = item.find("required");
        auto file = service.context.folder / TRY(path ? one.at("path", *path).text() : one.text());
        std::error_code error;
        if (required && required->text == "false" && !fs::exists(file, error)) continue;
        for (auto& line : TRY(entry.explained(parse_environment_file(file)))) service.environment_files.push_back(std::move(line));
    }
    return {};
}

Outcome<void> read_ports(const ComposeEntry& entry, Service& service) {
    if (entry.node.kind != YamlNode::Kind::list) return entry.wrong("must be a list, such as [\"8080:80\"]");
    for (const auto& item : entry.node.items) {
        ComposeEntry one{entry.file, entry.path, item};
        std::string text = item.text;
        if (item.kind == YamlNode::Kind::map) {
            auto part = [&](const char* key) { return item.find(key) ? item.find(key)->text : ""; };
            if (part("published").empty()) return one.wrong("says no port of this machine: add published");
            auto address = part("host_ip"), protocol = part("protocol");
            text = fmt::format("{}{}{}:{}{}{}", address, address.empty() ? "" : ":", part("published"), part("target"), protocol.empty() ? "" : "/", protocol);
        }
        if (text.find(':') == std::string::npos) return one.wrong("says no port of this machine for {}: write 8080:{}", text, text);
        for (const auto& port : TRY(one.explained(parse_ports(text)))) service.machine.request.network.ports.push_back(port);
    }
    return {};
}

/// A folder of this machine's is used where it is, a file is copied, and what is named only is a disk that the project keeps.
Outcome<void> add_volume(const ComposeEntry& entry, Service& service, const std::string& source, const std::string& target, bool read_only) {
    if (!target.starts_with('/')) return entry.wrong("must say where in the guest, by a path that begins with /");
    if (source.find(':') != std::string::npos || target.find(':') != std::string::npos) return entry.wrong("may not have colons in its paths");
    if (source.empty()) return {};  // the guest's root can be written anyway
    bool is_path = source[0] == '.' || source[0] == '/' || source[0] == '~';
    if (!is_path) {
        service.machine.volumes.push_back({source, target, read_only});
        return {};
    }
    auto path = source;
    if (const char* home = std::getenv("HOME"); home && (path == "~" || path.starts_with("~/"))) path.replace(0, 1, home);
    std::error_code error;
    bool folder = fs::is_directory(service.context.folder / path, error);
    service.machine.request.volumes.push_back(TRY(entry.explained(parse_volume(fmt::format("{}:{}{}{}", path, target, folder ? ":shared" : "", read_only ? ":ro" : ""), service.context.folder))));
    return {};
}

Outcome<void> read_volumes(const ComposeEntry& entry, Service& service) {
    if (entry.node.kind != YamlNode::Kind::list) return entry.wrong("must be a list, such as [\"./data:/data\"]");
    for (const auto& item : entry.node.items) {
        ComposeEntry one{entry.file, entry.path, item};
        if (item.kind == YamlNode::Kind::map) {
            auto part = [&](const char* key) { return item.find(key) ? item.find(key)->text : ""; };
            if (part("type") == "tmpfs") {
                service.machine.request.tmpfs.push_back(TRY(one.explained(parse_tmpfs(part("target")))));
                continue;
            }
            auto source = part("source");
            if (part("type") == "bind" && !source.empty() && source[0] != '/' && source[0] != '~') source.insert(0, "./");
            TRY(add_volume(one, service, source, part("target"), part("read_only") == "true"));
            continue;
        }
        auto text = TRY(one.text());
        auto first = text.find(':');
        if (first == std::string::npos) continue;  // a folder without a source
        auto second = std::min(text.find(':', first + 1), text.size());
        auto options = "," + text.substr(std::min(second + 1, text.size())) + ",";
        TRY(add_volume(one, service, text.substr(0, first), text.substr(first + 1, second - first - 1), options.find(",ro,") != std::string::npos));
    }
    return {};
}

Outcome<void> read_depends_on(const ComposeEntry& entry, Service& service) {
    if (entry.node.kind != YamlNode::Kind::map) {
        for (auto& name : TRY(entry.texts())) service.machine.after.push_back({name, Until::started});
        return {};
    }
    for (const auto& [name, value] : entry.node.entries) {
        const auto* condition = value.find("condition");
        auto text = condition ? condition->text : "service_started";
        auto until = text == "service_started" ? Until::started : text == "service_healthy" ? Until::ready : Until::ended;
        if (until == Until::ended && text != "service_completed_successfully")
            return entry.at(name, value).wrong("has a condition that is none: {}; give service_started, service_healthy or service_completed_successfully", text);
        service.machine.after.push_back({name, until});
    }
    return {};
}

Outcome<void> read_healthcheck(const ComposeEntry& entry, Service& service) {
    TRY(entry.must_be_map());
    const auto* disable = entry.node.find("disable");
    const auto* test = entry.node.find("test");
    if (!test || (disable && TRY(entry.at("disable", *disable).truth()))) return {};
    auto inner = entry.at("test", *test);
    if (test->kind == YamlNode::Kind::text) {
        service.machine.ready = std::vector<std::string>{"/bin/sh", "-c", test->text};
        return {};
    }
    auto words = TRY(inner.texts());
    if (words.empty() || words[0] == "NONE") return {};
    if (words[0] == "CMD-SHELL" && words.size() == 2) service.machine.ready = std::vector<std::string>{"/bin/sh", "-c", words[1]};
    else if (words[0] == "CMD" && words.size() > 1) service.machine.ready = std::vector(words.begin() + 1, words.end());
    else return inner.wrong("must begin with CMD or CMD-SHELL, and name a command");
    return {};
}

Outcome<void> read_limits(const ComposeEntry& entry, Service& service) {
    TRY(entry.must_be_map());
    for (const auto& [name, value] : entry.node.entries) {
        auto inner = entry.at(name, value);
        auto part = [&](const char* key) { return value.find(key) ? value.find(key)->text : ""; };
        auto text = value.kind == YamlNode::Kind::map ? fmt::format("{}={}:{}", name, part("soft"), part("hard")) : fmt::format("{}={}", name, TRY(inner.text()));
        service.machine.request.limits.push_back(TRY(inner.explained(parse_limit(text))));
    }
    return {};
}

Outcome<void> read_deploy(const ComposeEntry& entry, Service& service) {
    TRY(entry.must_be_map());
    for (const auto& [name, value] : entry.node.entries) {
        if (name == "replicas" && value.text != "1") return entry.at(name, value).wrong("must be 1: each machine has a name of its own; write further services");
        const auto* limits = name == "resources" ? value.find("limits") : nullptr;
        for (const auto& [what, most] : limits ? limits->entries : std::vector<std::pair<std::string, YamlNode>>{}) {
            auto inner = entry.at("resources.limits." + what, most);
            if (what == "memory") service.machine.request.memory = TRY(read_size(inner));
            if (what == "cpus") service.machine.request.cpus = TRY(read_cpus(inner));
        }
    }
    return {};
}

constexpr std::array keys{
    Key{"image", [](const ComposeEntry& entry, Service& service) -> Outcome<void> {
        auto name = TRY(entry.text());
        bool file = name.starts_with("./") || name.starts_with("../") || name.starts_with('/');
        if (file) name = (service.context.folder / name).lexically_normal();
        service.machine.request.image = file || name.find("://") != std::string::npos ? name : "docker://" + name;
        return {};
    }},
    Key{"build", [](const ComposeEntry& entry, Service&) -> Outcome<void> {
        return entry.wrong("is another tool's work: run 'docker build -t NAME …' and 'docker save NAME -o NAME.tar', and write image: ./NAME.tar");
    }},
    Key{"command", [](const ComposeEntry& entry, Service& service) -> Outcome<void> {
        if (!entry.node.is_null()) service.command = TRY(read_words(entry));
        return {};
    }},
    Key{"entrypoint", [](const ComposeEntry& entry, Service& service) -> Outcome<void> {
        if (!entry.node.is_null()) service.entrypoint = TRY(read_words(entry));
        return {};
    }},
    Key{"environment", read_environment},
    Key{"env_file", read_environment_file},
    Key{"ports", read_ports},
    Key{"volumes", read_volumes},
    Key{"depends_on", read_depends_on},
    Key{"healthcheck", read_healthcheck},
    Key{"ulimits", read_limits},
    Key{"deploy", read_deploy},
    Key{"user", [](const ComposeEntry& entry, Service& service) -> Outcome<void> {
        service.machine.request.user = TRY(entry.explained(parse_user(TRY(entry.text()))));
        return {};
    }},
    Key{"working_dir", [](const ComposeEntry& entry, Service& service) -> Outcome<void> {
        service.machine.request.directory = TRY(entry.text());
        return {};
    }},
    Key{"restart", [](const ComposeEntry& entry, Service& service) -> Outcome<void> {
        service.machine.request.restart = TRY(entry.explained(parse_restart(TRY(entry.text()))));
        return {};
    }},
    Key{"stop_signal", [](const ComposeEntry& entry, Service& service) -> Outcome<void> {
        service.machine.request.stop_signal = TRY(entry.explained(parse_stop_signal(TRY(entry.text()))));
        return {};
    }},
    Key{"mem_limit", [](const ComposeEntry& entry, Service& service) -> Outcome<void> {
        service.machine.request.memory = TRY(read_size(entry));
        return {};
    }},
    Key{"cpus", [](const ComposeEntry& entry, Service& service) -> Outcome<void> {
        service.machine.request.cpus = TRY(read_cpus(entry));
        return {};
    }},
    Key{"read_only", [](const ComposeEntry& entry, Service& service) -> Outcome<void> {
        auto text = TRY(entry.text());
        if (text != "true" && text != "false") return entry.wrong("must be true or false");
        service.machine.request.read_only_root = text == "true";
        return {};
    }},
    Key{"tmpfs", [](const ComposeEntry& entry, Service& service) -> Outcome<void> {
        auto texts = entry.node.kind == YamlNode::Kind::text ? std::vector{TRY(entry.text())} : TRY(entry.texts());
        for (const auto& text : texts) service.machine.request.tmpfs.push_back(TRY(entry.explained(parse_tmpfs(text))));
        return {};
    }},
    Key{"profiles", [](const ComposeEntry& entry, Service& service) -> Outcome<void> {
        service.on_demand = !TRY(entry.texts()).empty();
        return {};
    }},
    Key{"network_mode", [](const ComposeEntry& entry, Service&) -> Outcome<void> {
        auto mode = TRY(entry.text());
        if (mode != "bridge" && mode != "default") return entry.wrong("cannot be {}: the machines of a project are on its network; publish ports by 'ports'", mode);
        return {};
    }},
};

/// What says nothing of how the program runs, and what keeps a container from what a machine has none of, or for itself.
constexpr std::string_view without_effect[] = {"annotations", "attach", "cap_add", "cap_drop", "cgroup", "cgroup_parent", "container_name", "cpu_shares", "develop", "domainname",
                                               "expose", "hostname", "init", "ipc", "labels", "links", "logging", "mem_reservation", "memswap_limit", "networks", "oom_score_adj", "pid",
                                               "pids_limit", "platform", "privileged", "pull_policy", "security_opt", "shm_size", "stdin_open", "stop_grace_period", "tty",
                                               "userns_mode", "uts"};

/// As apply_container_image() takes them: an entrypoint of several words goes before the command, and replaces the image's.
void settle_words(Service& service) {
    auto& request = service.machine.request;
    std::vector<std::string> words;
    if (service.entrypoint && !service.entrypoint->empty()) {
        request.entrypoint = service.entrypoint->front();
        words.assign(service.entrypoint->begin() + 1, service.entrypoint->end());
    }
    if (service.command) words.insert(words.end(), service.command->begin(), service.command->end());
    if (words.empty()) return;
    request.program = words[0];
    request.arguments.assign(words.begin() + 1, words.end());
}

}  // namespace

Outcome<std::vector<std::string>> split_words(std::string_view line) {
    std::vector<std::string> words;
    bool inside = false;  // a word, which may be empty between quotes
    char quote = 0;
    std::string word;
    for (std::size_t at = 0; at < line.size(); ++at) {
        char c = line[at];
        bool escapes = c == '\\' && quote != '\'' && at + 1 < line.size() && (quote == 0 || line[at + 1] == '"' || line[at + 1] == '\\');
        if (escapes) word += line[++at], inside = true;
        else if (quote && c == quote) quote = 0;
        else if (quote) word += c;
        else if (c == '\'' || c == '"') quote = c, inside = true;
        else if (!std::isspace(static_cast<unsigned char>(c))) word += c, inside = true;
        else if (inside) words.push_back(std::exchange(word, {})), inside = false;
    }
    if (quote) return failure(ExitStatus::failed, "the quote {} is not closed", quote);
    if (inside) words.push_back(word);
    return words;
}

Outcome<std::optional<ProjectMachine>> read_service(const ComposeEntry& entry, const std::string& name, const ServiceContext& context) {
    TRY(entry.must_be_map());
    Service service{.machine = {.name = name, .request = {}}, .context = context};
    for (const auto& [key, value] : entry.node.entries) {
        auto inner = entry.at(key, value);
        auto known = std::ranges::find(keys, std::string_view(key), &Key::name);
        if (known != keys.end()) TRY(known->read(inner, service));
        else if (!key.starts_with("x-") && !std::ranges::contains(without_effect, std::string_view(key)))
            return inner.wrong("is not known here: leave it away, or see 'spore manual spore-up' for what is");
    }
    if (service.on_demand) return std::nullopt;
    if (!service.machine.request.image) return entry.wrong("has no image: add one");
    service.machine.request.environment = std::move(service.environment_files);
    service.machine.request.environment.insert(service.machine.request.environment.end(), service.environment.begin(), service.environment.end());
    settle_words(service);
    return std::move(service.machine);
}

}  // namespace spore::host
