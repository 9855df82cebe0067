// What compiled C++ refers to in the dark corners.
#include <__verbose_abort>
#include <cstdlib>

#include "kernel/core/panic.hpp"

extern "C" [[gnu::used, noreturn]] void __cxa_pure_virtual() { spore::core::panic_with("a pure virtual function was called"); }

extern "C" [[gnu::used]] void abort() { spore::core::panic_with("abort() was called"); }

/// libc++'s hardening ends here: an index out of range, an empty optional.
[[gnu::used]] void std::__libcpp_verbose_abort(const char* format, ...) { spore::core::panic_with(format); }
