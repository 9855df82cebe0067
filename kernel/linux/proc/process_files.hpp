// The files below /proc/<pid> and /proc/<pid>/task/<tid>.
#pragma once

#include "kernel/fs/dentry.hpp"
#include "kernel/fs/generated/generated.hpp"
#include "kernel/linux/proc/subject.hpp"

namespace spore::linux::proc {

using fs::generated::Node;
using fs::generated::TextSink;

Result<Shared<Node>> make_process_directory(Subject subject);
/// Whose a process's files are: its own.
fs::generated::NodeAttributes attributes_of(const Subject& subject, u16 permissions, u32 links = 1);
/// fd and fdinfo.
Result<Shared<Node>> make_descriptor_directory(Subject subject);
Result<Shared<Node>> make_descriptor_info_directory(Subject subject);
/// ns
Result<Shared<Node>> make_namespace_directory(Subject subject);

// What the files say.
Result<void> show_stat(const Subject& subject, TextSink& out);
Result<void> show_status(const Subject& subject, TextSink& out);
Result<void> show_memory_pages(const Subject& subject, TextSink& out);  ///< statm
Result<void> show_limits(const Subject& subject, TextSink& out);
Result<u64> show_maps(const Subject& subject, TextSink& out, u64 from);
Result<u64> show_detailed_maps(const Subject& subject, TextSink& out, u64 from);  ///< smaps
Result<void> show_map_sums(const Subject& subject, TextSink& out);      ///< smaps_rollup

/// What status and statm tell of a process's memory, in bytes; nothing of one that has none any more.
struct MemoryParts {
    Shared<memory::AddressSpace> memory{};
    memory::AddressSpace::Use use{};
    u64 of_objects = 0;    ///< resident pages of files, and of memory that is shared like them
    u64 program_code = 0;  ///< of use.code_bytes; the rest is libraries'
};
MemoryParts memory_parts(Process& process);

// The mounts that a root directory sees.
Result<void> show_mounts(fs::Dentry& root, TextSink& out);
Result<void> show_mount_info(fs::Dentry& root, TextSink& out);

}  // namespace spore::linux::proc
