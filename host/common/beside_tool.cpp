#include "host/common/beside_tool.hpp"

#include <unistd.h>

namespace spore::host {

fs::path tool_folder() {
    std::error_code error;
    return fs::read_symlink("/proc/self/exe", error).parent_path();
}

std::optional<fs::path> find_beside_tool(std::initializer_list<fs::path> candidates, int access) {
    for (const auto& candidate : candidates) {
        auto path = (tool_folder() / candidate).lexically_normal();
        if (::access(path.c_str(), access) == 0) return path;
    }
    return std::nullopt;
}

}  // namespace spore::host
