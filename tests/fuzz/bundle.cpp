// Any bytes as a bundle and as a manifest: what parses must keep its promises.
#include <cstdlib>

#include "wire/bundle.hpp"
#include "wire/manifest.hpp"

using namespace spore;

namespace {
void read_manifest(ByteSpan bytes) {
    auto manifest = wire::Manifest::parse(bytes);
    if (!manifest) return;
    if (!manifest->program().starts_with('/') || !manifest->directory().starts_with('/')) std::abort();
    std::size_t arguments = 0;
    manifest->for_each_argument([&](std::string_view) { ++arguments; });
    if (arguments != manifest->argument_count()) std::abort();
    manifest->for_each_read_only([](std::string_view path) { if (!path.starts_with('/')) std::abort(); });
    manifest->for_each_limit([](wire::Manifest::Limit) {});
    manifest->for_each_tmpfs([](const wire::Manifest::Tmpfs& tmpfs) { if (!tmpfs.path.starts_with('/') || tmpfs.record.mode > 07777) std::abort(); });
    manifest->for_each_volume([](const wire::Manifest::Volume& volume) { if (!volume.path.starts_with('/')) std::abort(); });
    manifest->for_each_file([](const wire::Manifest::File& file) {
        if (!file.path.starts_with('/') || file.record.mode > 07777) std::abort();
        u64 sum = 0;
        for (auto byte : file.content) sum += std::to_integer<u64>(byte);
        if (sum > 255 * file.content.size()) std::abort();
    });
    if (auto user = manifest->user()) {
        u64 sum = 0;
        for (u32 group : user->groups) sum += group;
        if (user->groups.size() > abi::most_groups || sum > u64{abi::most_groups} << 32) std::abort();
    }
    (void)manifest->terminal(), (void)manifest->hostname(), (void)manifest->mode(), (void)manifest->strace(), (void)manifest->trace();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    ByteSpan bytes(reinterpret_cast<const std::byte*>(data), size);
    read_manifest(bytes);
    if (auto bundle = wire::Bundle::parse(bytes)) read_manifest(bundle->manifest);
    return 0;
}
