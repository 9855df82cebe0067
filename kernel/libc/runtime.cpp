// What compiled C++ refers to in the dark corners.
#include <cstdlib>

#include "kernel/core/panic.hpp"

extern "C" [[gnu::used, noreturn]] void __cxa_pure_virtual() { spore::core::panic_with("a pure virtual function was called"); }

extern "C" [[gnu::used, noreturn]] void abort() { spore::core::panic_with("abort() was called"); }

namespace std {
inline namespace __1 {
/// libc++'s hardening ends here: an index out of range, an empty optional.
[[gnu::used, noreturn]] void __libcpp_verbose_abort(const char* format, ...) noexcept { spore::core::panic_with(format); }
}  // namespace __1
}  // namespace std
