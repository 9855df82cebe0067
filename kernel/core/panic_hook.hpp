// Where a panic's lines go. An empty line is the last: the machine stops after it.
#pragma once

#include <string_view>

namespace spore::core {

/// Must not sleep, lock or allocate.
using PanicHook = void (*)(std::string_view line);
void set_panic_hook(PanicHook hook);

}  // namespace spore::core
