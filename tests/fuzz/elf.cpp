// Any bytes as an ELF file: what parses must keep its promises.
#include <cstdlib>

#include "wire/elf_dynamic.hpp"

using namespace spore;
using namespace spore::wire::elf;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    ByteSpan file(reinterpret_cast<const std::byte*>(data), size);
    auto header = parse_header(file);
    if (!header) return 0;
    auto table = slice(file, header->table_offset, header->table_size());
    auto headers = ProgramHeaders::parse(*header, table.value_or(ByteSpan{}), size);
    if (!headers) return 0;
    u64 last = 0;
    headers->for_each_load([&](const Segment& segment) {
        if (segment.memory_size == 0) return;
        if (segment.address < last || segment.end() > address_limit || !slice(file, segment.offset, segment.file_size)) std::abort();
        last = segment.end();
    });
    if (last > headers->load_end()) std::abort();
    if (auto segment = headers->find(SegmentType::interpreter))
        (void)interpreter_path(file.subspan(segment->offset, segment->file_size));
    (void)marks_branch_targets(file);
    auto dynamic = Dynamic::parse(file, *headers);
    if (dynamic) dynamic->for_each_needed([](std::string_view name) { if (name.find('\0') != name.npos) std::abort(); });
    return 0;
}
