// Mapping a program's segments into an address space.
#pragma once

#include "kernel/linux/exec/program_file.hpp"
#include "kernel/memory/address_space.hpp"

namespace spore::linux {

/// One mapping that a segment needs.
struct SegmentPlan {
    u64 start = 0;         ///< page aligned, before relocation
    u64 file_size = 0;     ///< bytes to map from the file, whole pages; 0: none
    u64 offset = 0;        ///< into the file
    u64 anonymous_size = 0;///< bytes of zeros after the file's pages, whole pages
    u64 clear_from = 0;    ///< the rest of the file's last page, to be cleared: address and size
    u64 clear_size = 0;
};
SegmentPlan plan_segment(const wire::elf::Segment& segment);

/// A program in memory.
struct LoadedImage {
    u64 bias = 0;  ///< added to the file's own addresses
    VirtAddr entry, program_headers, code, code_end, end;
};

/// From now on programs and stacks lie at the same addresses in every run, so that a debugger can know them.
void fix_addresses();
bool addresses_are_fixed();
/// A random number of pages, below 2^bits; 0 with fixed addresses.
u64 random_distance(unsigned bits);

/// Where a relocatable program goes.
enum class Where : u8 { low, anywhere };
/// Maps the segments. Partial pages are left to clear_tails.
Result<LoadedImage> map_program(memory::AddressSpace& memory, const ProgramFile& program, Where where);
/// Clears what lies beyond the segments' file contents in their last pages. The address space is current.
Result<void> clear_tails(const ProgramFile& program, const LoadedImage& image);

}  // namespace spore::linux
