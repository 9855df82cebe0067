// The code that a program is made of, out of the files of its root.
#pragma once

#include "host/check/reach.hpp"
#include "host/root/root.hpp"

namespace spore::host {

struct LoadedCode {
    std::vector<MappedFile> bytes;  ///< what `code` looks into
    std::vector<NamedCode> code;
};

/// The program, its loader and libraries; not what a runtime's folders hold besides.
Outcome<LoadedCode> load_program(Root& root, const std::string& program, Architecture architecture);
/// Adds every other program and library in the root: the program could start them, or load them as plug-ins. Adds none, and gives false, when they are
/// more than `most` bytes.
bool load_others(const Root& root, Architecture architecture, u64 most, LoadedCode& into);

}  // namespace spore::host
