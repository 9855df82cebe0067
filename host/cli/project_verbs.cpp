// Verbs on the machines of a project together: up, down.
#include <algorithm>
#include <cstdio>
#include <set>

#include "host/cli/verbs.hpp"
#include "host/container/container_image.hpp"
#include "host/instances/commands.hpp"
#include "host/instances/readiness.hpp"
#include "host/plan/project.hpp"
#include "host/source/source.hpp"

namespace spore::host {

namespace {

/// A verb on a project: its folder, and what it is called.
class ProjectVerb : public Verb {
public:
    ProjectVerb(CLI::App& parent, const char* name, const char* help, const char* examples, std::string_view note) : Verb(parent, name, help, examples, note) {
        app->add_option("FOLDER", folder_, "Where the project's spore.toml is (this folder)");
        app->add_option("--name", name_, "What the project is called (the folder's name)")->type_name("NAME");
    }

protected:
    Outcome<Project> project() const { return read_project(folder_); }
    std::string name() const { return name_.empty() ? project_name(folder_) : name_; }
    /// What its machine is called among all.
    std::string name_of(const ProjectMachine& machine) const { return fmt::format("{}-{}", name(), machine.name); }
    fs::path folder_ = ".";

private:
    std::string name_;
};

class Up final : public ProjectVerb {
public:
    static constexpr const char* verb = "up";
    explicit Up(CLI::App& parent)
        : ProjectVerb(parent, verb, "Start the machines of a project in the background, in order, and print their names",
                      "spore up\nspore up shop && spore logs -f shop-web",
                      "The machines are the tables [machines.NAME] of spore.toml; see 'spore manual spore.toml'. They are on a network of their own, find each other by NAME, and are\n"
                      "called PROJECT-NAME by the other verbs. Those that run already are left alone; those that have ended are started anew.") {
        app->add_flag("-d,--detach", detach_, "Accepted for the habit: they always run in the background");
        app->add_option("--patience", patience_, "How long a machine has until it is ready (60)")->type_name("SECONDS");
    }
    std::vector<Request> requests() const override {
        std::vector<Request> all;
        if (auto found = project())
            for (const auto& machine : found->machines)
                if (auto request = complete(machine)) all.push_back(std::move(*request));
        return all;
    }
    Outcome<int> act(const MakeRequest&, std::vector<std::string>) override {
        auto machines = TRY(project()).machines;
        for (const auto& machine : machines) {
            for (const auto& other : machines)
                if (std::ranges::contains(machine.after, other.name)) TRY(wait_for(other));
            TRY(start(machine));
        }
        for (const auto& machine : machines) TRY(wait_for(machine));
        return 0;
    }

private:
    Outcome<void> wait_for(const ProjectMachine& machine) {
        if (!machine.ready || !ready_.insert(machine.name).second) return {};
        return wait_until_it_listens(TRY(Instance::open(name_of(machine))), *machine.ready, std::chrono::seconds(patience_));
    }
    /// As it is run: on the project's network, unless it says another, with the program that its image or source is.
    Outcome<Request> complete(const ProjectMachine& machine) const {
        auto request = machine.request;
        auto& network = request.network;
        if (!network.choice) network.choice = TRY(parse_network("lan=" + name()));
        if (!network.host_name) network.host_name = machine.name;
        TRY(apply_container_image(request));
        TRY(compile_source(request));
        return request;
    }
    Outcome<void> start(const ProjectMachine& machine) const {
        auto name = name_of(machine);
        if (auto there = Instance::open(name)) {
            if (there->life() == Life::running) {
                fmt::print("{}\n", name);
                return {};
            }
            there->remove();
        }
        TRY(run_detached(TRY(complete(machine)), {.detach = true, .remove = false, .name = name, .restart = {}}));
        return {};
    }

    std::set<std::string> ready_;  ///< were waited for
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
    }
    Outcome<int> act(const MakeRequest&, std::vector<std::string>) override {
        auto machines = TRY(project()).machines;
        std::ranges::reverse(machines);
        for (const auto& machine : machines) {
            auto name = name_of(machine);
            if (!Instance::open(name)) continue;
            TRY(stop_instance(name, seconds_));
            TRY(remove_instance(name, Force::yes));
            fmt::print("{}\n", name);
            std::fflush(stdout);
        }
        return 0;
    }

private:
    unsigned seconds_ = 10;
};

}  // namespace

void add_project_verbs(CLI::App& app, Verbs& verbs, Choice choice) { add_verbs<Up, Down>(app, verbs, choice); }

}  // namespace spore::host
