// The kernel's log goes to the test's output, when SPORE_TEST_LOG is set.
#include "kernel/core/log.hpp"

#include <cstdio>
#include <cstdlib>

namespace spore::core {
namespace {
LogLevel level = std::getenv("SPORE_TEST_LOG") ? LogLevel::debug : LogLevel::error;
}
LogLevel log_level() { return level; }
void set_log_level(LogLevel wanted) { level = wanted; }
void write_log(LogLevel, std::string_view line) { std::fprintf(stderr, "log: %.*s\n", static_cast<int>(line.size()), line.data()); }
}  // namespace spore::core
