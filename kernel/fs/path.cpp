// From an entry back to its path.
#include <algorithm>

#include "kernel/fs/open.hpp"

namespace spore::fs {
namespace {

/// Fills the buffer from its end; entries above `root` (when given) are left out. `mark` stands in front of what does not lie below it.
Result<std::string_view> write_path(Dentry* root, Dentry& entry, std::span<char> buffer, std::string_view mark = {}) {
    std::size_t begin = buffer.size();
    auto prepend = [&](std::string_view text) {
        if (text.size() > begin) return false;
        begin -= text.size();
        std::ranges::copy(text, buffer.begin() + static_cast<std::ptrdiff_t>(begin));
        return true;
    };
    if (entry.deleted() && !prepend(" (deleted)")) return fail(Error::out_of_range);
    auto end = begin;
    bool outside = false;
    {
        Guard guard(tree_lock());
        for (auto* at = &entry; at != root;) {
            auto* parent = at->parent_locked();
            if (!parent) {
                auto* covered = at->mount().covered();
                if (!covered) {
                    // A root has no name; what is outside of the tree (a pipe) has one, and no path.
                    if (!prepend(at->name_locked())) return fail(Error::out_of_range);
                    outside = true;
                    break;
                }
                at = covered;
                continue;
            }
            if (!prepend(at->name_locked()) || !prepend("/")) return fail(Error::out_of_range);
            at = parent;
        }
    }
    if (begin == end && !prepend("/")) return fail(Error::out_of_range);
    if (outside && !prepend(mark)) return fail(Error::out_of_range);
    std::memmove(buffer.data(), buffer.data() + begin, buffer.size() - begin);
    return std::string_view{buffer.data(), buffer.size() - begin};
}

}  // namespace

Result<std::string_view> path_of(Dentry& root, Dentry& entry, std::span<char> buffer) { return write_path(&root, entry, buffer); }
Result<std::string_view> path_from_tree_root(Dentry& entry, std::span<char> buffer) { return write_path(nullptr, entry, buffer); }
Result<std::string_view> marked_path_of(Dentry& root, Dentry& entry, std::span<char> buffer) { return write_path(&root, entry, buffer, "(unreachable)"); }

}  // namespace spore::fs
