// Verbs on the machines of a project together: up, down.
#include <algorithm>
#include <cstdio>
#include <ranges>
#include <set>

#include "host/cli/verbs.hpp"
#include "host/compose/compose.hpp"
#include "host/compose/named_volume.hpp"
#include "host/container/container_image.hpp"
#include "host/instances/commands.hpp"
#include "host/instances/readiness.hpp"
#include "host/plan/origin.hpp"
#include "host/plan/project.hpp"
#include "host/source/source.hpp"

namespace spore::host {

namespace {

bool is_compose_file(const fs::path& file) { return file.extension() == ".yaml" || file.extension() == ".yml"; }

/// A verb on a project: where it is described, and what it is called.
class ProjectVerb : public Verb {
public:
    ProjectVerb(CLI::App& parent, const char* name, const char* help, const char* examples, std::string_view note) : Verb(parent, name, help, examples, note) {
        app->add_option("PROJECT", place_, "A folder with a spore.toml or a Compose file, or one of these (this folder)");
        app->add_option("--name", name_, "What the project is called (what its file says, or the folder's name)")->type_name("NAME");
    }

protected:
    Outcome<Project> project() const {
        auto project = TRY(read());
        std::error_code error;
        auto folder = fs::is_directory(place_, error) ? place_ : fs::absolute(place_).parent_path();
        if (!name_.empty()) project.name = name_;
        else if (project.name.empty()) project.name = project_name(folder);
        return project;
    }
    /// What a machine of it is called among all.
    static std::string name_of(const Project& project, const std::string& machine) { return fmt::format("{}-{}", project.name, machine); }

private:
    Outcome<Project> read() const {
        std::error_code error;
        if (fs::is_regular_file(place_, error)) return is_compose_file(place_) ? read_compose(place_) : read_project(place_.parent_path() / place_.filename());
        if (fs::exists(place_ / "spore.toml", error)) return read_project(place_ / "spore.toml");
        if (auto compose = find_compose(place_)) return read_compose(*compose);
        return failure(ExitStatus::bad_configuration, "{}: there is no project: name a folder with a spore.toml or a Compose file, or that file", place_.string());
    }
    fs::path place_ = ".";
    std::string name_;
};

class Up final : public ProjectVerb {
public:
    static constexpr const char* verb = "up";
    explicit Up(CLI::App& parent)
        : ProjectVerb(parent, verb, "Start the machines of a project in the background, in order, and print their names", "spore up\nspore up shop && spore logs -f shop-db shop-web\nspore up shop/compose.yaml", note()) {
        app->add_flag("-d,--detach", detach_, "Accepted for the habit: they always run in the background");
        app->add_option("--patience", patience_, "How long a machine has until it is ready (60)")->type_name("SECONDS");
    }
    std::vector<Request> requests() const override {
        std::vector<Request> all;
        if (auto found = project())
            for (const auto& machine : found->machines)
                if (auto request = complete(*found, machine)) all.push_back(std::move(*request));
        return all;
    }
    Outcome<int> act(const MakeRequest&, std::vector<std::string>) override {
        auto found = TRY(project());
        for (const auto& machine : found.machines) {
            for (const auto& other : machine.after) TRY(wait_for(found, other));
            TRY(start(found, machine));
        }
        for (const auto& machine : found.machines)
            if (found.awaited) TRY(wait_for(found, {machine.name, Until::ready}));
        return 0;
    }

private:
    static std::string note() {
        return "The machines are the tables [machines.NAME] of spore.toml (see 'spore manual spore.toml'), or the services of compose.yaml, compose.yml, docker-compose.yaml or\n"
               "docker-compose.yml. They are on a network of their own, find each other by NAME, and are called PROJECT-NAME by the other verbs. Those that run already\n"
               "are left alone; those that have ended are started anew,\n"
               "and so are those that the project says otherwise now, or whose program, image or copied files changed.\n\n"
               "Of a Compose file these keys of services count: image, command, entrypoint, environment, env_file, ports, volumes, depends_on, healthcheck (its test: others\n"
               "wait for it), user, working_dir, restart, stop_signal, ulimits, read_only, tmpfs, mem_limit, cpus, deploy.resources.limits, profiles (such services are left out).\n"
               "Folders are used where they are, files are copied, and a named volume is a disk of its own, which is kept (see 'spore down'). What says how a container\n"
               "is held in or attached is read over; what is not known is an error. $NAME and ${NAME:-…} stand for the environment, or the file .env.";
    }
    Outcome<void> wait_for(const Project& project, const Dependency& other) {
        auto machine = std::ranges::find(project.machines, other.machine, &ProjectMachine::name);
        if (machine == project.machines.end() || other.until == Until::started || !reached_.insert({other.machine, other.until}).second) return {};
        auto instance = TRY(Instance::open(name_of(project, other.machine)));
        if (other.until == Until::ended) return wait_until_ended_well(instance);
        return wait_until_ready(instance, machine->ready, std::chrono::seconds(patience_));
    }
    /// As it is run: on the project's network, unless it says another, with the program that its image or source is, and its disks.
    static Outcome<Request> complete(const Project& project, const ProjectMachine& machine) {
        auto request = machine.request;
        auto& network = request.network;
        if (!network.choice) network.choice = TRY(parse_network("lan=" + project.name));
        if (!network.host_name) network.host_name = machine.name;
        TRY(apply_container_image(request));
        TRY(compile_source(request));
        for (const auto& volume : machine.volumes) {
            auto contents = request.root ? *request.root / fs::path(volume.guest).relative_path() : fs::path();
            auto disk = TRY(provide_volume(project.name, volume.name, contents));
            request.volumes.push_back(TRY(parse_volume(fmt::format("{}:{}:disk{}", disk.string(), volume.guest, volume.read_only ? ":ro" : ""), "/")));
        }
        return request;
    }
    /// One that runs is left alone, unless it would be another now. While nobody can tell, say without the registry of its image, it is left alone, too.
    Outcome<void> start(const Project& project, const ProjectMachine& machine) const {
        auto name = name_of(project, machine.name);
        auto there = Instance::open(name);
        bool runs = there && there->life() == Life::running;
        auto request = complete(project, machine);
        auto origin = request ? origin_of_request(*request) : std::unexpected(request.error());
        if (!origin && !runs) return std::unexpected(origin.error());
        if (!origin) tell({origin.error().status, fmt::format("whether {} has changed cannot be told, and it goes on: {}", name, origin.error().message)});
        auto state = runs ? there->state() : std::nullopt;
        if (runs && (!origin || !state || state->origin == *origin)) {
            fmt::print("{}\n", name);
            return {};
        }
        if (runs) TRY(stop_instance(name, stop_seconds));
        if (there) there->remove();
        TRY(run_detached(*request, {.detach = true, .remove = false, .name = name, .restart = {}, .origin = *origin}));
        return {};
    }
    static Outcome<std::string> origin_of_request(const Request& request) { return origin_of(TRY(make_plan(request)), request.restart.value_or(Restart{})); }

    static constexpr unsigned stop_seconds = 10;
    std::set<std::pair<std::string, Until>> reached_;
    unsigned patience_ = 60;
    bool detach_ = false;
};

class Down final : public ProjectVerb {
public:
    static constexpr const char* verb = "down";
    explicit Down(CLI::App& parent)
        : ProjectVerb(parent, verb, "Stop and remove the machines of a project, those first that others were started before", "spore down\nspore down -t 30 shop",
                      "Each program gets SIGTERM (its stop-signal), and some time; then its machine is ended.") {
        app->add_option("-t,--time", seconds_, "How long each program has (10)")->type_name("SECONDS");
        app->add_flag("-v,--volumes", volumes_, "Remove the named volumes of its Compose file, too, with all that is in them");
    }
    Outcome<int> act(const MakeRequest&, std::vector<std::string>) override {
        auto found = TRY(project());
        for (const auto& machine : std::views::reverse(found.machines)) {
            auto name = name_of(found, machine.name);
            if (!Instance::open(name)) continue;
            TRY(stop_instance(name, seconds_));
            TRY(remove_instance(name, Force::yes));
            fmt::print("{}\n", name);
            std::fflush(stdout);
        }
        for (const auto& machine : found.machines)
            for (const auto& volume : machine.volumes)
                if (volumes_) TRY(remove_volume(found.name, volume.name));
        return 0;
    }

private:
    unsigned seconds_ = 10;
    bool volumes_ = false;
};

}  // namespace

void add_project_verbs(CLI::App& app, Verbs& verbs, Choice choice) { add_verbs<Up, Down>(app, verbs, choice); }

}  // namespace spore::host
