// What a container engine says of a container: config.json of a bundle, and process.json of a further program in it
// [OCI runtime specification 1.1, config.md]. Only what a machine has a use for is kept: what holds a container in (capabilities,
// seccomp, masked paths, cgroups' limits) is the machine's own wall.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/plan/plan.hpp"

namespace spore::host::oci {

struct Process {
    std::vector<std::string> arguments, environment;
    std::string folder = "/";
    User user;
    std::vector<Limit> limits;
    bool terminal = false;
    u16 rows = 0, columns = 0;  ///< of the terminal; 0: not known yet
};

/// A file or folder of this machine's, by its place in the container.
struct Mount {
    std::string guest;
    fs::path host;
    bool read_only = false;
};

/// A program of the engine's that is run at a point of a container's life.
struct Hook {
    std::string path;
    std::vector<std::string> arguments, environment;  ///< arguments with the program's name
    std::optional<std::chrono::seconds> timeout;
};

struct Hooks {
    std::vector<Hook> create_runtime;    ///< those of "prestart" first
    std::vector<Hook> create_container, poststart, poststop;
};

/// Where a container's network is: with this machine's, in a namespace that is there, or in one that is made for it.
enum class NetworkPlace : u8 { host, given, made };

struct Spec {
    std::string version;
    Process process;
    fs::path root;
    std::string host_name;
    bool read_only_root = false;
    std::vector<Mount> mounts;
    std::vector<Tmpfs> tmpfs;
    Hooks hooks;
    std::map<std::string, std::string> annotations;
    NetworkPlace network = NetworkPlace::host;
    fs::path network_namespace;            ///< of `given`
    std::optional<u64> memory;             ///< bytes
    std::optional<double> processors;      ///< how much of them it may use
    u64 cpu_shares = 0;                    ///< its weight beside others, 1024 being usual; 0: not said
    std::string cgroup;                    ///< the control group's path below each hierarchy, or what systemd is to call it

    /// It only holds a pod's namespaces, for the containers that belong there: it needs no machine.
    bool holds_pod() const;
};

/// Relative paths are the bundle's. bad_configuration names the key.
Outcome<Spec> parse_spec(std::string_view text, const fs::path& bundle);
Outcome<Process> parse_process(std::string_view text);

}  // namespace spore::host::oci
