#include "host/image/root_image.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/defer.hpp"
#include "host/common/ending_signals.hpp"
#include "host/common/fingerprint.hpp"
#include "host/common/process.hpp"
#include "host/image/image_cache.hpp"

namespace spore::host {

namespace {

/// Raise it when the way images are made changes, so that older ones are not taken for new ones.
constexpr std::string_view image_format = "spore-root-5";
/// One identity for all: a root is named by its content.
constexpr const char* image_uuid = "5b0e5a11-0000-4000-8000-53504f524531";
/// Above it, making the image is said: it takes seconds.
constexpr u64 large_root = 128_MiB;
constexpr std::string_view full_cache = ": make room, or set XDG_CACHE_HOME to a folder that has some";

bool copy_file(const fs::path& from, const fs::path& to, const Entry& entry) {
    FileDescriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    FileDescriptor target(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!source || !target) return false;
    for (;;) {
        auto count = ::copy_file_range(source.number(), nullptr, target.number(), nullptr, 1 << 30, 0);
        if (count < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
            count = ::sendfile(target.number(), source.number(), nullptr, 1 << 30);
        if (count < 0) return false;
        if (count == 0) break;
    }
    struct stat status{};
    if (::fstat(source.number(), &status) != 0) return false;
    const struct timespec times[] = {status.st_atim, status.st_mtim};
    // The mode last: a new owner takes away what a set-user-ID bit grants [chown(2)].
    return ::futimens(target.number(), times) == 0 && (!may_give_away() || ::fchown(target.number(), entry.user, entry.group) == 0) &&
           ::fchmod(target.number(), entry.mode) == 0;
}

/// Lays the root out below `staging`. Files are linked where the host allows it, and copied elsewhere. They keep their times: by those,
/// Python knows whether what it compiled is still good.
Outcome<void> stage(const Root& root, const fs::path& staging) {
    auto cannot = [](const fs::path& path) {
        return failure(ExitStatus::failed, "cannot stage {} for the root image: {}{}", path.string(), error_text(), errno == ENOSPC ? full_cache : "");
    };
    for (const auto& [path, entry] : root.entries()) {
        if (entry.beside) continue;
        if (ending_signal_waits()) return failure(ExitStatus::failed, "interrupted");
        auto at = staging / path.substr(1);
        switch (entry.kind) {
            case Entry::Kind::directory:
                if (path != "/" && ::mkdir(at.c_str(), 0700) != 0) return cannot(path);
                if (may_give_away() && ::lchown(at.c_str(), entry.user, entry.group) != 0) return cannot(path);
                break;
            case Entry::Kind::link:
                if (::symlink(entry.content.c_str(), at.c_str()) != 0) return cannot(path);
                if (may_give_away() && ::lchown(at.c_str(), entry.user, entry.group) != 0) return cannot(path);
                break;
            case Entry::Kind::text: {
                FileDescriptor file(::open(at.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
                if (!file || !write_all(file.number(), std::as_bytes(std::span(entry.content))) || ::fchmod(file.number(), entry.mode) != 0)
                    return cannot(path);
                break;
            }
            case Entry::Kind::file:
                // A link more is a change [inode(7)], and a file that moves is known by its last one.
                if ((entry.moves || ::linkat(AT_FDCWD, entry.host.c_str(), AT_FDCWD, at.c_str(), AT_SYMLINK_FOLLOW) != 0) && !copy_file(entry.host, at, entry)) return cannot(entry.host);
                break;
        }
    }
    // Last and from below, so that a folder without write permission does not stop what goes into it.
    for (auto entry = root.entries().rbegin(); entry != root.entries().rend(); ++entry)
        if (entry->second.kind == Entry::Kind::directory) ::chmod((staging / entry->first.substr(1)).c_str(), entry->second.mode);
    return {};
}

void remove_staging(const fs::path& staging, const Root& root) {
    for (const auto& [path, entry] : root.entries())
        if (entry.kind == Entry::Kind::directory) ::chmod((staging / path.substr(1)).c_str(), 0700);
    std::error_code ignored;
    fs::remove_all(staging, ignored);
}

}  // namespace

RootPlace place_of_root(const Plan& plan, const RootImage& image) {
    if (plan.root_place) return *plan.root_place;
    // A process maps the image from its file: in memory it costs nothing there.
    return plan.platform == Platform::linuxu || image.size <= largest_root_in_memory ? RootPlace::memory : RootPlace::disk;
}

std::string image_key(const Root& root) {
    Fingerprint fingerprint;
    fingerprint.add(image_format);
    for (const auto& [path, entry] : root.entries()) {
        if (entry.beside) continue;
        fingerprint.add(path);
        fingerprint.add_number(static_cast<u64>(entry.kind));
        for (u64 number : {entry.mode, entry.user, entry.group}) fingerprint.add_number(number);
        if (entry.kind == Entry::Kind::file) {
            if (entry.moves) {
                for (auto number : {entry.changed_seconds, entry.changed_nanoseconds}) fingerprint.add_number(static_cast<u64>(number));
            } else {
                fingerprint.add(entry.host.native());
            }
            for (u64 number : {entry.size, entry.inode, static_cast<u64>(entry.modified_seconds), static_cast<u64>(entry.modified_nanoseconds)})
                fingerprint.add_number(number);
        } else {
            fingerprint.add(entry.content);
        }
    }
    return fingerprint.text();
}

Outcome<RootImage> ensure_root_image(const Root& root) {
    auto folder = TRY(cache_directory()) / "roots";
    auto path = folder / (image_key(root) + ".erofs");
    if (auto size = find_sealed_image(path)) return RootImage{path, *size};
    std::error_code error;
    fs::create_directories(folder, error);
    trim_cache(folder, {".erofs"});

    auto unique = fmt::format("{}.{}", path.string(), ::getpid());
    auto staging = fs::path(unique + ".d"), partial = fs::path(unique + ".tmp");
    EndingSignalsWait signals;
    remove_staging(staging, root);
    if (::mkdir(staging.c_str(), 0700) != 0)
        return failure(ExitStatus::failed, "cannot create {}: {}{}", staging.string(), error_text(), errno == ENOSPC ? full_cache : "");
    defer { remove_staging(staging, root); };
    if (root.content_size() > large_root && ::isatty(STDERR_FILENO))
        std::fprintf(stderr, "spore: making the root's image, %llu MiB; it is kept for the next run\n", static_cast<unsigned long long>(root.content_size() >> 20));
    TRY(stage(root, staging));

    std::vector<std::string> command{"mkfs.erofs", "--quiet", fmt::format("-U{}", image_uuid), "-x-1"};
    if (!may_give_away()) command.push_back("--all-root");
    // In memory every page of a file has to lie on a page of its own to be mapped in place; on a disk, the tails of files are packed.
    if (root.content_size() <= largest_root_in_memory) command.push_back("-Enoinline_data");
    command.insert(command.end(), {partial, staging});
    auto result = run_to_end(command);
    if (result.not_found)
        return failure(ExitStatus::missing_tool, "mkfs.erofs is missing: install it with 'apt install erofs-utils'");
    if (result.status != 0) {
        ::unlink(partial.c_str());
        return failure(ExitStatus::failed, "mkfs.erofs could not make the root image (is there space in {}?): {}", folder.string(), result.errors);
    }
    return RootImage{path, TRY(keep_image(partial, path))};
}

}  // namespace spore::host
