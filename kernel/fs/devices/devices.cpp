#include "kernel/fs/devices/devices.hpp"

#include "kernel/fs/special_file.hpp"
#include "kernel/fs/tmpfs/file_system.hpp"
#include "kernel/fs/vfs.hpp"

namespace spore::fs {
namespace {

struct Node {
    std::string_view name;
    u32 major, minor;
};
constexpr Node nodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}, {"console", 5, 1}, {"ptmx", 5, 2}};

struct Link {
    std::string_view name, target;
};
constexpr Link links[] = {{"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"}};

Result<void> add(Inode& directory, std::string_view name, const NewInode& node) {
    Guard guard(directory.directory_mutex());
    TRY(directory.create(name, node));
    return {};
}

/// The directory at the root of the tree, made when it is missing. Nothing when something else has that name.
Result<Shared<Dentry>> ensure_directory(const Context& context, std::string_view path) {
    auto found = resolve(context, context.root, path, Follow::yes);
    if (!found && found.error() == Error::not_found) {
        TRY(make_directory(context, context.root, path, 0755));
        found = resolve(context, context.root, path, Follow::yes);
    }
    return found;
}

}  // namespace

Result<Shared<FileSystem>> create_devices() {
    auto made = TRY(tmpfs::TmpFileSystem::create(1_MiB, 0755));
    auto root = TRY(made->root());
    for (const auto& node : nodes)
        TRY(add(*root, node.name, {.type = FileType::character, .permissions = 0666, .special = device_number(node.major, node.minor)}));
    for (const auto& link : links) TRY(add(*root, link.name, {.type = FileType::link, .permissions = 0777, .target = link.target}));
    TRY(add(*root, "pts", {.type = FileType::directory, .permissions = 0755}));
    TRY(add(*root, "shm", {.type = FileType::directory, .permissions = 01777}));
    return Shared<FileSystem>(std::move(made));
}

Result<void> mount_standard(Dentry& root) {
    TRY(register_memory_devices());
    Context context{.root = root, .directory = root, .umask = 0};
    auto dev = TRY(ensure_directory(context, "/dev"));
    auto devices = TRY(create_devices());
    TRY(mount(*dev, std::move(devices), false));
    auto shm = TRY(ensure_directory(context, "/dev/shm"));
    auto shared = TRY(tmpfs::TmpFileSystem::create());
    return mount(*shm, std::move(shared), false);
}

}  // namespace spore::fs
