#include "host/common/tools.hpp"

#include <unistd.h>

#include <set>

#include "host/common/process.hpp"

namespace spore::host {

Outcome<void> need_tools(std::string_view purpose, std::initializer_list<Tool> tools) {
    std::set<std::string_view> missing;
    for (auto [file, package] : tools) {
        bool there = file.starts_with('/') ? ::access(std::string(file).c_str(), R_OK) == 0 : find_program(std::string(file)).has_value();
        if (!there) missing.insert(package);
    }
    if (missing.empty()) return {};
    return failure(ExitStatus::missing_tool, "{} needs what is not here: install it with 'apt install {}'", purpose, fmt::join(missing, " "));
}

Outcome<std::string> ask_tool(const std::vector<std::string>& command) {
    auto result = run_to_end(command);
    if (result.status == 0) return result.output;
    auto said = result.errors.empty() ? result.output : result.errors;
    while (said.ends_with('\n')) said.pop_back();
    return failure(ExitStatus::failed, "{} failed: {}", command[0], said);
}

Outcome<void> run_tool(const std::vector<std::string>& command) {
    TRY(ask_tool(command));
    return {};
}

}  // namespace spore::host
