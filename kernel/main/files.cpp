#include "kernel/main/files.hpp"

#include "kernel/fs/file.hpp"
#include "kernel/fs/vfs.hpp"

namespace spore::main {
namespace {

Result<void> make_file(fs::Dentry& root, const wire::Manifest::File& wanted) {
    fs::Context context{.root = root, .directory = root, .umask = 0};
    auto& record = wanted.record;
    auto file = TRY(fs::open(context, root, wanted.path, {.mode = {.write = true}, .create = true, .truncate = true, .permissions = record.mode}));
    for (auto rest = fs::IoBuffer::kernel(wanted.content); rest.remaining();)
        if (TRY(file->write(rest)) == 0) return fail(Error::io);
    auto& dentry = *file->dentry();
    TRY(fs::set_owner(context, dentry, record.uid, record.gid));
    TRY(fs::set_permissions(context, dentry, record.mode));  // of which a new owner takes some away
    return fs::set_times(context, dentry, {.set_modified = true, .accessed = {}, .modified = {static_cast<i64>(u64{record.modified}), 0}});
}

}  // namespace

Result<void> make_files(const wire::Manifest& manifest, fs::Dentry& root) {
    Result<void> outcome;
    manifest.for_each_file([&](const wire::Manifest::File& file) {
        if (outcome) outcome = make_file(root, file);
    });
    return outcome;
}

}  // namespace spore::main
