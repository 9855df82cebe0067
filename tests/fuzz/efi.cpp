// Any bytes as UEFI's memory map: regions come in order and hold something.
#include "wire/efi.hpp"

#include <cstdlib>

using namespace spore;
using namespace spore::wire::efi;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    if (size == 0) return 0;
    auto map = MemoryMap::parse(std::as_bytes(std::span(data + 1, size - 1)), data[0]);
    u64 at = 0;
    std::size_t count = 0;
    while (auto region = map ? map->first_above(at) : std::nullopt) {
        if (region->end <= at || region->start >= region->end || ++count > size) std::abort();
        at = region->end;
    }
    return 0;
}
