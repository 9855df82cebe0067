// The processes of a machine that runs in the background, as its /proc tells of them: what `spore top` shows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.hpp"
#include "host/common/failure.hpp"
#include "host/instances/commands.hpp"

namespace spore::host {

struct GuestProcess {
    u64 id = 0, parent = 0, user = 0;  ///< parent 0: it was started from outside
    char state = '?';                  ///< as ps says it: R, S, D, T, Z …
    u64 threads = 0;
    u64 processor_milliseconds = 0;    ///< in the program and in the kernel
    u64 resident_bytes = 0;
    std::string command;
};
/// From the files stat, status and cmdline of /proc/PID; nothing when they cannot be understood.
std::optional<GuestProcess> parse_process(std::string_view stat, std::string_view status, std::string_view command_line);

std::string processes_as_text(const std::vector<GuestProcess>& processes);
std::string processes_as_json(const std::vector<GuestProcess>& processes);

Outcome<int> show_processes(const std::string& name, Format format);

}  // namespace spore::host
