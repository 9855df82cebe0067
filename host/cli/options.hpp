// The command line of `spore`.
#pragma once

#include <variant>

#include "host/plan/plan.hpp"

namespace spore::host {

struct RunCommand {
    Request request;
    fs::path save_bundle;  ///< --save-bundle: write the bundle there instead of running
    bool dry_run = false;
};
struct InspectCommand {
    fs::path file;
};
struct DoctorCommand {};
/// --help and --version: print and end.
struct PrintCommand {
    std::string text;
};
using Command = std::variant<RunCommand, InspectCommand, DoctorCommand, PrintCommand>;

Outcome<Command> parse_command_line(int count, const char* const* arguments);

}  // namespace spore::host
