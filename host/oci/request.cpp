#include "host/oci/request.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "host/plan/config.hpp"
#include "host/plan/config_place.hpp"

namespace spore::host::oci {

namespace {

constexpr std::array<std::string_view, 12> keys{"accelerator", "bus", "core", "cpus", "disk", "keep", "log", "machine", "memory", "mode", "root-in", "tailor"};
constexpr std::string_view annotation_prefix = "spore.";

/// Annotations are texts: what reads as another value of TOML's is that.
Outcome<toml::table> parse_annotation(std::string_view key, const std::string& value, const fs::path& name) {
    if (value.find_first_of("\n=") == value.npos)
        if (auto table = parse_toml(fmt::format("{} = {}", key, value), name)) return table;
    return parse_toml(fmt::format("{} = {}", key, nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace)), name);
}

Outcome<void> apply_annotations(Request& request, const Spec& spec) {
    for (const auto& [name, value] : spec.annotations) {
        if (!name.starts_with(annotation_prefix)) continue;
        auto key = std::string_view(name).substr(annotation_prefix.size());
        if (!std::ranges::contains(keys, key))
            return failure(ExitStatus::bad_configuration, "annotation {}: a container's machine takes spore. and one of {}", name, fmt::join(keys, ", "));
        const fs::path place = "annotation " + name;
        auto table = TRY(parse_annotation(key, value, place));
        for (const auto& [read, node] : table) (void)TRY(read_key({place, std::string(read.str()), node}, request));
    }
    return {};
}

/// Folders are used where they are, files are copied. Only so many folders can be shared; of those that cannot be written a copy will do.
Outcome<std::vector<Volume>> volumes_of(const Spec& spec) {
    std::vector<Volume> volumes;
    std::ptrdiff_t shared = 0;
    for (const auto& mount : spec.mounts) {
        std::error_code error;
        auto kind = fs::status(mount.host, error).type();
        if (kind != fs::file_type::regular && kind != fs::file_type::directory)
            return failure(ExitStatus::bad_root, "the mount at {}: {} is {}", mount.guest, mount.host.string(),
                           kind == fs::file_type::not_found ? "not there" : "no file and no folder, and a machine cannot reach it: leave this mount away");
        bool folder = kind == fs::file_type::directory;
        shared += folder;
        volumes.push_back({.host = mount.host, .guest = mount.guest, .read_only = mount.read_only, .kind = folder ? VolumeKind::shared : VolumeKind::copy});
    }
    for (auto& volume : volumes)
        if (shared > static_cast<std::ptrdiff_t>(most_volume_devices) && volume.kind == VolumeKind::shared && volume.read_only) volume.kind = VolumeKind::copy, --shared;
    return volumes;
}

}  // namespace

std::span<const std::string_view> annotated_keys() { return keys; }

Outcome<Request> make_request(const Spec& spec, const NetworkRequest& network) {
    const auto& process = spec.process;
    Request request{.program = process.arguments[0], .arguments = {process.arguments.begin() + 1, process.arguments.end()}, .environment = process.environment,
                    .directory = process.folder, .memory = spec.memory.value_or(memory_without_limit), .root = spec.root, .root_moves = true, .volumes = TRY(volumes_of(spec)), .read_only_root = spec.read_only_root, .tmpfs = spec.tmpfs,
                    .user = process.user, .limits = process.limits, .network = network, .terminal = process.terminal};
    constexpr double most_cpus = 64;
    if (spec.processors) request.cpus = static_cast<unsigned>(std::clamp(std::ceil(*spec.processors), 1.0, most_cpus));
    if (!spec.host_name.empty()) request.network.host_name = TRY(parse_host_name(spec.host_name));
    // Podman sends it itself; it is for others who stop the machine.
    if (auto signal = spec.annotations.find("org.opencontainers.image.stopSignal"); signal != spec.annotations.end())
        if (auto number = parse_stop_signal(signal->second)) request.stop_signal = *number;
    TRY(apply_annotations(request, spec));
    return request;
}

}  // namespace spore::host::oci
