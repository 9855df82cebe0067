// Which instructions atomic operations are made of [../atomics.S].
#pragma once

namespace spore::arch {

/// Puts the single instructions in, where the CPU has them. Once, while the kernel's text can still be written.
void choose_atomics();

}  // namespace spore::arch
