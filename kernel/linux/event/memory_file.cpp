#include "kernel/linux/event/memory_file.hpp"

#include "base/format.hpp"
#include "kernel/fs/dentry_cache.hpp"
#include "kernel/fs/tmpfs/file_system.hpp"
#include "kernel/fs/vfs.hpp"

namespace spore::linux {

namespace {
/// The root of the file system that holds them all; made when the first is.
constinit Locked<Shared<fs::Dentry>, sync::Mutex> home;
}  // namespace

Result<Shared<fs::File>> make_memory_file(std::string_view name, u16 permissions, u32 seals) {
    auto root = TRY(home.with([](Shared<fs::Dentry>& at) -> Result<Shared<fs::Dentry>> {
        if (!at) at = TRY(fs::make_tree(TRY(fs::tmpfs::TmpFileSystem::create())));
        return at;
    }));
    auto inode = TRY(root->inode()->create_unnamed({.type = fs::FileType::regular, .permissions = permissions, .seals = seals}));
    char text[264];
    auto entry = TRY(fs::Dentry::create(Shared(root->mount()), root.get(), format_to(text, "memfd:{}", name), std::move(inode)));
    fs::dentry_cache().forget(*entry, fs::DentryCache::Forget::deleted);
    return entry->inode()->open(*entry, {.read = true, .write = true});
}

}  // namespace spore::linux
