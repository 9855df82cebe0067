#include "kernel/main/bundle.hpp"

#include "arch/mmu.hpp"
#include "kernel/main/stop.hpp"

namespace spore::main {

OpenBundle open_bundle(const arch::BootInfo& info) {
    auto [start, end] = info.bundle;
    if (start == end) stop(abi::StartFailure::bad_bundle, "no bundle was loaded: start the kernel with `spore run`, or give one as its initrd");
    auto bytes = ByteSpan(static_cast<const std::byte*>(arch::direct(start)), end - start);
    auto bundle = wire::Bundle::parse(bytes);
    if (!bundle || !is_aligned(start.value, page_size))
        stop(abi::StartFailure::bad_bundle, "the bundle (initrd) is damaged or not one of Spore's: build it again");
    auto manifest = wire::Manifest::parse(bundle->manifest);
    if (!manifest) stop(abi::StartFailure::bad_bundle, "the bundle's manifest is damaged or of another version: build it again");
    return {*manifest, start + static_cast<u64>(bundle->root.data() - bytes.data()), bundle->root};
}

}  // namespace spore::main
