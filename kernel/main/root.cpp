#include "kernel/main/root.hpp"

#include "kernel/fs/erofs/file_system.hpp"
#include "kernel/fs/vfs.hpp"
#include "kernel/main/stop.hpp"

namespace spore::main {
namespace {

Result<Shared<fs::Dentry>> try_mount(const OpenBundle& bundle) {
    using fs::erofs::MemoryImage;
    auto image = TRY(make_owned<MemoryImage>(bundle.root_bytes, MemoryImage::Frames::usable));
    auto lower = TRY(fs::erofs::ErofsFileSystem::create(std::move(image)));
    return fs::make_tree(lower);
}

}  // namespace

Shared<fs::Dentry> mount_root(const OpenBundle& bundle) {
    auto root = try_mount(bundle);
    if (root) return *root;
    if (root.error() == Error::no_memory) stop(abi::StartFailure::no_memory, "too little memory to mount the root: give the VM more with -m");
    stop(abi::StartFailure::bad_root, "the root image is damaged: build it again");
}

}  // namespace spore::main
