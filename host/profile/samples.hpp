// The samples in a file that `perf record` wrote [linux tools/perf/Documentation/perf.data-file-format.txt]. Read here, since `perf script` tells offsets into
// files instead of addresses, and the program's are not in the files that perf sees.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/bytes.hpp"

namespace spore::host {

/// Calls `take` for each sample, with its addresses from where it was taken to the outermost caller. False when the file is none, or one with fields in an
/// order that is not known; what comes after damage is passed over.
bool read_samples(ByteSpan file, const std::function<void(const std::vector<u64>& addresses)>& take);

}  // namespace spore::host
