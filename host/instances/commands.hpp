// What `spore ps`, `stop`, `kill`, `wait` and `rm` do. Each prints on the standard streams and gives the exit status.
#pragma once

#include "host/instances/instance.hpp"

namespace spore::host {

enum class Listing : u8 { running, all };
enum class Format : u8 { table, json };
enum class Force : u8 { no, yes };

Outcome<int> list_instances(Listing listing, Format format);
/// Asks the program to end with SIGTERM; after `seconds` ends the machine.
Outcome<int> stop_instance(const std::string& name, unsigned seconds);
Outcome<int> signal_instance(const std::string& name, const std::string& signal);
/// Waits for the end; gives the program's exit status.
Outcome<int> wait_for_instance(const std::string& name);
Outcome<int> remove_instance(const std::string& name, Force force);

}  // namespace spore::host
