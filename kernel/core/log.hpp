// The kernel's own messages: silent unless asked for (--log). Formats like fmt, but with `{}` and `{:x}` only.
#pragma once

#include "abi/manifest.hpp"
#include "base/format.hpp"

namespace spore::core {

using abi::LogLevel;

/// Messages above this level are dropped before they are formatted.
LogLevel log_level();
void set_log_level(LogLevel level);

/// Writes one line; called by log() below.
void write_log(LogLevel level, std::string_view line);

template <typename... Args>
void log(LogLevel level, FormatString<Args...> format, const Args&... args) {
    if (level > log_level()) return;
    char buffer[256];
    write_log(level, format_to(buffer, format, args...));
}
template <typename... Args>
void error(FormatString<Args...> format, const Args&... args) { log(LogLevel::error, format, args...); }
template <typename... Args>
void warn(FormatString<Args...> format, const Args&... args) { log(LogLevel::warn, format, args...); }
template <typename... Args>
void info(FormatString<Args...> format, const Args&... args) { log(LogLevel::info, format, args...); }
template <typename... Args>
void debug(FormatString<Args...> format, const Args&... args) { log(LogLevel::debug, format, args...); }

}  // namespace spore::core
