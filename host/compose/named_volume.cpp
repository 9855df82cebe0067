#include "host/compose/named_volume.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "host/common/process.hpp"
#include "host/common/state_directory.hpp"
#include "host/instances/instance.hpp"

namespace spore::host {

namespace {

/// What it can grow to; it takes what is written.
constexpr const char* size = "16G";

Outcome<fs::path> path_of_volume(const std::string& project, const std::string& name) {
    auto file = fmt::format("{}_{}", project, name);
    if (!is_instance_name(file)) return failure(ExitStatus::bad_configuration, "the volume {} cannot be called so: use letters, digits, and - _ .", name);
    auto folder = TRY(data_directory()) / "volumes";
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return failure(ExitStatus::failed, "cannot make {}: {}", folder.string(), error.message());
    return folder / (file + ".img");
}

}  // namespace

Outcome<fs::path> provide_volume(const std::string& project, const std::string& name, const fs::path& contents) {
    auto file = TRY(path_of_volume(project, name));
    std::error_code error;
    if (fs::exists(file, error)) return file;
    auto part = file;
    part += fmt::format(".{}", ::getpid());
    std::vector<std::string> command{"mke2fs", "-q", "-t", "ext4", "-b", "4096"};
    struct stat folder{};
    if (::stat(contents.c_str(), &folder) == 0 && S_ISDIR(folder.st_mode))
        command.insert(command.end(), {"-E", fmt::format("root_owner={}:{}", folder.st_uid, folder.st_gid), "-d", contents});
    command.insert(command.end(), {part, size});
    auto made = run_to_end(command);
    if (made.not_found) return failure(ExitStatus::missing_tool, "mke2fs is missing, which makes the volume {}: install it with 'apt install e2fsprogs'", name);
    if (made.status != 0 || ::rename(part.c_str(), file.c_str()) != 0) {
        auto why = made.status != 0 ? made.errors : error_text();
        ::unlink(part.c_str());
        return failure(ExitStatus::failed, "cannot make the volume {}: {}", name, why);
    }
    return file;
}

Outcome<void> remove_volume(const std::string& project, const std::string& name) {
    auto file = TRY(path_of_volume(project, name));
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) return failure(ExitStatus::failed, "cannot remove {}: {}", file.string(), error_text());
    return {};
}

}  // namespace spore::host
