// /etc/ld.so.cache: which file a library's name stands for on this machine [glibc: cache format 1.1].
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace spore::host {

/// Name → path, for 64-bit x86 glibc libraries without special hardware demands. A damaged cache gives what could be read.
std::map<std::string, std::string, std::less<>> parse_library_cache(ByteSpan file);

}  // namespace spore::host
