// Access to devices by whatever instruction the compiler takes: hypervisors of this CPU carry out all that it has.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

template <typename T>
T load_device(const T* place) {
    return *static_cast<const volatile T*>(place);
}

template <typename T>
void store_device(T* place, T value) {
    *static_cast<volatile T*>(place) = value;
}

}  // namespace spore::arch
