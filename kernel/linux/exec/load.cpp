#include "kernel/linux/exec/load.hpp"

#include "abi/manifest.hpp"
#include "arch/user_memory.hpp"
#include "kernel/core/random.hpp"

namespace spore::linux {

namespace elf = wire::elf;

SegmentPlan plan_segment(const elf::Segment& segment) {
    SegmentPlan plan;
    u64 lead = segment.address % page_size;
    plan.start = segment.address - lead;
    plan.offset = segment.offset - lead;
    plan.file_size = segment.file_size ? align_up(segment.file_size + lead, page_size) : 0;
    u64 memory_end = align_up(segment.end(), page_size);
    u64 file_end = plan.start + plan.file_size;
    plan.anonymous_size = memory_end > file_end ? memory_end - file_end : 0;
    if (segment.file_size && segment.memory_size > segment.file_size) {
        plan.clear_from = segment.address + segment.file_size;
        // To the page's end, and not only the segment's: what follows may become the heap, which begins as zeros.
        plan.clear_size = file_end - plan.clear_from;
    }
    return plan;
}

namespace {
constinit bool addresses_fixed = false;
}

void fix_addresses() { addresses_fixed = true; }
bool addresses_are_fixed() { return addresses_fixed; }

u64 random_distance(unsigned bits) {
    if (addresses_fixed) return 0;
    u64 number = 0;
    core::fill_random(std::as_writable_bytes(std::span(&number, 1)));
    return (number & ((u64{1} << bits) - 1)) * page_size;
}

namespace {

Result<u64> choose_bias(memory::AddressSpace& memory, const ProgramFile& program, Where where) {
    auto& segments = program.segments();
    if (!program.header().relocatable()) return 0;
    u64 alignment = segments.load_alignment();
    constexpr u64 low_base = abi::fixed_program_base;
    if (where == Where::low) return align_down(low_base + random_distance(28), alignment) - align_down(segments.load_begin(), alignment);
    // Reserves the whole extent, so that the segments find their distances free.
    u64 size = segments.load_end() - segments.load_begin() + (alignment - page_size);
    auto at = TRY(memory.map({.size = size, .access = {}}));
    return align_up(at.value, alignment) - align_down(segments.load_begin(), alignment);
}

}  // namespace

Result<LoadedImage> map_program(memory::AddressSpace& memory, const ProgramFile& program, Where where) {
    LoadedImage image;
    image.bias = TRY(choose_bias(memory, program, where));
    bool marked = TRY(program.marks_branch_targets());
    auto object = TRY(program.file().map(fs::MapWrites::nowhere));
    Result<void> result;
    auto map_one = [&](const elf::Segment& segment) -> Result<void> {
        auto plan = plan_segment(segment);
        arch::Access access{segment.readable(), segment.writable(), segment.executable(), segment.executable() && marked};
        VirtAddr start{plan.start + image.bias};
        if (plan.file_size)
            TRY(memory.map({.hint = start, .size = plan.file_size, .access = access, .placement = memory::Placement::exactly,
                            .object = object, .offset = plan.offset}));
        if (plan.anonymous_size)
            TRY(memory.map({.hint = start + plan.file_size, .size = plan.anonymous_size, .access = access, .placement = memory::Placement::exactly}));
        if (segment.executable() && !image.code.value) {
            image.code = {segment.address + image.bias};
            image.code_end = image.code + segment.file_size;
        }
        return {};
    };
    program.segments().for_each_load([&](const elf::Segment& segment) {
        if (result) result = map_one(segment);
    });
    TRY(result);
    image.entry = {program.header().entry + image.bias};
    image.program_headers = {program.segments().table_address() ? program.segments().table_address() + image.bias : 0};
    image.end = {program.segments().load_end() + image.bias};
    return image;
}

Result<void> clear_tails(const ProgramFile& program, const LoadedImage& image) {
    Result<void> result;
    program.segments().for_each_load([&](const elf::Segment& segment) {
        auto plan = plan_segment(segment);
        if (result && plan.clear_size && segment.writable()) result = arch::zero_program({plan.clear_from + image.bias}, plan.clear_size);
    });
    return result;
}

}  // namespace spore::linux
