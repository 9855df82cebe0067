// Single x86-64 instructions that only ring 0 has, as functions.
#pragma once

#include "../isa/x86_64/instructions.hpp"

namespace spore::arch {

inline u8 in8(u16 port) { u8 v; asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port)); return v; }
inline u16 in16(u16 port) { u16 v; asm volatile("inw %1, %0" : "=a"(v) : "Nd"(port)); return v; }
inline u32 in32(u16 port) { u32 v; asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port)); return v; }
inline void out8(u16 port, u8 v) { asm volatile("outb %0, %1" : : "a"(v), "Nd"(port)); }
inline void out16(u16 port, u16 v) { asm volatile("outw %0, %1" : : "a"(v), "Nd"(port)); }
inline void out32(u16 port, u32 v) { asm volatile("outl %0, %1" : : "a"(v), "Nd"(port)); }

inline u64 read_msr(u32 msr) {
    u32 low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return u64{high} << 32 | low;
}
inline void write_msr(u32 msr, u64 value) {
    asm volatile("wrmsr" : : "c"(msr), "a"(static_cast<u32>(value)), "d"(static_cast<u32>(value >> 32)) : "memory");
}

inline u64 read_cr2() { u64 v; asm volatile("movq %%cr2, %0" : "=r"(v)); return v; }
inline u64 read_cr3() { u64 v; asm volatile("movq %%cr3, %0" : "=r"(v)); return v; }
inline void write_cr3(u64 v) { asm volatile("movq %0, %%cr3" : : "r"(v) : "memory"); }
inline u64 read_cr4() { u64 v; asm volatile("movq %%cr4, %0" : "=r"(v)); return v; }
inline void write_cr4(u64 v) { asm volatile("movq %0, %%cr4" : : "r"(v) : "memory"); }
inline u64 read_cr0() { u64 v; asm volatile("movq %%cr0, %0" : "=r"(v)); return v; }
inline void write_cr0(u64 v) { asm volatile("movq %0, %%cr0" : : "r"(v) : "memory"); }
inline void invalidate_page(u64 address) { asm volatile("invlpg (%0)" : : "r"(address) : "memory"); }

namespace msr {  // [intel/vol4 2]
inline constexpr u32 apic_base = 0x1b;
inline constexpr u32 tsc_deadline = 0x6e0;
inline constexpr u32 x2apic = 0x800;
inline constexpr u32 efer = 0xc0000080;
inline constexpr u32 star = 0xc0000081;
inline constexpr u32 lstar = 0xc0000082;
inline constexpr u32 fmask = 0xc0000084;
inline constexpr u32 fs_base = 0xc0000100;
inline constexpr u32 gs_base = 0xc0000101;
inline constexpr u32 kernel_gs_base = 0xc0000102;
inline constexpr u32 tsc_aux = 0xc0000103;
}  // namespace msr

}  // namespace spore::arch
