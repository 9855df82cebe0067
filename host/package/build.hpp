// `spore build`: from a request to an image for others to boot.
#pragma once

#include "host/package/target.hpp"

namespace spore::host {

struct BuildOptions {
    const Target& target;
    fs::path output;  ///< empty: the program's name in the current folder
};

/// Makes the image and prints how it is started.
Outcome<int> build_image(const Request& request, const BuildOptions& options);

}  // namespace spore::host
