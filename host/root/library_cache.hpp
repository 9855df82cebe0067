// /etc/ld.so.cache: which file a library's name stands for on this machine [glibc: cache format 1.1].
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace spore::host {

/// Name → path, for the libraries with these flags (ArchitectureFacts::cache_flags) that make no special demands on the hardware. A damaged
/// cache gives what could be read.
std::map<std::string, std::string, std::less<>> parse_library_cache(ByteSpan file, u32 flags);

}  // namespace spore::host
