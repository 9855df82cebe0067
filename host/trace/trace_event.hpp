// A story in the Trace Event Format, which ui.perfetto.dev, chrome://tracing and speedscope open
// [Trace Event Format, docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU].
#pragma once

#include "host/trace/story.hpp"

namespace spore::host {

/// Under these numbers processors and the kernel's threads appear as processes: no program's process has them [linux PID_MAX_LIMIT].
inline constexpr u32 processors_process = 0, kernel_process = 1 << 23;

std::string trace_event_json(const Story& story);

}  // namespace spore::host
