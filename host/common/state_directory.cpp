#include "host/common/state_directory.hpp"

#include <unistd.h>

#include <cstdlib>

namespace spore::host {

Outcome<fs::path> state_directory() {
    fs::path base;
    if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime && *runtime == '/' && ::access(runtime, W_OK | X_OK) == 0) base = runtime;
    else if (const char* home = std::getenv("HOME"); home && *home == '/') base = fs::path(home) / ".local/state";
    else return failure(ExitStatus::failed, "there is no place for background machines: set $XDG_RUNTIME_DIR or $HOME");
    std::error_code error;
    fs::create_directories(base / "spore", error);
    if (error) return failure(ExitStatus::failed, "cannot make {}: {}", (base / "spore").string(), error.message());
    fs::permissions(base / "spore", fs::perms::owner_all, error);  // control sockets are the owner's alone
    return base / "spore";
}

Outcome<fs::path> data_directory() {
    fs::path base;
    if (const char* data = std::getenv("XDG_DATA_HOME"); data && *data == '/') base = data;
    else if (const char* home = std::getenv("HOME"); home && *home == '/') base = fs::path(home) / ".local/share";
    else return failure(ExitStatus::failed, "there is no place for what is to last: set $XDG_DATA_HOME or $HOME");
    std::error_code error;
    fs::create_directories(base / "spore", error);
    if (error) return failure(ExitStatus::failed, "cannot make {}: {}", (base / "spore").string(), error.message());
    return base / "spore";
}

}  // namespace spore::host
