#include "host/oci/container.hpp"

#include <unistd.h>

#include <ctime>
#include <nlohmann/json.hpp>

namespace spore::host::oci {

namespace {

Outcome<std::string> read_config_file(const fs::path& folder) {
    auto text = read_file(folder / "config.json", most_settings);
    if (!text) return failure(ExitStatus::bad_configuration, "cannot read {}: {}", (folder / "config.json").string(), error_text());
    return *text;
}

}  // namespace

std::string_view name_of(Status status) {
    switch (status) {
        case Status::creating: return "creating";
        case Status::created: return "created";
        case Status::running: return "running";
        case Status::paused: return "paused";
        case Status::stopped: return "stopped";
    }
    return "";
}

Outcome<Container> Container::create(const std::string& id, const fs::path& bundle) {
    auto text = TRY(read_config_file(bundle));
    auto spec = TRY(parse_spec(text, bundle));
    if (open(id)) return failure(ExitStatus::failed, "there is a container {} already: delete it first", id);
    auto instance = TRY(Instance::create(id, spec.process.arguments));
    auto kept = [&]() -> Outcome<void> {
        TRY(write_file(instance.folder() / "config.json", text));
        return write_file(instance.folder() / "bundle", bundle.string());
    }();
    if (!kept) {
        instance.remove();
        return std::unexpected(kept.error());
    }
    return Container(std::move(instance), bundle, std::move(spec));
}

Outcome<Container> Container::open(const std::string& id) {
    auto instance = Instance::open(id);
    auto bundle = instance ? read_file(instance->folder() / "bundle", most_settings) : std::nullopt;
    if (!bundle) return failure(ExitStatus::failed, "there is no container '{}'", id);
    auto spec = TRY(parse_spec(TRY(read_config_file(instance->folder())), *bundle));
    return Container(std::move(*instance), *bundle, std::move(spec));
}

Status Container::status() const {
    std::error_code error;
    if (instance_.life() != Life::running) return Status::stopped;
    if (fs::exists(instance_.folder() / "paused", error)) return Status::paused;
    if (fs::exists(instance_.folder() / "started", error)) return Status::running;
    return fs::exists(instance_.control(), error) ? Status::created : Status::creating;
}

pid_t Container::process() const {
    auto state = instance_.state();
    return state && instance_.life() == Life::running ? state->supervisor : 0;
}

std::string Container::state_json(Status status, pid_t process) const {
    nlohmann::json state{{"ociVersion", spec_.version}, {"id", id()}, {"status", name_of(status)}, {"pid", process}, {"bundle", bundle_.string()},
                         {"annotations", spec_.annotations}};
    return state.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Outcome<void> Container::take_over() const {
    return instance_.write({.supervisor = ::getpid(), .command = spec_.process.arguments, .started = std::time(nullptr), .ended = {}, .status = {}, .debugger = {}});
}

Outcome<void> Container::note_start() const {
    TRY(take_over());  // for its time
    return write_file(instance_.folder() / "started", "");
}

Outcome<void> Container::note_pause() const { return write_file(instance_.folder() / "paused", ""); }

void Container::note_resumption() const {
    std::error_code error;
    fs::remove(instance_.folder() / "paused", error);
}

void Container::note_end(int status) const {
    auto state = instance_.state();
    if (!state) return;
    state->ended = std::time(nullptr);
    state->status = status;
    (void)instance_.write(*state);
}

}  // namespace spore::host::oci
