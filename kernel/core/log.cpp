#include "kernel/core/log.hpp"

#include "arch/boot.hpp"
#include "kernel/core/log_sink.hpp"

namespace spore::core {
namespace {
constinit LogLevel level_now = LogLevel::warn;
constinit LogSink sink = nullptr;
}  // namespace

LogLevel log_level() { return level_now; }
void set_log_level(LogLevel level) { level_now = level; }
void set_log_sink(LogSink new_sink) { sink = new_sink; }

void write_log(LogLevel level, std::string_view line) {
    if (sink) return sink(level, line);
    arch::write_early_console("spore: ");
    arch::write_early_console(line);
    arch::write_early_console("\n");
}

}  // namespace spore::core
