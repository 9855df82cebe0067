// memfd: a file in memory without a place in the tree [memfd_create(2)].
#pragma once

#include "kernel/fs/file.hpp"

namespace spore::linux {

/// With these seals (kernel/fs/seals.hpp).
Result<Shared<fs::File>> make_memory_file(std::string_view name, u16 permissions, u32 seals);

}  // namespace spore::linux
