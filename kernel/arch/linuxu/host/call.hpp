// Calls to the host, a Linux: numbers and types are its own [linux man-pages section 2]. The result is negative for an error (-errno).
#pragma once

#include <sys/syscall.h>

#include <type_traits>

#include "base/types.hpp"

extern "C" spore::i64 host_call(spore::u64 number, spore::u64 first, spore::u64 second, spore::u64 third, spore::u64 fourth, spore::u64 fifth,
                                spore::u64 sixth);

namespace spore::arch::host {

/// A call's argument as the register that it travels in.
template <typename T>
u64 word(T value) {
    if constexpr (std::is_pointer_v<T>) return reinterpret_cast<u64>(value);
    else if constexpr (std::is_null_pointer_v<T>) return 0;
    else return static_cast<u64>(static_cast<i64>(value));
}

template <typename... Arguments>
i64 call(long number, Arguments... arguments) {
    u64 words[6] = {word(arguments)...};
    return host_call(static_cast<u64>(number), words[0], words[1], words[2], words[3], words[4], words[5]);
}

}  // namespace spore::arch::host
