// Makes a kernel anew from the objects of the build, with fewer parts.
#pragma once

#include "host/common/files.hpp"

namespace spore::host {

/// Makes `image` and `image`.debug of the kernel beside whose image `kernel` its recipe lies (kernel/CMakeLists.txt); `header` is
/// what kernel/core/parts.hpp reads. Works in `folder`, which is there and empty.
Outcome<void> relink(const fs::path& kernel, std::string_view header, const fs::path& folder, const fs::path& image);

}  // namespace spore::host
