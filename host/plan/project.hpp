// A project of several machines: the tables [machines.NAME] of a spore.toml.
#pragma once

#include <variant>

#include "host/plan/config.hpp"

namespace spore::host {

/// When a machine is ready: when it is started, when it listens at a TCP port, or when a command in it succeeds.
using Readiness = std::variant<std::monostate, u16, std::vector<std::string>>;

/// Another machine, and how far that has to be: started; ready; ended, with status 0.
enum class Until : u8 { started, ready, ended };
struct Dependency {
    std::string machine;
    Until until = Until::ready;
    friend bool operator==(const Dependency&, const Dependency&) = default;
};

/// A disk that the project keeps, by name, and where the guest has it.
struct NamedVolume {
    std::string name, guest;
    bool read_only = false;
    friend bool operator==(const NamedVolume&, const NamedVolume&) = default;
};

struct ProjectMachine {
    std::string name;
    Request request;
    std::vector<Dependency> after = {};
    Readiness ready = {};
    std::vector<NamedVolume> volumes = {};
};

struct Project {
    std::string name;                      ///< empty: the folder's
    std::vector<ProjectMachine> machines;  ///< each behind those that it is started after
    bool awaited = true;                   ///< it is up when all machines are ready, not just those that others wait for
};

/// `file` is for messages; relative paths in it are relative to its folder. Keys outside of the tables hold for all machines.
Outcome<Project> parse_project(std::string_view text, const fs::path& file);
Outcome<Project> read_project(const fs::path& file);

/// Puts each machine behind those that it is started after. `bad_configuration` where one of these is not there, or they wait for one another.
Outcome<std::vector<ProjectMachine>> in_order(std::vector<ProjectMachine> machines, const fs::path& file);

/// The keys of a machine that a program alone does not have, for the manual.
std::vector<ConfigKey> project_keys();
/// What a project is called that was given no name: its folder's.
std::string project_name(const fs::path& folder);

}  // namespace spore::host
