// What shared anonymous memory shows: pages without a file, for as long as somebody maps them.
#pragma once

#include "kernel/memory/address_space.hpp"

namespace spore::memory {

Result<Shared<MappedObject>> create_anonymous_object(u64 size);

}  // namespace spore::memory
