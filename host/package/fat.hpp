// A FAT file system with a few files, made by mtools.
#pragma once

#include "host/package/package.hpp"

namespace spore::host {

struct FatFile {
    fs::path from;
    std::string to;  ///< a path in it, with folders before it
};

/// Room enough for these files, in whole MiB.
u64 fat_size(const std::vector<FatFile>& files);
/// Makes it in the file `image`, at this offset and of this size, which are whole sectors.
Outcome<void> make_fat(const fs::path& image, u64 offset, u64 size, const std::vector<FatFile>& files);

}  // namespace spore::host
