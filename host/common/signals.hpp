// Signals by name, as kill(1) and Docker write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spore::host {

/// "TERM", "SIGTERM", "15", "RTMIN+3" or "RTMAX-1", in capitals or not; nothing for what is no signal.
std::optional<int> parse_signal(std::string_view text);
/// "SIGTERM"; "signal 40" for one without a name.
std::string signal_name(int signal);

}  // namespace spore::host
