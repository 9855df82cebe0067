// `spore inspect`: what is inside a bundle, a root image or a program. `spore doctor`: whether this machine has what is needed.
#pragma once

#include "host/common/files.hpp"

namespace spore::host {

/// A description of the file for people, with the files in it; a failure says why it is none of the kinds known.
Outcome<std::string> inspect(const fs::path& file);
/// Draws where the bytes of a bundle (with the kernel that runs it) or of a root image go, into a file ending in .svg or .html.
Outcome<> draw_treemap(const fs::path& file, const fs::path& picture);

struct Diagnosis {
    bool healthy;
    std::string text;
};
Diagnosis diagnose();

}  // namespace spore::host
