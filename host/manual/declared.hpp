// The command line as it is declared: what manual and completions are made from.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace spore::host {

std::vector<const CLI::App*> verbs_of(const CLI::App& app);

struct OptionText {
    std::vector<std::string> names;  ///< "-m", "--memory"
    std::string value, help;
    bool positional;
};
std::vector<OptionText> options_of(const CLI::App& app);

}  // namespace spore::host
