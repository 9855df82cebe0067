// Preprocessed alone by the build (host/CMakeLists.txt): each of the kernel's declarations becomes a line of the host's table.
#define CALL(name, x86_64, arm64, interrupt, status, arguments, note) {x86_64, {#name, status, note}},
#include "kernel/linux/calls/all.list.hpp"
