#include "host/common/files.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/defer.hpp"

namespace spore::host {

void FileDescriptor::close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
}

std::expected<MappedFile, int> MappedFile::open(const fs::path& path) {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));  // it may be a pipe, which nobody writes to
    if (!file) return std::unexpected(errno);
    struct stat status{};
    if (::fstat(file.number(), &status) != 0) return std::unexpected(errno);
    if (S_ISDIR(status.st_mode)) return std::unexpected(EISDIR);
    if (!S_ISREG(status.st_mode)) return std::unexpected(ENODEV);
    if (status.st_size == 0) return MappedFile({});
    void* memory = ::mmap(nullptr, status.st_size, PROT_READ, MAP_PRIVATE, file.number(), 0);
    if (memory == MAP_FAILED) return std::unexpected(errno);
    return MappedFile({static_cast<const std::byte*>(memory), static_cast<std::size_t>(status.st_size)});
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

Outcome<void> write_file(const fs::path& path, std::string_view text) {
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file || !write_all(file.number(), std::as_bytes(std::span(text)))) return failure(ExitStatus::failed, "cannot write {}: {}", path.string(), error_text());
    return {};
}

Outcome<FileDescriptor> open_to_read(const fs::path& path) {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return failure(ExitStatus::failed, "cannot open {}: {}", path.string(), error_text());
    return file;
}

Outcome<void> copy_whole_file(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
    if (error) return failure(ExitStatus::failed, "cannot write {}: {}", to.string(), error.message());
    return {};
}

std::optional<std::string> read_file(const fs::path& path, std::size_t most) {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    std::string text;
    char buffer[16384];
    for (;;) {
        auto count = ::read(file.number(), buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::nullopt;
        if (count == 0) return text;
        if (text.append(buffer, static_cast<std::size_t>(count)).size() > most) {
            errno = EFBIG;
            return std::nullopt;
        }
    }
}

bool write_all(int descriptor, ByteSpan bytes) {
    while (!bytes.empty()) {
        auto count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

namespace {

/// Without a home, as services are. Everybody may make files in /tmp: what is there already must be ours, and nobody else's to change.
Outcome<fs::path> shared_cache_directory() {
    auto path = fs::path("/tmp") / fmt::format("spore-cache-{}", ::geteuid());
    struct stat status{};
    (void)::mkdir(path.c_str(), 0700);
    constexpr mode_t for_others = S_IWGRP | S_IWOTH;
    if (::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() && !(status.st_mode & for_others)) return path;
    return failure(ExitStatus::failed, "cannot use {} as the cache folder, which is not this user's alone: set XDG_CACHE_HOME or HOME", path.string());
}

}  // namespace

Outcome<fs::path> cache_directory() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    fs::path path;
    if (cache && *cache == '/') path = fs::path(cache) / "spore";
    else if (home && *home == '/') path = fs::path(home) / ".cache/spore";
    else return shared_cache_directory();
    if (::access(path.c_str(), W_OK) == 0) return path;
    std::error_code error;
    fs::create_directories(path, error);
    if (!error && ::access(path.c_str(), W_OK) == 0) return path;
    return failure(ExitStatus::failed, "cannot write to the cache folder {} ({}): set XDG_CACHE_HOME to a folder you can write",
                   path.string(), error ? error.message() : error_text());
}

std::optional<fs::path> find_in_path(std::string_view name, std::string_view path_variable) {
    while (true) {
        auto colon = path_variable.find(':');
        fs::path folder(path_variable.substr(0, colon));
        auto candidate = (folder.empty() ? fs::path(".") : folder) / name;
        struct stat status{};
        if (::stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(candidate.c_str(), X_OK) == 0)
            return candidate;
        if (colon == std::string_view::npos) return std::nullopt;
        path_variable.remove_prefix(colon + 1);
    }
}

FileDescriptor open_inside(const fs::path& root, const std::string& path, int flags) {
    FileDescriptor folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct open_how how{};
    how.flags = static_cast<u64>(flags) | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT;
    return FileDescriptor(static_cast<int>(::syscall(SYS_openat2, folder.number(), path.c_str(), &how, sizeof how)));
}

}  // namespace spore::host
