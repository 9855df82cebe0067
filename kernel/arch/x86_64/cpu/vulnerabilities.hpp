// What this processor may tell programs without being asked [docs/adr/0009-vulnerable-processors.md].
#pragma once

namespace spore::arch {

/// Says so where programs may read what guarded mode closes to them.
void warn_of_leaks();

}  // namespace spore::arch
