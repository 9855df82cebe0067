// maps, smaps, smaps_rollup, statm [proc_pid_maps(5), proc_pid_smaps(5), proc_pid_statm(5)].
#include <algorithm>

#include "kernel/linux/proc/process_files.hpp"

namespace spore::linux::proc {

namespace {

using Area = memory::AddressSpace::AreaInfo;

/// Hexadecimal with at least `width` digits.
std::string_view hex(std::span<char, 16> digits, u64 number, std::size_t width) {
    std::size_t used = 0;
    do digits[15 - used++] = "0123456789abcdef"[number & 15];
    while ((number >>= 4) != 0 || used < width);
    return std::string_view(digits.data() + 16 - used, used);
}

/// One line: "start-end rwxp offset major:minor inode      path".
Result<void> write_area(TextSink& out, const Area& area) {
    char line[96], number[16];
    std::size_t used = 0;
    auto put = [&](std::string_view text) { used += text.copy(line + used, sizeof line - used); };
    put(hex(number, area.start.value, 8));
    put("-");
    put(hex(number, area.end.value, 8));
    const char access[] = {' ', area.access.read ? 'r' : '-', area.access.write ? 'w' : '-', area.access.execute ? 'x' : '-',
                           area.sharing == memory::Sharing::shared ? 's' : 'p', ' '};
    put({access, sizeof access});
    char path[512];
    std::span<char> described = path;
    u64 inode = 0, device = 0;
    if (area.object) area.object->describe(described, inode, device);
    else described = {};
    put(hex(number, area.object ? area.offset : 0, 8));
    put(" ");
    put(hex(number, device >> 8 & 0xfff, 2));
    put(":");
    put(hex(number, device & 0xff, 2));
    char tail[24];
    put(format_to(tail, " {} ", inode));
    std::string_view name = area.name && *area.name ? std::string_view(area.name) : std::string_view(described.data(), described.size());
    if (!name.empty())
        while (used < 73) put(" ");
    TRY(out.write({line, used}));
    TRY(out.write(name));
    return out.write("\n");
}

struct Visit {
    TextSink& out;
    memory::AddressSpace& memory;
    bool detailed;
    Result<void> result;
    u64 resident = 0, shared = 0, anonymous = 0, copied = 0;
};

struct Resident {
    u64 bytes = 0;
    u64 anonymous = 0;  ///< of these, no file's and nobody else's memory
    u64 copied = 0;     ///< of these, what other processes have too until one of them writes
};

/// Of an object's area, pages that were written to and are private since.
bool is_anonymous(const Area& area, const memory::Frame& frame) {
    return !area.object || (memory::is_managed(frame) && frame.kind == memory::FrameKind::anonymous);
}

/// Pages of an area that are mapped now. Called with the address space locked.
Resident resident_of(memory::AddressSpace& memory, const Area& area) {
    Resident resident;
    auto& table = memory.page_table();
    for (auto at = table.next_mapped(area.start, area.end); at < area.end;) {
        auto mapping = table.query(at);
        u64 next = mapping.size ? align_down(at.value, mapping.size) + mapping.size : at.value + page_size;
        u64 size = std::min(next, area.end.value) - at.value;
        resident.bytes += size;
        if (mapping.size && is_anonymous(area, memory::frame_of(mapping.frame))) {
            resident.anonymous += size;
            if (memory::frame_of(mapping.frame).references.load(std::memory_order_relaxed) > 1) resident.copied += size;
        }
        at = table.next_mapped({next}, area.end);
    }
    return resident;
}

void visit(void* context, const Area& area) {
    auto& v = *static_cast<Visit*>(context);
    if (!v.result) return;
    if (!v.detailed) {
        v.result = write_area(v.out, area);
        return;
    }
    auto found = resident_of(v.memory, area);
    u64 resident = found.bytes / 1024, anonymous = found.anonymous / 1024, copied = found.copied / 1024;
    v.result = [&]() -> Result<void> {
        TRY(write_area(v.out, area));
        TRY(v.out.print("Size:           {} kB\nKernelPageSize:        4 kB\nMMUPageSize:           4 kB\nRss:            {} kB\nPss:            {} kB\n",
                        (area.end - area.start) / 1024, resident, resident));
        TRY(v.out.print("Shared_Clean:   {} kB\nShared_Dirty:   {} kB\nPrivate_Clean:         0 kB\nPrivate_Dirty:  {} kB\n",
                        resident - anonymous, copied, anonymous - copied));
        return v.out.print("Referenced:     {} kB\nAnonymous:      {} kB\nSwap:                  0 kB\nLocked:         {} kB\n", resident,
                           anonymous, area.locked ? resident : 0);
    }();
}

void visit_sums(void* context, const Area& area) {
    auto& v = *static_cast<Visit*>(context);
    auto found = resident_of(v.memory, area);
    v.resident += found.bytes / 1024;
    v.anonymous += found.anonymous / 1024, v.shared += (found.bytes - found.anonymous) / 1024;
    v.copied += found.copied / 1024;
}

/// Some areas at a time: there may be tens of thousands, and while they are looked at the program cannot map anything.
Result<u64> show_areas(const Subject& subject, TextSink& out, u64 from, bool detailed) {
    constexpr u64 at_once = 32;
    TRY(check_may_inspect(subject));
    auto memory = TRY(subject.process())->memory();
    if (!memory) return Node::no_more;
    Visit v{out, *memory, detailed, {}};
    u64 end = memory->visit_some_areas({from}, at_once, visit, &v).value;
    TRY(std::move(v.result));
    return end == from ? Node::no_more : end;
}

void visit_objects(void* context, const Area& area) {
    auto& parts = *static_cast<MemoryParts*>(context);
    if (!area.object) return;
    auto found = resident_of(*parts.memory, area);
    parts.of_objects += found.bytes - found.anonymous;
}

}  // namespace

MemoryParts memory_parts(Process& process) {
    MemoryParts parts{.memory = process.memory()};
    if (!parts.memory) return parts;
    parts.use = parts.memory->use();
    parts.memory->visit_areas(visit_objects, &parts);
    parts.of_objects = std::min(parts.of_objects, parts.use.resident_bytes);  // that was before
    Guard guard(process.image_lock);
    auto& image = process.image;
    parts.program_code = std::min(align_up(image.code_end.value, page_size) - align_down(image.code.value, page_size), parts.use.code_bytes);
    return parts;
}

Result<u64> show_maps(const Subject& subject, TextSink& out, u64 from) { return show_areas(subject, out, from, false); }
Result<u64> show_detailed_maps(const Subject& subject, TextSink& out, u64 from) { return show_areas(subject, out, from, true); }

Result<void> show_map_sums(const Subject& subject, TextSink& out) {
    TRY(check_may_inspect(subject));
    auto memory = TRY(subject.process())->memory();
    if (!memory) return {};
    Visit v{out, *memory, true, {}};
    memory->visit_areas(visit_sums, &v);
    TRY(out.print("00010000-7ffffffff000 ---p 00000000 00:00 0                              [rollup]\nRss:            {} kB\nPss:            {} kB\n",
                  v.resident, v.resident));
    return out.print("Shared_Clean:   {} kB\nShared_Dirty:   {} kB\nPrivate_Clean:         0 kB\nPrivate_Dirty:  {} kB\nAnonymous:      {} kB\nSwap:                  0 kB\n",
                     v.shared, v.copied, v.anonymous - v.copied, v.anonymous);
}

Result<void> show_memory_pages(const Subject& subject, TextSink& out) {
    auto parts = memory_parts(*TRY(subject.process()));
    auto& use = parts.use;
    return out.print("{} {} {} {} 0 {} 0\n", use.virtual_bytes / page_size, use.resident_bytes / page_size, parts.of_objects / page_size, parts.program_code / page_size,
                     (use.data_bytes + use.stack_bytes) / page_size);
}

}  // namespace spore::linux::proc
