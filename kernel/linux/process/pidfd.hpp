// A file that refers to a process: readable once it has ended.
#pragma once

#include "kernel/linux/process/process.hpp"

namespace spore::linux {

Result<Shared<fs::File>> make_pidfd(Shared<Process> process, fs::OpenMode mode = {.read = true, .write = true});
/// The process that a pidfd refers to; bad_descriptor for any other file.
Result<Shared<Process>> process_of(fs::File& file);

}  // namespace spore::linux
