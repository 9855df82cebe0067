// Which memory a core file shows, and its bytes.
#pragma once

#include "kernel/linux/core_file/output.hpp"
#include "kernel/memory/address_space.hpp"

namespace spore::linux {

/// /proc/PID/coredump_filter's bits [core(5)]; those of large pages and DAX have nothing here to be about.
enum CoreFilter : u32 { private_anonymous = 1, shared_anonymous = 2, private_files = 4, shared_files = 8, elf_beginnings = 16 };

/// How much of an area is in the file: the rest of its bytes a debugger finds in the files that are mapped there, or nowhere.
enum class CoreExtent : u8 { nothing, first_page_of_elf, all };
/// [linux] vma_dump_size. `nameless`: no name leads to what it shows; `copied`: it is of a file, privately, and pages of it were written to.
CoreExtent core_extent(const memory::AddressSpace::AreaInfo& area, bool nameless, bool copied, u32 filter);

struct CoreSegment {
    u64 start, end, file_size;
    u32 access;    ///< PF_ bits
    bool of_file;  ///< what is not in memory can be read into it; of what has no name, there is nothing more
};

/// An address space as it is now, which others may change meanwhile, if they share it.
class CoreSegments {
public:
    /// no_memory, or overflow when they are more than a file has place for.
    static Result<CoreSegments> of(memory::AddressSpace& memory, u32 filter);

    std::span<const CoreSegment> all() const { return segments_.span().first(count_); }
    /// NT_FILE's contents.
    ByteSpan files() const { return files_.span(); }

private:
    HeapArray<CoreSegment> segments_;
    HeapArray<std::byte> files_;
    std::size_t count_ = 0;
};

/// The segment's bytes, up to its file_size. What was never touched becomes a hole.
Result<void> put_segment(CoreOutput& output, memory::AddressSpace& memory, const CoreSegment& segment);

}  // namespace spore::linux
