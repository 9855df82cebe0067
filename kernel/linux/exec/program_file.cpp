#include "kernel/linux/exec/program_file.hpp"

#include "arch/mmu.hpp"
#include "kernel/linux/machine/elf.hpp"

namespace spore::linux {

namespace elf = wire::elf;

namespace {

Result<void> read_exactly(fs::File& file, u64 offset, MutableByteSpan into) {
    auto buffer = fs::IoBuffer::kernel(into);
    while (buffer.remaining()) {
        u64 done = into.size() - buffer.remaining();
        if (TRY(file.read_at(buffer, offset + done)) == 0) return fail(Error::not_executable);
    }
    return {};
}

}  // namespace

Result<ProgramFile> ProgramFile::open(const fs::Context& context, fs::Dentry& entry, ExecProblem& problem) {
    constexpr u8 execute = 1;
    problem = ExecProblem::not_executable;
    auto stat = TRY(fs::stat(entry));
    if (stat.type != fs::FileType::regular) return fail(Error::access_denied);
    TRY(fs::check_access(context, entry, execute));
    ProgramFile program;
    program.file_ = TRY(fs::open_entry(context, entry, {.read = true, .execute = true}));

    std::byte start[elf::file_header_size];
    if (stat.size < sizeof start) return fail(Error::not_executable);
    TRY(read_exactly(*program.file_, 0, start));
    auto header = elf::parse_header(start, machine::elf_machine);
    if (!header) {
        if (header.error() == elf::Problem::wrong_machine || header.error() == elf::Problem::not_64_bit) problem = ExecProblem::wrong_architecture;
        return fail(Error::not_executable);
    }
    program.header_ = *header;
    program.table_ = TRY(HeapArray<std::byte>::create(header->table_size()));
    TRY(read_exactly(*program.file_, header->table_offset, program.table_.span()));
    auto segments = elf::ProgramHeaders::parse(*header, program.table_.span(), stat.size);
    if (!segments) return fail(Error::not_executable);
    program.segments_ = *segments;
    problem = ExecProblem::none;
    return program;
}

Result<SmallText> ProgramFile::interpreter() const {
    auto segment = segments_->find(elf::SegmentType::interpreter);
    if (!segment) return SmallText();
    if (segment->file_size < 2 || segment->file_size > 4096) return fail(Error::not_executable);
    auto text = TRY(SmallText::create(segment->file_size));
    TRY(read_exactly(*file_, segment->offset, std::as_writable_bytes(std::span(text.data(), text.size()))));
    auto path = elf::interpreter_path(std::as_bytes(std::span(text.data(), text.size())));
    if (!path) return fail(Error::not_executable);
    text.shorten(path->size());
    return text;
}

Result<bool> ProgramFile::marks_branch_targets() const {
    auto segment = segments_->find(elf::SegmentType::gnu_property);
    if (!arch::can_check_branch_targets() || !segment || segments_->find(elf::SegmentType::interpreter)) return false;
    std::byte bytes[elf::max_properties_size];
    if (segment->file_size > sizeof bytes) return fail(Error::not_executable);
    auto properties = std::span(bytes).first(segment->file_size);
    TRY(read_exactly(*file_, segment->offset, properties));
    auto marked = elf::marks_branch_targets(properties);
    if (!marked) return fail(Error::not_executable);
    return *marked;
}

Result<std::optional<ScriptLine>> read_script_line(fs::File& file) {
    char start[256];
    auto buffer = fs::IoBuffer::kernel(std::as_writable_bytes(std::span(start)));
    u64 size = TRY(file.read_at(buffer, 0));
    return parse_script_line({start, size});
}

Result<std::optional<ScriptLine>> parse_script_line(std::string_view start) {
    if (!start.starts_with("#!")) return std::nullopt;
    auto line = start.substr(2, start.find('\n') == start.npos ? start.npos : start.find('\n') - 2);
    constexpr std::string_view blanks = " \t";
    auto trim = [&](std::string_view text) {
        auto first = text.find_first_not_of(blanks);
        if (first == text.npos) return std::string_view();
        return text.substr(first, text.find_last_not_of(blanks) - first + 1);
    };
    line = trim(line);
    auto end = line.find_first_of(blanks);
    // A first line longer than the buffer may have cut the interpreter's own name: then it is no name.
    if (line.empty() || (end == line.npos && start.size() == 256 && start.find('\n') == start.npos)) return fail(Error::not_executable);
    ScriptLine script;
    script.interpreter = TRY(SmallText::of(line.substr(0, end)));
    if (end != line.npos) script.argument = TRY(SmallText::of(trim(line.substr(end))));
    return script;
}

}  // namespace spore::linux
