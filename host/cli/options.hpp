// The command line of `spore`.
#pragma once

#include <functional>
#include <variant>

#include "host/plan/plan.hpp"

namespace spore::host {

struct RunCommand {
    Request request;
    fs::path save_bundle;  ///< --save-bundle: write the bundle there instead of running
    bool dry_run = false;
    fs::path timeline;     ///< --timeline: draw where the time went
};
struct InspectCommand {
    fs::path file, treemap;  ///< `treemap` empty: none
};
struct DoctorCommand {};
/// --help and --version: print and end.
struct PrintCommand {
    std::string text;
};
/// A verb that needs nothing from main but to be carried out.
struct ActionCommand {
    std::function<Outcome<int>()> act;
    std::function<Outcome<std::vector<Request>>()> requests = {};  ///< what it runs; empty: nothing
};
using Command = std::variant<RunCommand, InspectCommand, DoctorCommand, PrintCommand, ActionCommand>;

Outcome<Command> parse_command_line(int count, const char* const* arguments);

}  // namespace spore::host
