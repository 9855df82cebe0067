// mounts and mountinfo [proc_pid_mounts(5), proc_pid_mountinfo(5)].
#include "kernel/fs/vfs.hpp"
#include "kernel/linux/proc/process_files.hpp"

namespace spore::linux::proc {

namespace {

/// Blanks, newlines and backslashes as octal escapes, so that lines can be split.
Result<void> write_escaped(TextSink& out, std::string_view path) {
    for (char c : path) {
        if (c == ' ' || c == '\t' || c == '\n' || c == '\\')
            TRY(out.print("\\{}{}{}", c >> 6 & 7, c >> 3 & 7, c & 7));
        else TRY(out.write({&c, 1}));
    }
    return {};
}

/// Calls f(mount, where it lies) for each mount below `root`.
template <typename F>
Result<void> for_each_visible(fs::Dentry& root, F&& f) {
    auto& own = root.mount();
    for (auto mount = fs::next_mount(0); mount; mount = fs::next_mount(mount->id())) {
        char buffer[512];
        std::string_view at = "/";
        if (mount.get() != &own) {
            auto* covered = mount->covered();
            if (!covered) continue;
            auto path = fs::path_of(root, *covered, buffer);
            if (!path) continue;
            at = *path;
        }
        TRY(f(*mount, at));
    }
    return {};
}

std::string_view options_of(const fs::Mount& mount) { return mount.read_only() ? "ro,relatime" : "rw,relatime"; }

}  // namespace

Result<void> show_mounts(fs::Dentry& root, TextSink& out) {
    return for_each_visible(root, [&](fs::Mount& mount, std::string_view at) -> Result<void> {
        std::string_view kind = mount.file_system().kind();
        TRY(out.print("{} ", kind));
        TRY(write_escaped(out, at));
        return out.print(" {} {} 0 0\n", kind, options_of(mount));
    });
}

Result<void> show_mount_info(fs::Dentry& root, TextSink& out) {
    return for_each_visible(root, [&](fs::Mount& mount, std::string_view at) -> Result<void> {
        auto* covered = mount.covered();
        u64 parent = covered ? covered->mount().id() : 0;
        std::string_view kind = mount.file_system().kind();
        TRY(out.print("{} {} 0:{} / ", mount.id() + 20, parent + 20, mount.file_system().device()));
        TRY(write_escaped(out, at));
        return out.print(" {} shared:{} - {} {} {}\n", options_of(mount), mount.id(), kind, kind, mount.read_only() ? "ro" : "rw");
    });
}

}  // namespace spore::linux::proc
