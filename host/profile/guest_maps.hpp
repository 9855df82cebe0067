// Which file of the guest lies at an address of its programs, by what /proc/N/maps said.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/types.hpp"

namespace spore::host {

class GuestMaps {
public:
    struct Place {
        std::string_view file;
        u64 offset;
    };
    /// One process's /proc/N/maps. What it says of an address counts from now on.
    void take(std::string_view text);
    /// A place in a file, or in what has a name in brackets; an empty name where nothing is known.
    Place find(u64 address) const;

private:
    struct Area {
        u64 end, offset;
        std::string file;
    };
    std::map<u64, Area> areas_;  ///< by start; code only
};

}  // namespace spore::host
