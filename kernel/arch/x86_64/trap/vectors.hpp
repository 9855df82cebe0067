// The interrupt vectors that we hand out.
#pragma once

#include "../../isa/x86_64/trap/exceptions.hpp"

namespace spore::arch::vector {

inline constexpr u32 first_external = 0x20;
inline constexpr u32 first_device = 0x30;  ///< allocated to devices one by one
inline constexpr u32 last_device = 0xef;
inline constexpr u32 timer = 0xf0;
inline constexpr u32 kick = 0xf1;
inline constexpr u32 flush = 0xf2;
inline constexpr u32 stop = 0xf3;
inline constexpr u32 spurious = 0xff;

}  // namespace spore::arch::vector
