// A project of several machines: the tables [machines.NAME] of a spore.toml.
#pragma once

#include "host/plan/config.hpp"

namespace spore::host {

struct ProjectMachine {
    std::string name;
    Request request;
    std::vector<std::string> after;  ///< names of those that it is started after
    std::optional<u16> ready;        ///< it is ready when it listens at this TCP port; empty: when it is started
};

struct Project {
    std::vector<ProjectMachine> machines;  ///< each behind those that it is started after, of others by name
};

/// `file` is for messages; relative paths in it are relative to its folder. Keys outside of the tables hold for all machines.
Outcome<Project> parse_project(std::string_view text, const fs::path& file);
/// Reads `folder`/spore.toml.
Outcome<Project> read_project(const fs::path& folder);

/// The keys of a machine that a program alone does not have, for the manual.
std::vector<ConfigKey> project_keys();
/// What a project is called that was given no name: its folder's.
std::string project_name(const fs::path& folder);

}  // namespace spore::host
