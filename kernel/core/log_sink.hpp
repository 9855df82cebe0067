// Where log lines go: the early console, until somebody offers better.
#pragma once

#include "kernel/core/log.hpp"

namespace spore::core {

/// May be called in any context, so it must not sleep.
using LogSink = void (*)(LogLevel level, std::string_view line);
void set_log_sink(LogSink sink);

}  // namespace spore::core
