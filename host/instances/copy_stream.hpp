// The stream of files of `spore cp` [abi/copy.hpp] on this side: made from what is here, and turned into what is to be here.
#pragma once

#include <functional>

#include "abi/copy.hpp"
#include "host/common/files.hpp"

namespace spore::host {

/// Hears what was not copied: its path below what is copied (empty: that itself), and why.
using CopyProblem = std::function<void(const std::string& below, const std::string& why)>;

/// Writes a file, or a folder with all that is in it, into the pipe. False when nobody reads it any more.
bool send_files(int pipe, const fs::path& from, const CopyProblem& problem);

/// Makes at `to` what comes out of the pipe, up to its end. Nothing that a guest says leads out of there: names are checked, and links not followed. What already is there with
/// the same name is overwritten. A failure when the stream breaks its rules, or a file cannot be written.
Outcome<void> receive_files(int pipe, const fs::path& to, const CopyProblem& problem);
/// The same for a file whose contents go to an open one.
Outcome<void> receive_contents(int pipe, int to, const CopyProblem& problem);

}  // namespace spore::host
