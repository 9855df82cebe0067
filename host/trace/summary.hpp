// A story in figures, for the terminal.
#pragma once

#include "host/trace/story.hpp"

namespace spore::host {

std::string trace_summary(const Story& story);

}  // namespace spore::host
