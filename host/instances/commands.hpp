// What `spore ps`, `logs`, `stop`, `kill`, `wait` and `rm` do. Each prints on the standard streams and gives the exit status.
#pragma once

#include "host/instances/instance.hpp"

namespace spore::host {

enum class Listing : u8 { running, all };
enum class Format : u8 { table, json };
enum class Follow : u8 { no, yes };
enum class Stamps : u8 { no, yes };
enum class Force : u8 { no, yes };

Outcome<int> list_instances(Listing listing, Format format);
/// Standard output goes to standard output, standard error to standard error, of what is there only the last so many lines of both. Following ends when the program does.
Outcome<int> show_log(const std::string& name, Follow follow, Stamps stamps, std::optional<u64> last);
/// Asks the program to end with SIGTERM; after `seconds` ends the machine.
Outcome<int> stop_instance(const std::string& name, unsigned seconds);
Outcome<int> signal_instance(const std::string& name, const std::string& signal);
/// Waits for the end; gives the program's exit status.
Outcome<int> wait_for_instance(const std::string& name);
Outcome<int> remove_instance(const std::string& name, Force force);


}  // namespace spore::host
