// What a saved machine is, besides its state: the folder's machine.json. A machine that goes on from the state has the same processors, memory and
// devices; how it is connected with this host may be another way.
#pragma once

#include <string>

#include "host/plan/plan.hpp"

namespace spore::host {

struct SavedMachine {
    Plan plan;                ///< as far as the machine depends on it
    RootPlace root_place = RootPlace::memory;
    bool firmware = false;    ///< it was started by firmware, a file of the folder

    std::string to_json() const;
    /// A failure that tells what is wrong with the text.
    static Outcome<SavedMachine> from_json(std::string_view text);
};

/// The files beside machine.json.
namespace saved_file {
inline constexpr const char *machine = "machine.json", *state = "state", *kernel = "kernel", *bundle = "bundle", *root = "root", *firmware = "firmware";
}

}  // namespace spore::host
