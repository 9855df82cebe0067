// A further program in a machine that runs in the background: what `spore exec` does.
#pragma once

#include "host/plan/plan.hpp"

namespace spore::host {

struct ExecuteRequest {
    std::vector<std::string> arguments;    ///< the first names the program: a path in the guest, or as its $PATH finds it
    std::vector<std::string> environment;  ///< what it has besides the machine's first program's, or other than that
    std::string folder;                    ///< to begin in; empty: the first program's
    std::optional<User> user;              ///< nothing: the first program's
    bool terminal = false;                 ///< ours is the program's
};

/// Until the program ends: its exit status. When this process ends before, the program is left alone: its input ends, what it writes fails with EPIPE, and with a
/// terminal it is sent SIGHUP.
Outcome<int> execute_in(const std::string& instance, const ExecuteRequest& request);

}  // namespace spore::host
