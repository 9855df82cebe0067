// Running another program in the current task: what execve does, and how the first program begins.
#pragma once

#include "kernel/linux/exec/program_file.hpp"
#include "kernel/linux/exec/strings.hpp"
#include "kernel/linux/process/process.hpp"

namespace spore::linux {

struct ExecRequest {
    Shared<fs::Dentry> entry;  ///< the program or script
    SmallText path;            ///< as the caller named it
    StringBlock arguments, environment;
};

/// Replaces the program of the current task. On success its frame stands at the new program's first instruction. What fails
/// before the old program is given up is an error; what fails after it ends the process.
Result<void> execute(Task& task, ExecRequest request, ExecProblem& problem);

}  // namespace spore::linux
