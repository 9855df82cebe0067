// Numbers that tell address spaces apart in the TLBs. 0 is shared by all that come when the others are taken.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

u16 take_asid();
/// The TLBs hold nothing of it afterwards.
void give_back_asid(u16 asid);

}  // namespace spore::arch
