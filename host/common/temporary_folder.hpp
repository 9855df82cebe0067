// A folder for what lives as long as one run: sockets, samples.
#pragma once

#include "host/common/ending_signals.hpp"

namespace spore::host {

/// It goes with the process, which signals do not end before: who waits for something meanwhile waits for those as well.
class TemporaryFolder {
public:
    /// In $XDG_RUNTIME_DIR or /tmp, ours alone; its name begins with "spore-" and `purpose`.
    static Outcome<TemporaryFolder> create(std::string_view purpose);
    TemporaryFolder(TemporaryFolder&& other) noexcept : wait_(std::move(other.wait_)), path_(std::exchange(other.path_, {})) {}
    ~TemporaryFolder();
    const fs::path& path() const { return path_; }

private:
    explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {}
    EndingSignalsWait wait_;
    fs::path path_;
};

}  // namespace spore::host
