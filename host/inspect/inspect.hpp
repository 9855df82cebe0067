// `spore inspect`: what is inside a bundle, a root image or a program. `spore doctor`: whether this machine has what is needed.
#pragma once

#include "host/common/files.hpp"

namespace spore::host {

/// A description of the file for people; a failure says why it is none of the kinds known.
Outcome<std::string> inspect(const fs::path& file);

struct Diagnosis {
    bool healthy;
    std::string text;
};
Diagnosis diagnose();

}  // namespace spore::host
