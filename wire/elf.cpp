#include "wire/elf.hpp"

#include "base/result.hpp"

namespace spore::wire::elf {

namespace {

/// [gABI 4 "ELF Header"], 64-bit form.
struct RawHeader {
    std::byte magic[4];
    u8 file_class, data, ident_version, os_abi, abi_version, padding[7];
    le16 type, machine;
    le32 version;
    le64 entry, program_headers, section_headers;
    le32 flags;
    le16 header_size, program_header_size, program_header_count, section_header_size, section_header_count, section_names;
};
static_assert(sizeof(RawHeader) == file_header_size);

/// [gABI 5 "Program Header"], 64-bit form.
struct RawSegment {
    le32 type, flags;
    le64 offset, address, physical_address, file_size, memory_size, alignment;
};
static_assert(sizeof(RawSegment) == program_header_size);

constexpr u8 class_64 = 2, data_little_endian = 1, current_version = 1;
constexpr u16 type_executable = 2, type_shared = 3;
/// Linux maps no program whose table is larger than this, and no linker makes one.
constexpr u64 max_table_size = 65536;
constexpr u64 max_interpreter_size = 4096;

/// A note of type NT_GNU_PROPERTY_TYPE_0: its properties follow, each padded to 8 bytes [linux-gabi "Program Property"].
struct PropertyNote {
    le32 name_size, description_size, type;
    std::byte name[4];
};
struct Property {
    le32 type, size;
};
constexpr u32 property_note = 5, arm64_features = 0xc000'0000, arm64_branch_targets = 1 << 0;

bool has_magic(ByteSpan bytes) {
    constexpr u8 magic[] = {0x7f, 'E', 'L', 'F'};
    return bytes.size() >= sizeof magic && std::memcmp(bytes.data(), magic, sizeof magic) == 0;
}

}  // namespace

std::string_view describe(Problem problem) {
    switch (problem) {
        case Problem::truncated: return "the file is truncated";
        case Problem::not_elf: return "it is not an ELF program";
        case Problem::not_64_bit: return "it is a 32-bit program";
        case Problem::big_endian: return "it is for a big-endian CPU";
        case Problem::bad_version: return "its ELF version is unknown";
        case Problem::wrong_machine: return "it is for another CPU";
        case Problem::not_a_program: return "it is an object file or a core dump, not a program";
        case Problem::bad_program_headers: return "its program headers are damaged";
        case Problem::no_segments: return "it has nothing to load";
        case Problem::bad_segment: return "one of its segments is damaged";
        case Problem::segment_outside_file: return "the file is truncated: a segment reaches past its end";
        case Problem::segments_out_of_order: return "its segments overlap or are out of order";
        case Problem::bad_interpreter: return "the path of its interpreter is damaged";
        case Problem::bad_dynamic: return "its dynamic section is damaged";
        case Problem::bad_properties: return "its program properties are damaged";
    }
    return "it is damaged";
}

std::expected<Header, Problem> parse_header(ByteSpan first_bytes, Machine wanted) {
    if (!has_magic(first_bytes)) return std::unexpected(Problem::not_elf);
    // Class and machine come before the size check: a cut 32-bit file is first of all a 32-bit file.
    if (first_bytes.size() > 4 && static_cast<u8>(first_bytes[4]) == 1) return std::unexpected(Problem::not_64_bit);
    auto* raw = view_at<RawHeader>(first_bytes, 0);
    if (!raw) return std::unexpected(Problem::truncated);
    if (raw->file_class != class_64) return std::unexpected(Problem::not_64_bit);
    if (raw->data != data_little_endian) return std::unexpected(Problem::big_endian);
    if (raw->ident_version != current_version || raw->version != current_version) return std::unexpected(Problem::bad_version);
    if (raw->machine != static_cast<u16>(wanted)) return std::unexpected(Problem::wrong_machine);
    if (raw->type != type_executable && raw->type != type_shared) return std::unexpected(Problem::not_a_program);
    if (raw->program_header_count == 0) return std::unexpected(Problem::no_segments);

    Header header{static_cast<FileType>(u16{raw->type}), wanted, raw->entry, raw->program_headers, raw->program_header_count};
    if (raw->program_header_size != program_header_size || header.table_size() > max_table_size ||
        header.table_offset < file_header_size || header.table_offset > address_limit)
        return std::unexpected(Problem::bad_program_headers);
    return header;
}

std::optional<u16> machine_number(ByteSpan first_bytes) {
    auto* raw = view_at<RawHeader>(first_bytes, 0);
    if (!raw || !has_magic(first_bytes)) return std::nullopt;
    return raw->machine;
}

std::expected<ProgramHeaders, Problem> ProgramHeaders::parse(const Header& header, ByteSpan table, u64 file_size) {
    if (header.table_offset > file_size || header.table_size() > file_size - header.table_offset || table.size() < header.table_size())
        return std::unexpected(Problem::truncated);
    ProgramHeaders headers(table.first(header.table_size()), header.table_count);
    TRY(headers.check(header, file_size));
    return headers;
}

Segment ProgramHeaders::operator[](u16 index) const {
    auto* raw = view_at<RawSegment>(table_, u64{index} * program_header_size);
    return {static_cast<SegmentType>(u32{raw->type}), raw->flags, raw->offset, raw->address, raw->file_size, raw->memory_size,
            raw->alignment};
}

std::optional<Segment> ProgramHeaders::find(SegmentType type) const {
    for (u16 i = 0; i < count_; ++i)
        if (auto segment = (*this)[i]; segment.type == type) return segment;
    return std::nullopt;
}

bool ProgramHeaders::executable_stack() const {
    auto stack = find(SegmentType::gnu_stack);
    return stack && stack->executable();
}

std::optional<u64> ProgramHeaders::offset_of(u64 address, u64 length) const {
    for (u16 i = 0; i < count_; ++i) {
        auto segment = (*this)[i];
        if (segment.type != SegmentType::load || address < segment.address) continue;
        u64 inside = address - segment.address;
        if (inside <= segment.file_size && length <= segment.file_size - inside) return segment.offset + inside;
    }
    return std::nullopt;
}

std::expected<void, Problem> ProgramHeaders::check(const Header& header, u64 file_size) {
    bool any = false;
    for (u16 i = 0; i < count_; ++i) {
        auto segment = (*this)[i];
        switch (segment.type) {
            case SegmentType::load:
                if (segment.memory_size == 0) break;
                if (!any) load_begin_ = align_down(segment.address, page_size);
                TRY(check_load(segment, file_size));
                any = true;
                break;
            case SegmentType::interpreter:
                if (segment.file_size < 2 || segment.file_size > max_interpreter_size)
                    return std::unexpected(Problem::bad_interpreter);
                [[fallthrough]];
            case SegmentType::dynamic:
                if (segment.offset > file_size || segment.file_size > file_size - segment.offset)
                    return std::unexpected(Problem::segment_outside_file);
                break;
            case SegmentType::thread_local_storage:
                // The template lies in a loadable segment; its size decides how much every thread allocates.
                if (segment.file_size > segment.memory_size || segment.memory_size > address_limit ||
                    (segment.alignment & (segment.alignment - 1)) != 0)
                    return std::unexpected(Problem::bad_segment);
                break;
            default: break;
        }
    }
    if (!any) return std::unexpected(Problem::no_segments);
    load_end_ = align_up(last_end_, page_size);
    if (auto offset = header.table_offset; true) {
        for_each_load([&](const Segment& segment) {
            if (table_address_ == 0 && offset >= segment.offset && offset - segment.offset <= segment.file_size &&
                header.table_size() <= segment.file_size - (offset - segment.offset))
                table_address_ = segment.address + (offset - segment.offset);
        });
    }
    return {};
}

std::expected<void, Problem> ProgramHeaders::check_load(const Segment& segment, u64 file_size) {
    if (segment.file_size > segment.memory_size || segment.memory_size > address_limit ||
        segment.address > address_limit - segment.memory_size)
        return std::unexpected(Problem::bad_segment);
    // Pages of the file are mapped as they are, so place in the page must agree [gABI 5 "p_align"].
    if (segment.file_size != 0 && (segment.offset ^ segment.address) % page_size != 0) return std::unexpected(Problem::bad_segment);
    if (segment.alignment > 1 && (segment.alignment & (segment.alignment - 1)) != 0) return std::unexpected(Problem::bad_segment);
    if (segment.alignment > address_limit) return std::unexpected(Problem::bad_segment);
    if (segment.offset > file_size || segment.file_size > file_size - segment.offset)
        return std::unexpected(Problem::segment_outside_file);
    if (segment.address < last_end_) return std::unexpected(Problem::segments_out_of_order);
    last_end_ = segment.end();
    if (segment.alignment > load_alignment_) load_alignment_ = segment.alignment;
    return {};
}

std::expected<std::string_view, Problem> interpreter_path(ByteSpan segment_bytes) {
    std::string_view text(reinterpret_cast<const char*>(segment_bytes.data()), segment_bytes.size());
    auto end = text.find('\0');
    if (end == std::string_view::npos || end == 0 || text[0] != '/') return std::unexpected(Problem::bad_interpreter);
    return text.substr(0, end);
}

std::expected<bool, Problem> marks_branch_targets(ByteSpan segment_bytes) {
    auto* note = view_at<PropertyNote>(segment_bytes, 0);
    if (!note || note->type != property_note || note->name_size != sizeof note->name || std::memcmp(note->name, "GNU", sizeof note->name) != 0 ||
        note->description_size > segment_bytes.size() - sizeof *note)
        return std::unexpected(Problem::bad_properties);
    auto properties = segment_bytes.subspan(sizeof *note, note->description_size);
    bool marked = false;
    for (u64 at = 0; at < properties.size();) {
        auto* property = view_at<Property>(properties, at);
        if (!property || property->size > properties.size() - at - sizeof *property) return std::unexpected(Problem::bad_properties);
        if (property->type == arm64_features) {
            auto* features = property->size == sizeof(le32) ? view_at<le32>(properties, at + sizeof *property) : nullptr;
            if (!features) return std::unexpected(Problem::bad_properties);
            marked = *features & arm64_branch_targets;
        }
        at += sizeof *property + align_up(u64{property->size}, 8);
    }
    return marked;
}

}  // namespace spore::wire::elf
