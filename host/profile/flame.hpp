// `spore flame`: a run on linuxu under perf, and where its time went as a picture.
#pragma once

#include "host/run/run.hpp"

namespace spore::host {

struct FlameOptions {
    fs::path output = "flame.svg";
    fs::path folded;           ///< the same as lines of text; empty: not wanted
    unsigned frequency = 997;  ///< samples a second: a prime, so as not to go in step with what happens at round intervals
};

/// Gives the program's exit status. The picture is written also when the program fails.
Outcome<int> flame(Plan plan, const FlameOptions& options);

}  // namespace spore::host
