// Files of the host: descriptors that close themselves, mapped files, and writing that is complete or not there.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "host/common/failure.hpp"

namespace spore::host {

namespace fs = std::filesystem;

class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int number) : number_(number) {}
    FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~FileDescriptor() { close(); }

    int number() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }
    void close();

private:
    int number_ = -1;
};

/// A file's bytes, mapped read-only.
class MappedFile {
public:
    static std::expected<MappedFile, int> open(const fs::path& path);  ///< errno on failure
    MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    MappedFile& operator=(MappedFile&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~MappedFile();

    ByteSpan bytes() const { return bytes_; }
    std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

private:
    explicit MappedFile(ByteSpan bytes) : bytes_(bytes) {}
    ByteSpan bytes_;
};

Outcome<FileDescriptor> open_to_read(const fs::path& path);
/// The whole file as text, or nothing, with errno set; EFBIG when it has more than `most` bytes.
std::optional<std::string> read_file(const fs::path& path, std::size_t most = ~std::size_t{0});
/// More no file of settings has: whoever names another, or a device without end, is told so.
constexpr std::size_t most_settings = 4_MiB;
/// Makes a file of this text, or replaces the one that is there.
Outcome<void> write_file(const fs::path& path, std::string_view text);
/// Makes `to`, or replaces it, with what is in `from` now.
Outcome<void> copy_whole_file(const fs::path& from, const fs::path& to);
/// Writes all bytes or fails with errno set.
bool write_all(int descriptor, ByteSpan bytes);
/// Where spore keeps what it can make again: $XDG_CACHE_HOME/spore, ~/.cache/spore, or without a home a folder in /tmp. Created when missing.
Outcome<fs::path> cache_directory();
/// The first executable file of this name in $PATH.
std::optional<fs::path> find_in_path(std::string_view name, std::string_view path_variable);

/// Opens a path as one who has `root` for a root would: links do not lead out of it. Negative, with errno, when that fails.
FileDescriptor open_inside(const fs::path& root, const std::string& path, int flags);

}  // namespace spore::host
