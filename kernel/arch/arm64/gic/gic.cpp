// The two versions' common face.
#include "gic.hpp"

#include "arch/mmu.hpp"
#include "distributor.hpp"
#include "version_3.hpp"

namespace spore::arch {
namespace {

enum CpuRegister : u32 { cpu_control = 0x0, priority_mask = 0x4, acknowledge = 0xc, end = 0x10 };

constinit InterruptRegisters distributor, cpu_interface;
constinit bool version_3 = false;
constinit u32 line_count = 0;

constexpr u32 id_bits_2 = 0x3ff, id_bits_3 = 0xff'ffff;

/// Version 3 says when what was switched off is off [IHI0069 12.9.4 GICD_CTLR.RWP]; routing may be changed only then.
void wait_until_off() {
    constexpr u32 write_pending = u32{1} << 31;
    for (int wait = 0; version_3 && wait < 1'000'000 && (distributor.read(InterruptRegisters::control) & write_pending); ++wait) pause();
}

void disable_lines() {
    wait_until_off();
    line_count = distributor.lines();
    for (u32 id = interrupt::first_line; id < line_count; id += 32) distributor.write(InterruptRegisters::clear_enable + id / 8, ~0u);
    wait_until_off();
}

}  // namespace

Result<void> start_gic_v2(PhysAddr distributor_at, PhysAddr cpu_interface_at) {
    distributor = InterruptRegisters(TRY(map_device(distributor_at, page_size)));
    cpu_interface = InterruptRegisters(TRY(map_device(cpu_interface_at, page_size)));
    distributor.write(InterruptRegisters::control, 0);
    disable_lines();
    distributor.write(InterruptRegisters::control, 1);
    return {};
}

Result<void> start_gic_v3(PhysAddr distributor_at, std::span<const MemoryRange> redistributors) {
    distributor = InterruptRegisters(TRY(map_device(distributor_at, 32_KiB)));
    version_3 = true;
    distributor.write(InterruptRegisters::control, 0);
    disable_lines();
    for (u32 id = interrupt::first_line; id < line_count; id += 32) distributor.write(InterruptRegisters::group + id / 8, ~0u);
    distributor.write(InterruptRegisters::control, 1 << 4 | 1 << 1 | 1);  // routing by affinity; group 1, in either security state's view
    use_redistributors(redistributors);
    return {};
}

bool knows_processor(u64 affinity) { return !version_3 || has_redistributor(affinity); }

Result<void> enable_cpu_interrupts(CpuLocal& cpu, u32 timer) {
    if (version_3) return enable_cpu_interrupts_v3(cpu, timer);
    cpu.interrupt_target = distributor.read(InterruptRegisters::target) & 0xff;  // of the first 32 each CPU sees its own number
    if (!cpu.interrupt_target) cpu.interrupt_target = 1;                         // a machine of one CPU may not say
    for (u32 id = 0; id < interrupt::first_line; ++id) distributor.write_byte(InterruptRegisters::priority + id, normal_priority);
    distributor.write(InterruptRegisters::set_enable, 0xffff);
    distributor.enable(timer);
    cpu_interface.write(priority_mask, 0xff);
    cpu_interface.write(cpu_control, 1);
    return {};
}

u32 Acknowledged::id() const { return word & (version_3 ? id_bits_3 : id_bits_2); }
bool Acknowledged::is_interrupt() const { return id() <= interrupt::last_line || id() >= interrupt::first_message; }

Acknowledged acknowledge_interrupt() {
    Acknowledged interrupt{version_3 ? acknowledge_interrupt_v3() : cpu_interface.read(acknowledge)};
    // What the handler looks at is read after that [IHI0069 4.1.1]: else it may see what was there before the interrupt, which is gone now.
    asm volatile("dsb sy" ::: "memory");
    return interrupt;
}

void end_interrupt(Acknowledged acknowledged) {
    if (version_3) end_interrupt_v3(acknowledged.word);
    else cpu_interface.write(end, acknowledged.word);
}

void send_interrupt(const CpuLocal& to, u32 id) {
    full_barrier();  // what the other CPU shall find is there before it looks
    if (version_3) send_interrupt_v3(to.affinity, id);
    else distributor.write(InterruptRegisters::generate, to.interrupt_target << 16 | id);
}

Result<void> enable_line(u32 line, Trigger trigger, u32 cpu) {
    if (line < interrupt::first_line || line >= line_count || line > interrupt::last_line) return fail(Error::not_found);
    distributor.set_trigger(line, trigger);
    distributor.write_byte(InterruptRegisters::priority + line, normal_priority);
    if (version_3) distributor.write_wide(InterruptRegisters::route + line * 8, cpu_local(cpu).affinity);
    else distributor.write_byte(InterruptRegisters::target + line, static_cast<u8>(cpu_local(cpu).interrupt_target));
    distributor.enable(line);
    return {};
}

}  // namespace spore::arch
