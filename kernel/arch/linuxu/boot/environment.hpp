// What kernels for tests are told beside their settings.
#pragma once

#include <string_view>

#include "base/types.hpp"

namespace spore::arch {

/// The rest of the word that begins with `name`, on the stack that the host hands over: arguments, a null, the environment, a null.
inline const char* find_in_environment(const u64* stack, std::string_view name) {
    for (auto* at = stack + 1 + stack[0] + 1; *at; ++at) {
        auto* word = reinterpret_cast<const char*>(*at);
        if (std::string_view(word).starts_with(name)) return word + name.size();
    }
    return nullptr;
}

}  // namespace spore::arch
