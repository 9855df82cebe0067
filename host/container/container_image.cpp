#include "host/container/container_image.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "abi/groups.hpp"
#include "base/defer.hpp"
#include "host/common/ending_signals.hpp"
#include "host/common/fingerprint.hpp"
#include "host/common/process.hpp"
#include "host/common/tools.hpp"
#include "host/image/image_cache.hpp"

namespace spore::host {

namespace {

/// Raise it when images are unpacked differently than before.
constexpr std::string_view unpacked_format = "spore-container-1";
constexpr std::string_view unpacked = ".unpacked";

/// [containers-transports(5)]
constexpr std::string_view transports[] = {"docker://", "docker-archive:", "docker-daemon:", "oci:", "oci-archive:", "dir:", "containers-storage:"};

/// What goes wrong with skopeo and umoci is the image's fault, as far as they can tell.
Outcome<std::string> ask_of_image(const std::string& name, const std::vector<std::string>& command) {
    auto answer = ask_tool(command);
    if (!answer) return failure(ExitStatus::bad_root, "--image {}: {}", name, message_in_log(answer.error().message));
    return answer;
}

/// Stands for what the image holds now. Files and layouts are told by their versions; of others the source is asked for its list of layers.
Outcome<std::string> key_of(const std::string& name, const std::string& source, Architecture architecture) {
    Fingerprint fingerprint;
    fingerprint.add(unpacked_format);
    fingerprint.add(source);
    fingerprint.add_number(static_cast<u64>(architecture));
    auto path = source.substr(source.find(':') + 1);
    if (source.starts_with("oci:")) path = path.substr(0, path.find(':')) + "/index.json";
    struct stat status{};
    if (!source.starts_with("docker://") && ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
        for (auto number : {status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, static_cast<long>(status.st_ino)}) fingerprint.add_number(static_cast<u64>(number));
    } else {
        fingerprint.add(TRY(ask_of_image(name, {"skopeo", "inspect", "--raw", source})));
    }
    return fingerprint.text();
}

Outcome<void> unpack(const std::string& name, const std::string& source, Architecture architecture, const fs::path& folder) {
    if (::isatty(STDERR_FILENO)) std::fprintf(stderr, "spore: unpacking %s; it is kept for the next run\n", name.c_str());
    auto layout = (folder / "layout").string() + ":image";
    TRY(ask_of_image(name, {"skopeo", "copy", "--quiet", "--insecure-policy", "--override-os", "linux", "--override-arch",
                            std::string(facts_of(architecture).debian_name), source, "oci:" + layout}));
    auto settings = TRY(ask_of_image(name, {"skopeo", "inspect", "--config", "oci:" + layout}));
    std::vector<std::string> command{"umoci", "unpack", "--image", layout, folder / "bundle"};
    if (::geteuid() != 0) command.insert(command.begin() + 2, "--rootless");
    TRY(ask_of_image(name, command));
    std::error_code error;
    fs::remove_all(folder / "layout", error);
    return write_file(folder / "image.json", settings);
}

/// The folder with bundle/ and image.json.
Outcome<fs::path> ensure_unpacked(const std::string& name, Architecture architecture) {
    TRY(need_tools("--image", {{"skopeo", "skopeo"}, {"umoci", "umoci"}}));
    auto source = TRY(source_of_image(name));
    auto folder = TRY(cache_directory()) / "containers";
    auto kept = folder / (TRY(key_of(name, source, architecture)) + std::string(unpacked));
    if (find_kept_folder(kept)) return kept;
    std::error_code error;
    fs::create_directories(folder, error);
    trim_cache(folder, {unpacked});
    EndingSignalsWait signals;
    auto work = fs::path(fmt::format("{}.{}.d", kept.string(), ::getpid()));
    if (::mkdir(work.c_str(), 0700) != 0) return failure(ExitStatus::failed, "cannot create {}: {}", work.string(), error_text());
    defer { fs::remove_all(work, error); };
    TRY(unpack(name, source, architecture, work));
    // Whoever was faster made the same.
    if (::rename(work.c_str(), kept.c_str()) != 0 && !find_kept_folder(kept)) return failure(ExitStatus::failed, "cannot keep {}: {}", kept.string(), error_text());
    return kept;
}

Outcome<std::string> read_settings(const fs::path& file) {
    auto text = read_file(file, most_settings);
    if (!text) return failure(ExitStatus::bad_root, "cannot read {}: {}", file.string(), error_text());
    return *text;
}

std::vector<std::string> texts(const nlohmann::json& settings, const char* key) {
    std::vector<std::string> found;
    if (auto list = settings.find(key); list != settings.end() && list->is_array())
        for (const auto& item : *list)
            if (item.is_string() && item.get_ref<const std::string&>().find('\0') == std::string::npos) found.push_back(item);
    return found;
}

/// As umoci has found the image's user in its /etc/passwd and /etc/group.
void read_user(const nlohmann::json& from, User& user) {
    for (auto [key, number] : {std::pair{"uid", &user.uid}, {"gid", &user.gid}})
        if (auto value = from.find(key); value != from.end() && value->is_number_unsigned()) *number = value->get<u32>();
    if (auto groups = from.find("additionalGids"); groups != from.end() && groups->is_array())
        for (const auto& group : *groups)
            if (group.is_number_unsigned() && user.groups.size() < abi::most_groups) user.groups.push_back(group.get<u32>());
}

std::unexpected<Failure> damaged() { return failure(ExitStatus::bad_root, "the image's settings are damaged: make or fetch it again"); }

}  // namespace

std::string message_in_log(const std::string& text) {
    constexpr std::string_view key = " msg=\"";
    auto at = text.rfind(key);
    if (at == text.npos) return text;
    auto end = text.rfind('"');  // Go quotes as JSON does, as far as such messages go
    auto message = nlohmann::json::parse(text.substr(at + key.size() - 1, end - (at + key.size() - 1) + 1), nullptr, false);
    return message.is_string() ? message.get<std::string>() : text;
}

Outcome<std::string> source_of_image(const std::string& name) {
    if (std::ranges::any_of(transports, [&](std::string_view transport) { return name.starts_with(transport); })) return name;
    std::error_code ignored;
    auto colon = name.rfind(':');
    for (const auto& path : {name, name.substr(0, colon)})
        if (fs::is_regular_file(fs::path(path) / "oci-layout", ignored)) return fmt::format("oci:{}{}", fs::absolute(path).string(), name.substr(path.size()));
    if (fs::is_regular_file(name, ignored)) {
        auto listed = run_to_end({"tar", "-tf", name, "--wildcards", "--occurrence=1", "*oci-layout"});
        return fmt::format("{}:{}", listed.status == 0 ? "oci-archive" : "docker-archive", fs::absolute(name).string());
    }
    return failure(ExitStatus::bad_root, "--image {}: there is no such archive or OCI layout; an image of a registry is docker://{}", name, name);
}

Outcome<ContainerImage> parse_container_settings(std::string_view image, std::string_view runtime) {
    auto settings = nlohmann::json::parse(image, nullptr, false), started = nlohmann::json::parse(runtime, nullptr, false);
    if (!settings.is_object() || !started.is_object()) return damaged();
    ContainerImage found;
    if (auto process = started.find("process"); process != started.end() && process->is_object())
        if (auto user = process->find("user"); user != process->end() && user->is_object())
            read_user(*user, found.user);
    auto config = settings.find("config");
    if (config == settings.end() || !config->is_object()) return found;
    found.entrypoint = texts(*config, "Entrypoint"), found.command = texts(*config, "Cmd");
    for (auto& entry : texts(*config, "Env"))
        if (entry.find('=') != std::string::npos && !entry.starts_with('=')) found.environment.push_back(std::move(entry));
    if (auto directory = config->find("WorkingDir"); directory != config->end() && directory->is_string()) found.directory = directory->get<std::string>();
    if (auto signal = config->find("StopSignal"); signal != config->end() && signal->is_string() && !signal->get_ref<const std::string&>().empty())
        found.stop_signal = TRY(parse_stop_signal(signal->get_ref<const std::string&>()));
    if (!found.directory.empty() && !found.directory.starts_with('/')) return damaged();
    return found;
}

Outcome<ContainerImage> open_container_image(const std::string& name, Architecture architecture) {
    auto folder = TRY(ensure_unpacked(name, architecture));
    auto image = TRY(parse_container_settings(TRY(read_settings(folder / "image.json")), TRY(read_settings(folder / "bundle/config.json"))));
    image.root = folder / "bundle/rootfs";
    return image;
}

Outcome<void> apply_container_image(Request& request) {
    if (!request.image) {
        if (request.entrypoint) return failure(ExitStatus::failed, "--entrypoint {}: it replaces what --image starts: add --image, or name the program", *request.entrypoint);
        return {};
    }
    if (request.root || request.sysroot) return failure(ExitStatus::bad_root, "--image brings a root of its own: leave --root and --sysroot away");
    return apply_container_image(request, TRY(open_container_image(*request.image, request.architecture.value_or(native_architecture))));
}

Outcome<void> apply_container_image(Request& request, const ContainerImage& image) {
    auto words = request.entrypoint ? std::vector{*request.entrypoint} : image.entrypoint;
    if (request.program) words.push_back(*request.program);
    // Who replaces the program has no use for the other's arguments.
    else if (request.arguments.empty() && !request.entrypoint) words.insert(words.end(), image.command.begin(), image.command.end());
    words.insert(words.end(), request.arguments.begin(), request.arguments.end());
    if (words.empty()) return failure(ExitStatus::not_found, "the image names no program: name one behind the options");
    Request merged{.environment = image.environment, .root = image.root, .user = image.user, .stop_signal = image.stop_signal};
    if (!image.directory.empty()) merged.directory = image.directory;
    request.program = words[0];
    request.arguments.assign(words.begin() + 1, words.end());
    merged.merge(request);
    request = std::move(merged);
    return {};
}

}  // namespace spore::host
