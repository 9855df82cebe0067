// A program's file, opened and checked: an ELF file of this machine, or a script that names its interpreter.
#pragma once

#include "kernel/fs/vfs.hpp"
#include "kernel/linux/small_text.hpp"
#include "wire/elf.hpp"

namespace spore::linux {

/// Why a program cannot be run, in more detail than execve's errno tells.
enum class ExecProblem : u8 { none, not_found, interpreter_not_found, not_executable, wrong_architecture, no_memory, unsupported };

/// An ELF file with its program headers.
class ProgramFile {
public:
    /// `problem` says more when this fails.
    static Result<ProgramFile> open(const fs::Context& context, fs::Dentry& entry, ExecProblem& problem);

    fs::File& file() const { return *file_; }
    const Shared<fs::File>& shared_file() const { return file_; }
    const wire::elf::Header& header() const { return header_; }
    const wire::elf::ProgramHeaders& segments() const { return *segments_; }
    /// The path of the dynamic linker; empty for a static program.
    Result<SmallText> interpreter() const;
    /// Its own code is to be entered at marked places only. A dynamic program's linker sees to that itself.
    Result<bool> marks_branch_targets() const;

private:
    Shared<fs::File> file_;
    wire::elf::Header header_{};
    HeapArray<std::byte> table_;
    std::optional<wire::elf::ProgramHeaders> segments_;
};

/// What a script's first line says.
struct ScriptLine {
    SmallText interpreter;
    SmallText argument;  ///< all that follows, or empty
};
/// Nothing when `file` does not begin with "#!". not_executable when the line names nothing.
Result<std::optional<ScriptLine>> read_script_line(fs::File& file);
/// The same on the bytes themselves.
Result<std::optional<ScriptLine>> parse_script_line(std::string_view start);

}  // namespace spore::linux
