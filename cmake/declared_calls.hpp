// Preprocessed alone by the build (host/CMakeLists.txt): each of the kernel's declarations, and each of Linux's calls that it does not have,
// becomes a line of the host's table.
#define CALL(name, x86_64, arm64, interrupt, status, arguments, note) {{x86_64, arm64}, {#name, status, note}},
#define MISSING(name, x86_64, arm64) {{x86_64, arm64}, {#name, missing, ""}},
#include "kernel/linux/calls/all.list.hpp"
#include "kernel/linux/calls/missing.list.hpp"
