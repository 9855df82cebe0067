// The TLB of the CPU that runs this.
#include "../../isa/x86_64/mmu/translation.hpp"

#include "../apic/local_apic.hpp"
#include "../cpu/local.hpp"
#include "../instructions.hpp"
#include "../trap/vectors.hpp"
#include "arch/mmu.hpp"

extern "C" spore::u64 kernel_pml4[];

namespace spore::arch {
namespace {
constexpr u64 full_flush_pages = 32;
}  // namespace

u64 table_without_program() { return reinterpret_cast<u64>(kernel_pml4) - kernel_half::image; }

void use_table(u64 root) { write_cr3(root); }

// CR3 without process identifiers: what another table had is gone.
void note_flush(u64, u64, u64) {}
void note_end(u64) {}

void flush_here(u64 start, u64 end) {
    if ((end - start) / page_size > full_flush_pages) {
        if (start < program_end) return write_cr3(read_cr3());
        u64 cr4 = read_cr4();
        write_cr4(cr4 ^ 0x80);  // toggling PGE drops global translations too [intel/vol3 4.10.4.1]
        write_cr4(cr4);
        return;
    }
    for (u64 at = start; at < end; at += page_size) invalidate_page(at);
}

void rest() { pause(); }

void interrupt_for_flush(u32 cpu) { send_interrupt(cpu_local(cpu).apic_id, vector::flush); }

}  // namespace spore::arch
