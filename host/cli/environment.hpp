// -e and --env-file, as every verb that gives a program an environment has them.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "host/common/failure.hpp"

namespace spore::host {

class EnvironmentOptions {
public:
    /// This must live until the command line is parsed; copies made after that know what was given.
    void add_to(CLI::App& verb);
    /// The lines "KEY=value"; those of -e after those of files.
    Outcome<std::vector<std::string>> read() const;

private:
    std::vector<std::string> entries_, files_;
};

}  // namespace spore::host
