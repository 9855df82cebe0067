// Files into and out of a background machine: `spore cp`. The guest's kernel reads and writes them, whatever programs the machine has.
#pragma once

#include "host/instances/instance.hpp"

namespace spore::host {

/// A file or folder of this machine, or of the one that `instance` names.
struct CopyPlace {
    std::string instance;  ///< empty: here
    std::string path;
};
/// "PATH", or "NAME:PATH" with an absolute path.
CopyPlace parse_copy_place(std::string_view text);

/// One of the two is in a machine. Into a folder that is there already, it goes by its own name. What could not be copied is told, line by line, and the status is
/// 1 then.
Outcome<int> copy_between(const CopyPlace& from, const CopyPlace& to);

}  // namespace spore::host
