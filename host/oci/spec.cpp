#include "host/oci/spec.hpp"

#include <algorithm>
#include <array>

#include "abi/groups.hpp"
#include "host/common/letters.hpp"
#include "host/oci/json_value.hpp"

namespace spore::host::oci {

namespace {

/// Limits that the guest's kernel has no use for are left out.
Outcome<std::vector<Limit>> read_limits(const JsonValue& value) {
    std::vector<Limit> limits;
    for (const auto& item : TRY(value.items())) {
        auto type = TRY(item["type"].text());
        constexpr std::string_view prefix = "RLIMIT_";
        if (!type.starts_with(prefix)) return item["type"].wrong("must be the name of a limit, such as RLIMIT_NOFILE");
        auto name = in_small_letters(type.substr(prefix.size()));
        auto soft = TRY(item["soft"].number()), hard = TRY(item["hard"].number());
        if (soft > hard) return item.wrong("has a soft limit above its hard one");
        if (auto limit = parse_limit(name + "=0")) limits.push_back({limit->resource, soft, hard});
    }
    return limits;
}

Outcome<Process> read_process(const JsonValue& value) {
    TRY(value.check_object());
    Process process{.arguments = TRY(value["args"].texts()), .environment = TRY(value["env"].texts()), .folder = TRY(value["cwd"].text()),
                    .limits = TRY(read_limits(value["rlimits"])), .terminal = TRY(value["terminal"].flag())};
    constexpr u64 most_id = 0xffff'fffe, most_cells = 0xffff;
    process.user = {static_cast<u32>(TRY(value["user"]["uid"].number(most_id))), static_cast<u32>(TRY(value["user"]["gid"].number(most_id)))};
    for (const auto& group : TRY(value["user"]["additionalGids"].items())) process.user.groups.push_back(static_cast<u32>(TRY(group.number(most_id))));
    if (process.user.groups.size() > abi::most_groups) return value["user"]["additionalGids"].wrong(fmt::format("are more than the {} that a user can have", abi::most_groups));
    process.rows = static_cast<u16>(TRY(value["consoleSize"]["height"].number(most_cells)));
    process.columns = static_cast<u16>(TRY(value["consoleSize"]["width"].number(most_cells)));
    if (process.arguments.empty() || process.arguments[0].empty()) return value["args"].wrong("must name a program");
    if (!process.folder.starts_with('/')) return value["cwd"].wrong("must be an absolute path");
    std::erase_if(process.environment, [](const std::string& line) { return line.find('=') == std::string::npos || line.starts_with('='); });
    return process;
}

/// What the guest has of its own. Engines mount it for every container.
bool is_the_guests_own(std::string_view path) {
    return std::ranges::any_of(std::array<std::string_view, 3>{"/proc", "/sys", "/dev"},
                               [&](std::string_view own) { return path == own || (path.starts_with(own) && path[own.size()] == '/'); });
}

/// Of a folder in memory, what engines say is as they say it to mount(8).
Outcome<Tmpfs> read_tmpfs(const JsonValue& item, const std::string& guest, const std::vector<std::string>& options) {
    auto tmpfs = parse_tmpfs(fmt::format("{}:{}", guest, fmt::join(options, ",")));
    if (!tmpfs) return item.wrong(fmt::format("is a folder in memory that cannot be: {}", tmpfs.error().message));
    return tmpfs;
}

Outcome<void> read_mounts(const JsonValue& value, const fs::path& bundle, Spec& spec) {
    for (const auto& item : TRY(value.items())) {
        auto options = TRY(item["options"].texts());
        auto type = TRY(item["type"].text());
        bool binds = type == "bind" || std::ranges::contains(options, "bind") || std::ranges::contains(options, "rbind");
        auto guest = fs::path("/" + TRY(item["destination"].text())).lexically_normal().string();
        if (guest.starts_with("//")) guest.erase(0, 1);
        if (guest.size() > 1 && guest.ends_with('/')) guest.pop_back();
        if (is_the_guests_own(guest)) continue;
        if (type == "tmpfs" && !binds) spec.tmpfs.push_back(TRY(read_tmpfs(item, guest, options)));
        if (!binds) continue;
        if (guest == "/") return item["destination"].wrong("is the root: give the container another root");
        auto host = TRY(item["source"].text());
        if (host.empty()) return item["source"].wrong("must be a path");
        spec.mounts.push_back({guest, (bundle / host).lexically_normal(), std::ranges::contains(options, "ro") || std::ranges::contains(options, "rro")});
    }
    return {};
}

Outcome<void> add_hooks(std::vector<Hook>& hooks, const JsonValue& value) {
    for (const auto& item : TRY(value.items())) {
        Hook hook{.path = TRY(item["path"].text()), .arguments = TRY(item["args"].texts()), .environment = TRY(item["env"].texts())};
        if (!hook.path.starts_with('/')) return item["path"].wrong("must be an absolute path");
        if (hook.arguments.empty()) hook.arguments.push_back(hook.path);
        constexpr u64 longest_seconds = 86'400;
        if (item["timeout"]) hook.timeout = std::chrono::seconds(TRY(item["timeout"].number(longest_seconds)));
        hooks.push_back(std::move(hook));
    }
    return {};
}

Outcome<Hooks> read_hooks(const JsonValue& value) {
    Hooks hooks;
    TRY(add_hooks(hooks.create_runtime, value["prestart"]));
    TRY(add_hooks(hooks.create_runtime, value["createRuntime"]));
    TRY(add_hooks(hooks.create_container, value["createContainer"]));
    TRY(add_hooks(hooks.poststart, value["poststart"]));
    TRY(add_hooks(hooks.poststop, value["poststop"]));
    if (!TRY(value["startContainer"].items()).empty())
        return value["startContainer"].wrong("would run beside the program, inside of the machine, where programs of this machine cannot: leave these hooks away");
    return hooks;
}

Outcome<void> read_namespaces(const JsonValue& value, Spec& spec) {
    for (const auto& item : TRY(value.items())) {
        auto type = TRY(item["type"].text());
        if (type == "user") return item.wrong("asks for users of its own, which a machine has anyway: leave the engine's user namespace (--userns, userns-remap) away");
        if (type != "network") continue;
        auto path = TRY(item["path"].text());
        spec.network = path.empty() ? NetworkPlace::made : NetworkPlace::given;
        spec.network_namespace = path;
    }
    return {};
}

Outcome<void> read_resources(const JsonValue& value, Spec& spec) {
    // -1 is no limit. Engines write what others mean by it, too.
    if (auto limit = value["memory"]["limit"]; limit && !(limit.node.is_number_integer() && limit.node.get<i64>() < 0)) spec.memory = TRY(limit.number());
    if (spec.memory == u64{0}) spec.memory.reset();
    spec.cpu_shares = TRY(value["cpu"]["shares"].number());
    auto quota = value["cpu"]["quota"], period = value["cpu"]["period"];
    if (!quota || (quota.node.is_number_integer() && quota.node.get<i64>() <= 0)) return {};
    constexpr u64 usual_period = 100'000;
    auto of = TRY(period.number());
    constexpr double most = 65'536;  // no machine has so many
    spec.processors = std::min(most, static_cast<double>(TRY(quota.number())) / static_cast<double>(of ? of : usual_period));
    return {};
}

Outcome<nlohmann::json> parse_object(std::string_view text, std::string_view name) {
    auto parsed = nlohmann::json::parse(text, nullptr, false);
    if (!parsed.is_object()) return failure(ExitStatus::bad_configuration, "{} is no JSON object: it is the container engine's to write", name);
    return parsed;
}

}  // namespace

bool Spec::holds_pod() const {
    // What Kubernetes and Podman start for it; and containerd's word for it, and CRI-O's.
    auto name = fs::path(process.arguments[0]).filename();
    if (name == "pause" || (name == "catatonit" && process.arguments.size() == 2 && process.arguments[1] == "-P")) return true;
    return std::ranges::any_of(std::array{"io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType"}, [&](const char* key) {
        auto found = annotations.find(key);
        return found != annotations.end() && found->second == "sandbox";
    });
}

Outcome<Spec> parse_spec(std::string_view text, const fs::path& bundle) {
    auto parsed = TRY(parse_object(text, "config.json"));
    JsonValue top{parsed, ""};
    Spec spec{.version = TRY(top["ociVersion"].text()), .process = TRY(read_process(top["process"])), .host_name = TRY(top["hostname"].text()),
              .hooks = TRY(read_hooks(top["hooks"]))};
    if (!spec.version.starts_with("1.")) return top["ociVersion"].wrong(fmt::format("is '{}', and this runtime knows versions 1.x", spec.version));
    auto root = TRY(top["root"]["path"].text());
    if (root.empty()) return top["root"].wrong("has no path");
    spec.root = (bundle / root).lexically_normal();
    spec.read_only_root = TRY(top["root"]["readonly"].flag());
    TRY(read_mounts(top["mounts"], bundle, spec));
    TRY(top["annotations"].check_object());
    for (const auto& [key, value] : top["annotations"].node.items()) spec.annotations[key] = TRY((JsonValue{value, "annotations." + key}.text()));
    spec.cgroup = TRY(top["linux"]["cgroupsPath"].text());
    TRY(read_namespaces(top["linux"]["namespaces"], spec));
    TRY(read_resources(top["linux"]["resources"], spec));
    return spec;
}

Outcome<Process> parse_process(std::string_view text) {
    auto parsed = TRY(parse_object(text, "the file of the process"));
    return read_process({parsed, "process"});
}

}  // namespace spore::host::oci
