#include "host/run/core_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "host/common/colour.hpp"

namespace spore::host {

std::map<fs::path, CoreFolder::State> CoreFolder::files() const {
    std::map<fs::path, State> found;
    std::error_code error;
    if (folder_.empty()) return found;
    for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
        struct stat status{};
        if (!at->path().filename().string().starts_with("core.") || ::lstat(at->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
        found[at->path()] = {status.st_ino, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
    }
    return found;
}

std::vector<fs::path> CoreFolder::written() const {
    std::vector<fs::path> result;
    for (const auto& [path, state] : files())
        if (auto old = before_.find(path); old == before_.end() || old->second != state) result.push_back(path);
    return result;
}

void tell_of_core(const Plan& plan, const fs::path& core) {
    std::string options;
    if (plan.root) options = fmt::format("--root {} ", plan.root->string());
    if (plan.sysroot) options = fmt::format("--sysroot {} ", plan.sysroot->string());
    auto program = plan.host_program.empty() ? plan.program : plan.host_program.string();
    std::fputs(fmt::format("{} it left a core file: look at it with 'spore gdb --core {} {}{}'\n", coloured(STDERR_FILENO, Colour::red, "spore:"), core.string(), options, program).c_str(), stderr);
}

}  // namespace spore::host
