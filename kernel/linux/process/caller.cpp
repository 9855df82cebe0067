#include "kernel/linux/process/caller.hpp"

namespace spore::linux {

Result<Shared<fs::Dentry>> Caller::start(Task& task, DirectoryDescriptor at, std::string_view path) const {
    if (at.value == DirectoryDescriptor::current || path.starts_with('/')) return directory_;
    auto file = TRY(task.files().get({at.value}));
    auto* entry = file->dentry();
    if (!entry) return fail(Error::not_directory);
    return Shared<fs::Dentry>(*entry);
}

Result<Shared<fs::Dentry>> Caller::resolve(Task& task, DirectoryDescriptor at, std::string_view path, fs::Follow follow, bool allow_empty) const {
    auto from = TRY(start(task, at, path));
    if (path.empty()) {
        if (!allow_empty) return fail(Error::not_found);
        return from;
    }
    return fs::resolve(context_, *from, path, follow);
}

}  // namespace spore::linux
