// A folder for what lives as long as one run: sockets, samples.
#pragma once

#include "host/common/files.hpp"

namespace spore::host {

class TemporaryFolder {
public:
    /// In $XDG_RUNTIME_DIR or /tmp, ours alone; its name begins with "spore-" and `purpose`.
    static Outcome<TemporaryFolder> create(std::string_view purpose);
    TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    ~TemporaryFolder();
    const fs::path& path() const { return path_; }

private:
    explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {}
    fs::path path_;
};

}  // namespace spore::host
