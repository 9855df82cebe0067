// A further program in a container: what the engine's exec does.
#pragma once

#include "host/oci/container.hpp"

namespace spore::host::oci {

struct ExecOptions {
    fs::path process;  ///< process.json
    fs::path console_socket, pid_file;
    bool detach = false;
};

/// Its exit status; with `detach` 0, as soon as its process is there.
Outcome<int> execute_in_container(const Container& container, const ExecOptions& options);

}  // namespace spore::host::oci
