#include "kernel/linux/core_file/segments.hpp"

#include <algorithm>

#include "kernel/linux/core_file/format.hpp"
#include "kernel/memory/frame_kind.hpp"

namespace spore::linux {

namespace {

using Area = memory::AddressSpace::AreaInfo;
using memory::AddressSpace;

/// The path of what an area shows, as /proc/PID/maps has it; empty for what has none.
std::string_view path_of(const Area& area, std::span<char> buffer) {
    if (!area.object) return {};
    u64 inode, device;
    area.object->describe(buffer, inode, device);
    return {buffer.data(), buffer.size()};
}

const std::byte* page_in_table(AddressSpace& memory, u64 at) {
    auto mapping = memory.page_table().query({at});
    return mapping.size ? static_cast<const std::byte*>(arch::direct(mapping.frame)) + at % mapping.size : nullptr;
}

bool is_copied(AddressSpace& memory, const Area& area) {
    if (!area.object || area.sharing == memory::Sharing::shared) return false;
    auto& table = memory.page_table();
    for (auto at = table.next_mapped(area.start, area.end); at < area.end; at = table.next_mapped({align_down(at.value, page_size) + page_size}, area.end)) {
        auto& frame = memory::frame_of(table.query(at).frame);
        if (memory::is_managed(frame) && frame.kind == memory::FrameKind::anonymous) return true;
    }
    return false;
}

struct Count {
    std::size_t areas = 0, files = 0, path_bytes = 0;

    void add(const Area& area) {
        char path[512];
        ++areas;
        if (auto size = path_of(area, path).size()) ++files, path_bytes += size + 1;
    }
};

/// The second look, into what was allocated after the first: what others have mapped since may not fit.
struct Collection {
    AddressSpace& memory;
    u32 filter;
    std::span<CoreSegment> segments;
    std::size_t segment_count = 0;
    std::span<core_format::FileRange> ranges;
    std::span<char> paths;
    std::size_t range_count = 0, path_bytes = 0;

    void add(const Area& area) {
        if (segment_count == segments.size()) return;
        char buffer[512];
        auto path = path_of(area, buffer);
        bool nameless = path.ends_with(" (deleted)");
        auto extent = core_extent(area, nameless, is_copied(memory, area), filter);
        u64 size = area.end - area.start;
        segments[segment_count++] = {area.start.value, area.end.value, extent == CoreExtent::all ? size : extent == CoreExtent::nothing ? 0 : page_size,
                                     u32{area.access.read} * 4 | u32{area.access.write} * 2 | u32{area.access.execute}, area.object && (area.sharing == memory::Sharing::privately || !nameless)};
        if (path.empty() || range_count == ranges.size() || path.size() >= paths.size() - path_bytes) return;
        ranges[range_count++] = {area.start.value, area.end.value, area.offset / page_size};
        path_bytes += path.copy(paths.data() + path_bytes, path.size());
        paths[path_bytes++] = 0;
    }
};

template <typename T>
void visit(void* context, const Area& area) { static_cast<T*>(context)->add(area); }

/// Whether the bytes there begin an ELF file, as far as that is known only by looking.
bool begins_elf(AddressSpace& memory, u64 at) {
    std::byte magic[4];
    auto read = memory.read({at}, magic);
    return read && *read == sizeof magic && std::memcmp(magic, core_format::identification, sizeof magic) == 0;
}

/// Pages from `at` on that are in memory one after another; when there is none at `at`, where the next one is.
struct Stretch {
    AddressSpace& memory;
    u64 at, end;
    MutableByteSpan into;
    std::size_t bytes = 0;

    void add(const Area& area) {
        end = std::min(end, area.end.value);
        while (at + bytes < end && into.size() - bytes >= page_size) {
            u64 address = at + bytes, index = (area.offset + (address - area.start.value)) / page_size;
            memory::FrameRef cached;
            auto* page = page_in_table(memory, address);
            if (!page && area.object && (cached = area.object->pages().find(index))) page = cached.bytes();
            if (!page) {
                if (!bytes) at = next(area, address, index);
                return;
            }
            std::memcpy(into.data() + bytes, page, page_size);
            bytes += page_size;
        }
    }
    u64 next(const Area& area, u64 address, u64 index) const {
        address += page_size;
        if (address >= end) return end;
        u64 mapped = memory.page_table().next_mapped({address}, {end}).value;
        if (!area.object) return mapped;
        u64 held = area.object->pages().next(index + 1, memory::PageTree::Slot::used);
        return std::min(mapped, held == memory::PageTree::none ? end : address + (held - index - 1) * page_size);
    }
};

}  // namespace

CoreExtent core_extent(const Area& area, bool nameless, bool copied, u32 filter) {
    std::string_view name(area.name);
    if (name == "[vdso]") return CoreExtent::all;
    if (!area.dumped || name == "[vvar]") return CoreExtent::nothing;
    auto all_if = [&](u32 bit) { return filter & bit ? CoreExtent::all : CoreExtent::nothing; };
    if (area.sharing == memory::Sharing::shared) return all_if(nameless ? shared_anonymous : shared_files);  // what no name leads to counts as anonymous
    if (!area.object) return all_if(private_anonymous);
    if ((copied && (filter & private_anonymous)) || (filter & private_files)) return CoreExtent::all;
    return (filter & elf_beginnings) && area.offset == 0 && area.access.read ? CoreExtent::first_page_of_elf : CoreExtent::nothing;
}

Result<CoreSegments> CoreSegments::of(AddressSpace& memory, u32 filter) {
    using namespace core_format;
    Count count;
    memory.visit_areas(visit<Count>, &count);
    if (count.areas + 1 > most_program_headers) return fail(Error::overflow);
    CoreSegments result;
    result.segments_ = TRY(HeapArray<CoreSegment>::create(count.areas));
    u64 ranges_at = sizeof(FileListHeader), paths_at = ranges_at + count.files * sizeof(FileRange);
    result.files_ = TRY(HeapArray<std::byte>::create(paths_at + count.path_bytes));
    auto* bytes = result.files_.data();
    Collection found{.memory = memory, .filter = filter, .segments = result.segments_.span(),
                     .ranges = {reinterpret_cast<FileRange*>(bytes + ranges_at), count.files}, .paths = {reinterpret_cast<char*>(bytes + paths_at), count.path_bytes}};
    memory.visit_areas(visit<Collection>, &found);
    result.count_ = found.segment_count;
    // A list with fewer than there was room for still ends where it says: an empty range with an empty path is nobody's.
    FileListHeader header{count.files, page_size};
    std::memcpy(bytes, &header, sizeof header);
    for (auto& segment : result.segments_.span().first(result.count_))
        if (segment.file_size == page_size && segment.end - segment.start > page_size && segment.of_file && !begins_elf(memory, segment.start)) segment.file_size = 0;
    return result;
}

Result<void> put_segment(CoreOutput& output, AddressSpace& memory, const CoreSegment& segment) {
    u64 base = output.position(), end = segment.start + segment.file_size;
    for (u64 at = segment.start; at < end;) {
        TRY(output.skip_to(base + (at - segment.start)));
        auto into = TRY(output.room(page_size));
        into = into.first(align_down(std::min<u64>({into.size(), end - at, output.left()}), page_size));
        if (into.empty()) return fail(Error::too_big);
        std::size_t bytes;
        if (segment.of_file) {
            bytes = align_down(memory.read({at}, into).value_or(0), page_size);
            if (bytes == 0) at += page_size;  // beyond the file's end
        } else {
            Stretch stretch{memory, at, end, into};
            if (!memory.visit_area_at({at}, visit<Stretch>, &stretch)) break;
            at = stretch.at, bytes = stretch.bytes;
        }
        TRY(output.take(bytes));
        at += bytes;
    }
    return output.skip_to(base + segment.file_size);
}

}  // namespace spore::linux
