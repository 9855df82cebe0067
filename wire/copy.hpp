// Reads what is agreed on for copies of files [abi/copy.hpp].
#pragma once

#include <string_view>

#include "abi/copy.hpp"
#include "base/result.hpp"

namespace spore::wire {

struct CopyRequest {
    abi::CopyDirection direction;
    std::string_view path, name;

    /// `truncated` or `corrupt`: strings without zeros, no absolute path, an unknown direction, a name that is none where one is needed.
    static Result<CopyRequest> parse(ByteSpan payload);
};

/// Whether an entry's sizes and type are such as may be.
bool is_sound(const abi::CopyEntry& entry);
/// A path that leads nowhere but below where it begins: names with single slashes between them, none of them "." or "..".
bool is_path_below(std::string_view path);

}  // namespace spore::wire
