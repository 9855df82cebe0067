// The files of a root image, as a tree with sizes.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace spore::host {

/// A file or a folder. A file with several names has its bytes at the first of them.
struct Content {
    std::string name;
    bool folder = false;
    u64 size = 0;                   ///< of a folder: of all below it
    std::vector<Content> children{};  ///< the largest first

    void add(Content child);
    void sort();
};

/// From an EROFS image, whose root is named "/". corrupt, truncated or not_supported say what is wrong with it.
Result<Content> read_contents(ByteSpan image);

/// One line for each file and folder, indented: "     1.2 M  usr/".
std::string format_tree(const Content& root);
/// "  312 K": right-aligned in seven columns.
std::string format_size(u64 bytes);

}  // namespace spore::host
