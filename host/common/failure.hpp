// How the host tool fails: one line that states the fix, and an exit status of its own for each kind of failure.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace spore::host {

/// The exit statuses of `spore` that are not the program's own. A program killed by signal n gives 128 + n, as in a shell.
/// docs and `spore run --help` print this table; tests/system holds the tool to it.
enum class ExitStatus : int {
    success = 0,
    bad_configuration = 110,   ///< spore.toml or an --env-file is wrong
    missing_tool = 111,        ///< QEMU, mkfs.erofs or the kernel image is not there, or is none
    wrong_architecture = 112,  ///< a program for another CPU, or a 32-bit one
    missing_library = 113,     ///< a shared library that the program needs is not there
    missing_interpreter = 114, ///< the program's ld.so, or the interpreter that its first line names, is not there
    damaged_program = 115,     ///< the program file is truncated or contradicts itself
    too_little_memory = 116,   ///< --memory is too small for this program
    bad_root = 117,            ///< --root or --volume name something unusable, or the root image is damaged
    kernel_panic = 118,        ///< the kernel in the virtual machine stopped
    machine_ended = 119,       ///< the virtual machine ended without giving an exit status
    timed_out = 124,           ///< --timeout is over
    failed = 125,              ///< wrong arguments, or the tool itself failed
    not_executable = 126,      ///< the program is there but cannot be run
    not_found = 127,           ///< there is no such program
};

/// A failure that the user is told about.
struct Failure {
    ExitStatus status;
    std::string message;
};

template <typename T = void>
using Outcome = std::expected<T, Failure>;

/// `return failure(ExitStatus::x, "{} is missing", name);`
template <typename... Args>
[[nodiscard]] std::unexpected<Failure> failure(ExitStatus status, fmt::format_string<Args...> format, Args&&... args) {
    return std::unexpected(Failure{status, fmt::format(format, std::forward<Args>(args)...)});
}

/// The text of errno.
std::string error_text();

/// Says on standard error, in a line, what failed.
void tell(const Failure& failure);

}  // namespace spore::host
