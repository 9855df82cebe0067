#include "host/common/temporary_folder.hpp"

#include <cstdlib>

namespace spore::host {

Outcome<TemporaryFolder> TemporaryFolder::create(std::string_view purpose) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    auto path = fmt::format("{}/spore-{}-XXXXXX", runtime && *runtime ? runtime : "/tmp", purpose);
    if (!::mkdtemp(path.data())) return failure(ExitStatus::failed, "cannot make a folder {}: {}", path, error_text());
    return TemporaryFolder(path);
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
}

}  // namespace spore::host
