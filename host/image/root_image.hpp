// The root as an EROFS image, made by mkfs.erofs once and kept in the cache under a name that its files' versions decide.
#pragma once

#include "host/plan/plan.hpp"
#include "host/root/root.hpp"

namespace spore::host {

/// Up to this size, a virtual machine's root is read in place from memory when nobody says otherwise; above it, it is a disk that is paged on demand.
inline constexpr u64 largest_root_in_memory = 16_MiB;

struct RootImage {
    fs::path path;
    u64 size = 0;
};

/// Where the plan's root is to be, when it is this image.
RootPlace place_of_root(const Plan& plan, const RootImage& image);

/// The name of the image of this root: 32 hexadecimal digits over every path and every file's size, time and inode.
std::string image_key(const Root& root);

/// Finds or makes the image. Several processes may do so at once: each makes its own and renames it into place.
Outcome<RootImage> ensure_root_image(const Root& root);

}  // namespace spore::host
