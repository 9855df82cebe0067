// Structures that grow from one version of Linux to the next: the program says how large the one is that it knows [copy_struct_from_user].
#pragma once

#include <algorithm>

#include "kernel/linux/user.hpp"

namespace spore::linux {

/// What the program has of a T; what its version does not know is zero. `invalid` when it is smaller than the `first` version, and
/// argument_list_too_long when it sets what T has not.
template <typename T>
    requires std::is_trivially_copyable_v<T>
Result<T> read_growing(VirtAddr at, u64 size, u64 first) {
    if (size > page_size) return fail(Error::argument_list_too_long);
    if (size < first) return fail(Error::invalid);
    T value{};
    TRY(arch::copy_from_program(&value, at, std::min<u64>(size, sizeof value)));
    for (u64 beyond = sizeof value; beyond < size; ++beyond)
        if (TRY(UserIn<u8>{at + beyond}.read())) return fail(Error::argument_list_too_long);
    return value;
}

}  // namespace spore::linux
