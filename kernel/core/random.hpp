// Random bytes for keys, addresses and programs: one ChaCha20 generator per CPU, keyed from a common pool of entropy.
#pragma once

#include "base/bytes.hpp"

namespace spore::core {

/// Fills `out` with bytes that nobody can predict, nor find out later from the kernel's memory. Never fails and never waits: the
/// pool is seeded from the CPU's own source, and from the jitter of its clock, when first used.
void fill_random(MutableByteSpan out);
u64 random_u64();

/// Mixes bytes into the pool, from a device or the host; harmful to nobody even when they are known. All CPUs' generators take a new key
/// before they give out anything more.
void add_entropy(ByteSpan bytes);

}  // namespace spore::core
