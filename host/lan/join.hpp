// A machine joins a network of machines.
#pragma once

#include "host/plan/plan.hpp"

namespace spore::host::lan {

/// Joins the network that the plan names, and starts that when nobody is there. The plan gets the machine's name, its addresses and its card's.
/// What is given is the machine's wire: whoever has it open is a member.
Outcome<FileDescriptor> join(Plan& plan);

}  // namespace spore::host::lan
