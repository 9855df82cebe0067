// Answers what the host asks while the program runs: with files of /proc, so that there is one text for programs and for people outside; but for traces, which programs do not see.
#pragma once

#include "kernel/fs/dentry.hpp"

namespace spore::main {

/// What the channel is to call for each question (ChannelActions::query). `root` is where /proc is looked up.
using AnswerQuery = void (*)(u32 number, std::string_view path);
AnswerQuery start_reports(Shared<fs::Dentry> root);

}  // namespace spore::main
