#include "version_3.hpp"

#include "arch/mmu.hpp"
#include "distributor.hpp"

// By their encodings, as assemblers know the names only with extensions switched on.
#define ICC_PMR_EL1 S3_0_C4_C6_0
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_BPR1_EL1 S3_0_C12_C12_3
#define ICC_CTLR_EL1 S3_0_C12_C12_4
#define ICC_SRE_EL1 S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7

namespace spore::arch {
namespace {

constexpr u64 frame_size = 64_KiB;
enum RedistributorRegister : u32 { type = 0x08, waker = 0x14 };
constexpr u64 last_of_region = 1 << 4, has_virtual_frames = 1 << 1;
constexpr u32 processor_sleeps = 1 << 1, children_asleep = 1 << 2;

/// Frames of redistributors one after another. There may be room for hundreds, so each is mapped when a search comes to it.
struct Frames {
    MemoryRange regions[8] = {};
    u32 region_count = 0;
    u32 region = 0;  ///< where the next frame is
    u64 offset = 0;
    struct Known {
        std::byte* base;
        PhysAddr address;
        u32 affinity;
    } known[max_cpus] = {};
    u32 count = 0;

    /// The next frame becomes known. not_found behind the last.
    Result<void> map_next() {
        while (region < region_count && regions[region].start.value + offset + 2 * frame_size > regions[region].end.value) ++region, offset = 0;
        if (region == region_count || count == max_cpus) return fail(Error::not_found);
        auto* base = static_cast<std::byte*>(TRY(map_device(regions[region].start + offset, 2 * frame_size)));
        u64 kind = InterruptRegisters(base).read_wide(type);
        known[count++] = {base, regions[region].start + offset, static_cast<u32>(kind >> 32)};
        if (kind & last_of_region) ++region, offset = 0;
        else offset += (kind & has_virtual_frames ? 4 : 2) * frame_size;
        return {};
    }
};
constinit Frames frames;  // the boot CPU finds those of all: no lock

/// GICR_TYPER's affinity has no gap below its fourth field, MPIDR_EL1 has.
u32 packed(u64 affinity) { return static_cast<u32>((affinity & 0xff'ffff) | (affinity >> 32 & 0xff) << 24); }

/// The frames that belong to the processor.
Result<Frames::Known> find_redistributor(u64 affinity) {
    for (u32 i = 0;; ++i) {
        if (i == frames.count) TRY(frames.map_next());
        if (frames.known[i].affinity == packed(affinity)) return frames.known[i];
    }
}

void wake(InterruptRegisters redistributor) {
    redistributor.write(waker, redistributor.read(waker) & ~processor_sleeps);
    while (redistributor.read(waker) & children_asleep) pause();
}

}  // namespace

void use_redistributors(std::span<const MemoryRange> ranges) {
    for (auto range : ranges)
        if (frames.region_count < std::size(frames.regions)) frames.regions[frames.region_count++] = range;
}

bool has_redistributor(u64 affinity) { return find_redistributor(affinity).has_value(); }

Result<void> enable_cpu_interrupts_v3(CpuLocal& cpu, u32 timer) {
    auto [frame, address, affinity] = TRY(find_redistributor(cpu.affinity));
    cpu.redistributor = frame;
    cpu.redistributor_address = address;
    wake(InterruptRegisters(frame));
    InterruptRegisters own(frame + frame_size);
    own.write(InterruptRegisters::group, ~0u);
    for (u32 id = 0; id < interrupt::first_line; ++id) own.write_byte(InterruptRegisters::priority + id, normal_priority);
    own.write(InterruptRegisters::set_enable, 0xffff);
    own.enable(timer);
    SPORE_WRITE_SYSTEM(ICC_SRE_EL1, SPORE_READ_SYSTEM(ICC_SRE_EL1) | 1);
    instruction_barrier();
    SPORE_WRITE_SYSTEM(ICC_PMR_EL1, 0xff);
    SPORE_WRITE_SYSTEM(ICC_BPR1_EL1, 0);
    SPORE_WRITE_SYSTEM(ICC_CTLR_EL1, 0);  // the end of an interrupt is one step
    SPORE_WRITE_SYSTEM(ICC_IGRPEN1_EL1, 1);
    instruction_barrier();
    return {};
}

u32 acknowledge_interrupt_v3() { return static_cast<u32>(SPORE_READ_SYSTEM(ICC_IAR1_EL1)); }

void end_interrupt_v3(u32 word) {
    SPORE_WRITE_SYSTEM(ICC_EOIR1_EL1, word);
    instruction_barrier();
}

void send_interrupt_v3(u64 affinity, u32 id) {
    u64 list = u64{1} << (affinity & 15), range = affinity >> 4 & 15;
    u64 word = list | range << 44 | (affinity >> 8 & 0xff) << 16 | (affinity >> 16 & 0xff) << 32 | (affinity >> 32 & 0xff) << 48 | u64{id} << 24;
    SPORE_WRITE_SYSTEM(ICC_SGI1R_EL1, word);
    instruction_barrier();
}

}  // namespace spore::arch
