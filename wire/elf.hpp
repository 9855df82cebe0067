// ELF programs for 64-bit little-endian CPUs, read and checked without trusting a byte [gABI chapters 4 and 5, psABI x86-64].
//
// Reading goes in two steps, because a loader has only the beginning of the file at hand: `parse_header` on the first
// 64 bytes says where the program headers are, `ProgramHeaders::parse` checks that table. After it, every segment is known
// to lie in the file, to ascend without overlap and to fit the address space, so users need not check again.
#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"

namespace spore::wire::elf {

/// What is wrong with a file, in the words that a user needs; see `describe`.
enum class Problem : u8 {
    truncated,             ///< ends before its header says
    not_elf,               ///< no ELF magic
    not_64_bit,            ///< a 32-bit program
    big_endian,
    bad_version,
    wrong_machine,         ///< for another CPU than asked for
    not_a_program,         ///< an object file or a core dump
    bad_program_headers,   ///< the table's place, size or entry size is impossible
    no_segments,           ///< nothing to load
    bad_segment,           ///< a segment's sizes, addresses or alignment contradict each other
    segment_outside_file,
    segments_out_of_order, ///< not ascending, or overlapping
    bad_interpreter,       ///< PT_INTERP is not a path
    bad_dynamic,           ///< the dynamic section points nowhere
    bad_properties,        ///< PT_GNU_PROPERTY is not a note of properties
};

/// One clause without a full stop, such as "it is a 32-bit program".
std::string_view describe(Problem problem);

enum class Machine : u16 { x86_64 = 62, arm64 = 183 };
enum class FileType : u16 { executable = 2, shared = 3 };

inline constexpr std::size_t file_header_size = 64;
inline constexpr std::size_t program_header_size = 56;
/// The end of what a program may map: the lower half of 48-bit addresses.
inline constexpr u64 address_limit = u64{1} << 47;

/// The parts of the file header that loading needs.
struct Header {
    FileType type;
    Machine machine;
    u64 entry;
    u64 table_offset;  ///< of the program headers in the file
    u16 table_count;

    u64 table_size() const { return u64{table_count} * program_header_size; }
    /// Position-independent: the loader chooses where it goes.
    bool relocatable() const { return type == FileType::shared; }
};

/// Checks the first bytes of a file (64 at least). `wanted` is the CPU that is to run it.
std::expected<Header, Problem> parse_header(ByteSpan first_bytes, Machine wanted = Machine::x86_64);

/// The machine that a file is for, when it is ELF at all: to tell the user what it is instead of what it is not.
std::optional<u16> machine_number(ByteSpan first_bytes);

enum class SegmentType : u32 {
    load = 1, dynamic = 2, interpreter = 3, note = 4, program_headers = 6, thread_local_storage = 7,
    gnu_stack = 0x6474e551, gnu_relro = 0x6474e552, gnu_property = 0x6474e553,
};

struct Segment {
    SegmentType type;
    u32 flags;
    u64 offset, address, file_size, memory_size, alignment;

    bool readable() const { return flags & 4; }
    bool writable() const { return flags & 2; }
    bool executable() const { return flags & 1; }
    u64 end() const { return address + memory_size; }
};

/// The checked program header table: a view on the caller's bytes.
class ProgramHeaders {
public:
    /// `table` holds at least `header.table_size()` bytes; `file_size` is that of the whole file.
    static std::expected<ProgramHeaders, Problem> parse(const Header& header, ByteSpan table, u64 file_size);

    u16 size() const { return count_; }
    /// The segment at `index` < size(), in file order.
    Segment operator[](u16 index) const;
    /// The first segment of this type.
    std::optional<Segment> find(SegmentType type) const;
    template <typename F>
    void for_each_load(F&& visit) const {
        for (u16 i = 0; i < count_; ++i)
            if (auto segment = (*this)[i]; segment.type == SegmentType::load) visit(segment);
    }

    /// The addresses that loading covers: the first segment's page to the end of the last one, rounded up to a page.
    u64 load_begin() const { return load_begin_; }
    u64 load_end() const { return load_end_; }
    /// The largest alignment that a loadable segment asks for; a power of two, a page at least.
    u64 load_alignment() const { return load_alignment_; }
    /// Where the table itself lies in memory (AT_PHDR), before relocation; 0 when no segment covers it.
    u64 table_address() const { return table_address_; }
    /// PT_GNU_STACK asks for an executable stack.
    bool executable_stack() const;
    /// The file offset of what is at `address` in memory with `length` bytes, when the file holds it.
    std::optional<u64> offset_of(u64 address, u64 length) const;

private:
    ProgramHeaders(ByteSpan table, u16 count) : table_(table), count_(count) {}
    std::expected<void, Problem> check(const Header& header, u64 file_size);
    std::expected<void, Problem> check_load(const Segment& segment, u64 file_size);

    ByteSpan table_;
    u16 count_;
    u64 load_begin_ = 0, load_end_ = 0, last_end_ = 0, load_alignment_ = page_size, table_address_ = 0;
};

/// The path in a PT_INTERP segment's bytes, without its terminating zero.
std::expected<std::string_view, Problem> interpreter_path(ByteSpan segment_bytes);

/// What is read of a PT_GNU_PROPERTY segment at most.
inline constexpr std::size_t max_properties_size = 1024;
/// Whether such a segment says of arm64 code that all its branch targets are marked [AAELF64 "Program Property"].
std::expected<bool, Problem> marks_branch_targets(ByteSpan segment_bytes);

}  // namespace spore::wire::elf
