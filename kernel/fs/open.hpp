// What the VFS's own parts share.
#pragma once

#include "kernel/fs/dentry_cache.hpp"
#include "kernel/fs/vfs.hpp"

namespace spore::fs {

/// Makes a file in a directory whose mutex is held and whose permissions were checked; replaces the entry that said the name is absent.
Result<Shared<Dentry>> create_in(const Context& context, Dentry& directory, const HashedName& name, NewInode node, Dentry* absent);

/// For File::describe: the path from the root of the whole tree.
std::string_view describe_entry(Dentry& entry, std::span<char> buffer);
Result<std::string_view> path_from_tree_root(Dentry& entry, std::span<char> buffer);
/// As path_of does; but what does not lie below the root has "(unreachable)" in front of its path from the tree's [getcwd(2)].
Result<std::string_view> marked_path_of(Dentry& root, Dentry& entry, std::span<char> buffer);

}  // namespace spore::fs
