#include "host/cli/environment.hpp"

#include <cstdlib>

#include "host/plan/plan.hpp"

namespace spore::host {

void EnvironmentOptions::add_to(CLI::App& verb) {
    verb.add_option("-e,--env", entries_, "Set KEY=value in the environment; KEY alone takes this machine's value")->type_name("KEY[=VALUE]")->allow_extra_args(false);
    verb.add_option("--env-file", files_, "Read KEY=value lines from a file")->type_name("FILE")->allow_extra_args(false);
}

Outcome<std::vector<std::string>> EnvironmentOptions::read() const {
    std::vector<std::string> lines;
    for (const auto& file : files_) {
        auto more = TRY(parse_environment_file(file));
        lines.insert(lines.end(), more.begin(), more.end());
    }
    for (const auto& entry : entries_) {
        if (entry.starts_with('=') || entry.empty()) return failure(ExitStatus::failed, "-e {}: give KEY=value", entry);
        if (entry.find('=') != std::string::npos) lines.push_back(entry);
        else if (const char* value = std::getenv(entry.c_str())) lines.push_back(fmt::format("{}={}", entry, value));
    }
    return lines;
}

}  // namespace spore::host
