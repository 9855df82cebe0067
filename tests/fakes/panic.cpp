// A panic under test ends the test program; death tests look for the message.
#include "kernel/core/panic.hpp"

#include <cstdio>
#include <cstdlib>

namespace spore::core {
void panic_with(std::string_view message) {
    std::fprintf(stderr, "panic: %.*s\n", static_cast<int>(message.size()), message.data());
    std::abort();
}
}  // namespace spore::core
