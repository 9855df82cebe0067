// The parts that a kernel may lack, as the kernel declares them.
#pragma once

#include <string_view>

namespace spore::host {

struct DeclaredPart {
    std::string_view name, text;
};
inline constexpr DeclaredPart declared_parts[] = {
#define PART(name, text) {#name, text},
#include "abi/parts.list.hpp"
#undef PART
};

}  // namespace spore::host
