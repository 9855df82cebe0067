#include "host/instances/instance.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "host/common/state_directory.hpp"

namespace spore::host {

std::string InstanceState::to_json() const {
    nlohmann::json json{{"supervisor", supervisor}, {"command", command}, {"started", started}};
    if (ended) json["ended"] = *ended;
    if (status) json["status"] = *status;
    if (restarts) json["restarts"] = restarts;
    if (!debugger.empty()) json["debugger"] = debugger;
    if (!origin.empty()) json["origin"] = origin;
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::optional<InstanceState> InstanceState::from_json(std::string_view text) {
    auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    auto number = [&](const char* key) -> std::optional<i64> {
        auto found = json.find(key);
        return found != json.end() && found->is_number_integer() ? std::optional(found->get<i64>()) : std::nullopt;
    };
    InstanceState state;
    if (!number("supervisor") || !number("started") || !json["command"].is_array()) return std::nullopt;
    state.supervisor = static_cast<pid_t>(*number("supervisor"));
    state.started = *number("started");
    for (const auto& word : json["command"])
        if (word.is_string()) state.command.push_back(word);
    state.ended = number("ended");
    if (auto status = number("status")) state.status = static_cast<int>(*status);
    if (auto restarts = number("restarts")) state.restarts = static_cast<unsigned>(*restarts);
    if (json["debugger"].is_string()) state.debugger = json["debugger"];
    if (json["origin"].is_string()) state.origin = json["origin"];
    return state;
}

Outcome<Instance> Instance::create(const std::string& name, std::vector<std::string> command) {
    if (!is_instance_name(name))
        return failure(ExitStatus::failed, "--name {}: use up to 64 letters, digits, and - _ . after the first", name);
    Instance instance(name, TRY(state_directory()) / name);
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (::mkdir(instance.folder_.c_str(), 0700) == 0) {
            if (!(instance.lock_ = instance.take_fresh_lock())) break;
            auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
            auto written = instance.write({.supervisor = ::getpid(), .command = std::move(command), .started = now, .ended = {}, .status = {}, .debugger = {}});
            if (written) return instance;
            instance.remove();
            return std::unexpected(written.error());
        }
        if (errno != EEXIST) return failure(ExitStatus::failed, "cannot make {}: {}", instance.folder_.string(), error_text());
        if (instance.life() == Life::running) return failure(ExitStatus::failed, "a machine named {} runs already: choose another --name, or stop it with 'spore rm -f {}'", name, name);
        // Without a log it was killed before there was anything to keep, unless it is starting right now.
        if (fs::exists(instance.log())) return failure(ExitStatus::failed, "there is an ended machine named {}: choose another --name, or remove it with 'spore rm {}'", name, name);
        if (!instance.take_lock(Hold::exclusive)) break;
        instance.remove();
    }
    return failure(ExitStatus::failed, "the name {} is being taken by another process: choose another --name", name);
}

Outcome<Instance> Instance::open(const std::string& name) {
    if (is_instance_name(name)) {
        Instance instance(name, TRY(state_directory()) / name);
        std::error_code error;
        if (fs::is_directory(instance.folder_, error)) return instance;
    }
    return failure(ExitStatus::failed, "there is no machine named '{}': 'spore ps -a' lists them", name);
}

Outcome<Instance> Instance::open_running(const std::string& name) {
    auto instance = TRY(open(name));
    if (instance.life() != Life::running) return failure(ExitStatus::failed, "the machine {} has ended: 'spore ps' lists those that run", name);
    return instance;
}

Outcome<std::vector<Instance>> Instance::all() {
    std::vector<Instance> instances;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(TRY(state_directory()), error))
        if (is_instance_name(entry.path().filename().string())) {
            Instance instance(entry.path().filename(), entry.path());
            if (instance.state()) instances.push_back(std::move(instance));
        }
    std::ranges::sort(instances, {}, [](const Instance& instance) { return instance.name_; });
    return instances;
}

std::optional<InstanceState> Instance::state() const {
    auto text = read_file(folder_ / "state");
    return text ? InstanceState::from_json(*text) : std::nullopt;
}

Outcome<void> Instance::write(const InstanceState& state) const {
    auto target = folder_ / "state", fresh = folder_ / "state.new";
    FileDescriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    auto text = state.to_json();
    if (!file || !write_all(file.number(), std::as_bytes(std::span(text))) || ::rename(fresh.c_str(), target.c_str()) != 0)
        return failure(ExitStatus::failed, "cannot write {}: {}", target.string(), error_text());
    return {};
}

Life Instance::life() const {
    auto free = take_lock(Hold::shared);
    if (!free) return Life::running;
    // Read with the lock in hand: a supervisor writes its last state before it lets go.
    auto now = state();
    return now && now->status ? Life::ended : Life::lost;
}

FileDescriptor Instance::take_lock(Hold hold) const {
    FileDescriptor file(::open((folder_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (file && ::flock(file.number(), (hold == Hold::shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) file.close();
    return file;
}

FileDescriptor Instance::take_fresh_lock() const {
    // Somebody who lists the instances may have it for a moment, and who wants the same name may clear the new folder away.
    for (int attempt = 0; attempt < 100; ++attempt) {
        struct stat status{};
        if (auto lock = take_lock(Hold::exclusive)) return ::fstat(lock.number(), &status) == 0 && status.st_nlink > 0 ? std::move(lock) : FileDescriptor();
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return {};
}

bool Instance::wait_for_end(i64 milliseconds) const {
    using namespace std::chrono;
    auto deadline = steady_clock::now() + std::chrono::milliseconds(milliseconds);
    while (fs::exists(folder_) && life() == Life::running) {
        if (steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(20ms);
    }
    return true;
}

void Instance::remove() const {
    std::error_code error;
    fs::remove_all(folder_, error);
}

std::string make_instance_name(std::string_view program) {
    auto name = fs::path(program).filename().string();
    std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
    if (name.empty()) name = "spore";
    std::random_device random;
    return fmt::format("{}-{:04x}", name.substr(0, 40), random() & 0xffff);
}

bool is_instance_name(std::string_view name) {
    auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
    constexpr std::size_t longest = 64;  // as container engines make them
    return !name.empty() && name.size() <= longest && letter(name[0]) &&
           std::ranges::all_of(name, [&](char c) { return letter(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace spore::host
