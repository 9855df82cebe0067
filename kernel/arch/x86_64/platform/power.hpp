// How this machine is turned off and restarted.
#pragma once

#include "wire/acpi.hpp"

namespace spore::arch {

void learn_power(wire::acpi::PhysicalReader& reader, wire::acpi::Table fadt);

}  // namespace spore::arch
