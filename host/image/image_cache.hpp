// What a folder of images may hold: images are made again when they are wanted, so whatever is in nobody's way stays, and no more.
#pragma once

#include <chrono>

#include "host/common/files.hpp"

namespace spore::host {

struct CacheLimits {
    u64 bytes = 8_GiB;
    /// Of an image since it was last used.
    std::chrono::hours life{24 * 14};
    /// Of what a run that was ended left half made; and how long an image is left alone that somebody may be about to open.
    std::chrono::minutes grace{60};
};

/// Marks an image as complete, just before it gets its name: from then on its time of modification goes by its size. Whatever changes or cuts it later
/// changes that, and so does a machine that lost its power before all was on the disk. The time of access is that of its last use.
Outcome<void> seal_image(const fs::path& image);
/// Seals a complete image and gives it its name; its size. One that was sealed under that name meanwhile is taken instead: whoever made it is about to
/// open it, and where files changed while both were made, it may have another size.
Outcome<u64> keep_image(const fs::path& complete, const fs::path& image);
/// The size of an image that is as it was sealed, and is in use now; nothing when there is none, or another thing in its place.
std::optional<u64> find_sealed_image(const fs::path& image);
/// Whether there is such a folder, which is in use now. Folders get their names when they are complete.
bool find_kept_folder(const fs::path& folder);
/// Removes what is too old, and then images that have not been used for longest until the rest is within the limit. Files and folders with
/// these extensions are images; others are left from runs that were ended.
void trim_cache(const fs::path& folder, std::initializer_list<std::string_view> extensions, const CacheLimits& limits = {});

}  // namespace spore::host
