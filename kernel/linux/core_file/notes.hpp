// The notes of a core file: what is known of the process and its threads, besides memory.
#pragma once

#include "kernel/linux/core_file/format.hpp"
#include "kernel/linux/core_file/output.hpp"
#include "kernel/linux/process/process.hpp"

namespace spore::linux {

/// One note, whose contents are put next; then end_note().
Result<void> begin_note(CoreOutput& output, core_format::Note type, std::size_t size);
Result<void> end_note(CoreOutput& output, std::size_t size);
Result<void> put_note(CoreOutput& output, core_format::Note type, ByteSpan contents);

struct CoreNotes {
    std::span<Task* const> tasks;  ///< the one that dies first; the others stand still
    const SignalInfo& signal;
    ByteSpan files;                ///< NT_FILE's contents
};
/// In Linux's order: of the first task its registers, of the process what there is, of the first task the rest; then of the others.
Result<void> put_notes(CoreOutput& output, const CoreNotes& notes);

}  // namespace spore::linux
