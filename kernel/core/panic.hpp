// The end of the road: a broken invariant. Never for bad input.
#pragma once

#include "base/format.hpp"

namespace spore::core {

/// Prints the message and a backtrace on every console there is, tells the host, and stops all CPUs.
[[noreturn]] void panic_with(std::string_view message);

template <typename... Args>
[[noreturn]] void panic(FormatString<Args...> format, const Args&... args) {
    char buffer[256];
    panic_with(format_to(buffer, format, args...));
}

}  // namespace spore::core

/// Checks an invariant in every build.
#define ASSERT(condition)                                                     \
    do                                                                        \
        if (!(condition)) [[unlikely]]                                        \
            ::spore::core::panic_with(__FILE_NAME__ ": " #condition);         \
    while (false)

/// The value of a Result that cannot fail; the second argument says why.
#define MUST(expression, why)                                                 \
    ({                                                                        \
        auto&& must_result_ = (expression);                                   \
        if (!must_result_.has_value()) [[unlikely]]                           \
            ::spore::core::panic_with(__FILE_NAME__ ": " #expression " failed, although " why); \
        ::spore::detail::unwrap(::std::move(must_result_));                   \
    })
