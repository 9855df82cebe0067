// The process that is a container: made with it, it gets everything ready, waits to be let go, runs the machine, and ends with the program's status.
#pragma once

#include "host/oci/container.hpp"

namespace spore::host::oci {

struct CreateOptions {
    fs::path bundle = ".";
    fs::path console_socket, pid_file;
};

/// Makes a container, whose program waits for `start`.
Outcome<Container> create_container(const std::string& id, const CreateOptions& options);

/// Lets the program of a created one go.
Outcome<void> start_container(const Container& container);
/// To the program; SIGKILL ends the machine.
Outcome<void> signal_container(const Container& container, int signal);
/// Its machine stands still from now on, with all that runs in it.
Outcome<void> pause_container(const Container& container);
Outcome<void> resume_container(const Container& container);
enum class Force : u8 { no, yes };
/// Forgets it; with `yes` also one whose program runs.
Outcome<void> delete_container(const Container& container, Force force);

/// The request at an instance's control door that lets its program go, besides those of host/instances/control.hpp.
inline constexpr const char* start_request = "start";

}  // namespace spore::host::oci
