#include "kernel/main/shares.hpp"

#include "base/format.hpp"
#include "kernel/device/share.hpp"
#include "kernel/fs/ninep/file_system.hpp"
#include "kernel/fs/vfs.hpp"
#include "kernel/main/stop.hpp"

namespace spore::main {
namespace {

Result<void> mount_share(fs::Dentry& root, device::Share& share, std::string_view path) {
    auto at = TRY(fs::resolve({.root = root, .directory = root}, root, path, fs::Follow::yes));
    return fs::mount(*at, TRY(fs::ninep::NinepFileSystem::create(share)), false);
}

[[noreturn]] void stop_without(std::string_view path, const char* why) {
    char message[400];
    stop(abi::StartFailure::bad_root, format_to(message, "what the host shares as {} {}", path, why));
}

}  // namespace

Result<void> mount_shares(const wire::Manifest& manifest, fs::Dentry& root) {
    unsigned number = 0;
    Result<void> outcome;
    manifest.for_each_share([&](std::string_view path) {
        char name[16];
        auto* share = device::share(format_to(name, "share{}", number++));
        if (!outcome) return;
        if (!share) stop_without(path, "is not among this machine's devices: start it as the tool does (spore run --dry-run)");
        outcome = mount_share(root, *share, path);
        if (!outcome && outcome.error() != Error::no_memory) stop_without(path, "cannot be read: look at its permissions on the host");
    });
    return outcome;
}

}  // namespace spore::main
