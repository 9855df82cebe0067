// The folder where core files appear (--core): which ones a run left, and how to look at them.
#pragma once

#include <map>
#include <vector>

#include "host/plan/plan.hpp"

namespace spore::host {

class CoreFolder {
public:
    /// As it is before the run. Empty: there is none.
    explicit CoreFolder(fs::path folder) : folder_(std::move(folder)), before_(files()) {}
    /// What came since, or took the place of another, by name.
    std::vector<fs::path> written() const;

private:
    /// Inode and time of the last change.
    using State = std::pair<u64, i64>;
    std::map<fs::path, State> files() const;

    fs::path folder_;
    std::map<fs::path, State> before_;
};

/// One line on standard error.
void tell_of_core(const Plan& plan, const fs::path& core);

}  // namespace spore::host
