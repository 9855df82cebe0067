// The descriptor of a ring.
#pragma once

#include "kernel/linux/ring/ring.hpp"

namespace spore::linux::ring {

Result<Shared<fs::File>> make_ring_file(Shared<Ring> ring);
/// Of a file of this kind (fs::FileKind::ring).
Ring& ring_of(fs::File& file);
/// IORING_REGISTER_FILES_UPDATE: how many places were changed, of `count` from `first` on, to the files of these descriptors; -1 empties one, -2 leaves it.
Result<u64> update_files(Task& task, Registered& registered, u32 first, UserIn<i32> descriptors, u32 count);

}  // namespace spore::linux::ring
