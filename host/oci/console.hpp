// A container's terminal: a pseudoterminal whose other side the engine gets.
#pragma once

#include "host/oci/spec.hpp"

namespace spore::host::oci {

/// Makes this process the leader of a session; with `socket` a new terminal is the session's, and its standard streams. The terminal's
/// other side goes to who listens at the socket, beside the terminal's path.
Outcome<void> begin_session(const fs::path& socket, const Process& process);

}  // namespace spore::host::oci
