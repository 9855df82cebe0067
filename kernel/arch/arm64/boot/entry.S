// From what a loader leaves us in (translation off, EL2 or EL1) to code at the kernel's own address. The image is in Linux's format
// [image_header.S]: x0 is the device tree's physical address, and the image lies at a multiple of 2 MiB.
//
// Until translation is on, code runs at its physical address, memory counts as device memory, and caches are not looked into: only
// PC-relative addresses, aligned accesses, and what is written is then dropped from caches, where older copies may wait.

#define VALID_TABLE     3
#define BLOCK_NORMAL    0x701           // valid block, attributes 0, inner shareable, accessed [DDI0487 D8.3]
#define BLOCK_PROGRAM_NO_EXECUTE (1 << 54)

#define SCTLR_OFF       0x30d00800      // the bits that are one by default
// Translation, caches, stack alignment; for programs DC ZVA, CTR_EL0, WFI, WFE and cache maintenance; PAN is set when a trap is taken.
#define SCTLR_ON        (0x30500800 | 1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 12 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 18 | 1 << 26)
#define MAIR            0x04ff          // 0: normal, write-back; 1: device, no gathering, no reordering [include/machine_entry.hpp]
// 48-bit halves of 4 KiB pages, walks through caches, the top byte of a program's address ignored.
#define TCR             (16 | 1 << 8 | 1 << 10 | 3 << 12 | 16 << 16 | 1 << 24 | 1 << 26 | 3 << 28 | 2 << 30 | 1 << 37)

        .arch   armv8.2-a

        .section .text.start, "ax", @progbits
        .globl  image_entry, image_entry_from_firmware
image_entry:
        mov     x20, x0
        mov     x22, xzr
// From efi/leave.S: x20 is the device tree's address, or 0, and x22 the handover's.
image_entry_from_firmware:
        adrp    x21, image_header       // the image's physical address
        bl      leave_el2
        bl      make_boot_tables
        adrp    x0, boot_low_root
        adrp    x1, boot_kernel_root
        ldr     x2, =at_kernel_address
        b       enable_translation

at_kernel_address:
        adrp    x0, boot_stack_top
        add     sp, x0, :lo12:boot_stack_top
        mov     x29, xzr                // ends every backtrace
        adrp    x0, bss_start
        add     x0, x0, :lo12:bss_start
        adrp    x2, bss_end
        add     x2, x2, :lo12:bss_end
        sub     x2, x2, x0
        mov     w1, wzr
        bl      memset
        mov     x0, x20
        mov     x1, x21
        mov     x2, x22
        bl      start_machine           // (PhysAddr device_tree, PhysAddr image, PhysAddr handover)
        brk     #0

// At EL2, makes EL1 a machine of its own and goes down to it. Uses x1, x2.
leave_el2:
        mrs     x1, CurrentEL
        cmp     x1, #2 << 2
        b.ne    2f
        // EL1 is 64-bit, nothing traps, signing pointers neither. And E2H is off: while it is on, names of EL1's registers mean EL2's [DDI0487 D8.10.4].
        ldr     x1, =(1 << 31 | 3 << 40)
        msr     hcr_el2, x1
        isb
        ldr     x1, =SCTLR_OFF
        msr     sctlr_el1, x1
        mrs     x1, cnthctl_el2
        orr     x1, x1, #3              // EL1 may use the physical counter and timer
        msr     cnthctl_el2, x1
        msr     cntvoff_el2, xzr
        mrs     x1, midr_el1
        msr     vpidr_el2, x1
        mrs     x1, mpidr_el1
        msr     vmpidr_el2, x1
        msr     vttbr_el2, xzr
        msr     hstr_el2, xzr
        mov     x1, #0x33ff             // vector registers do not trap; SVE, which is not used, does
        msr     cptr_el2, x1
        mov     x2, xzr                 // nothing of debugging traps
        mrs     x1, id_aa64dfr0_el1
        ubfx    x1, x1, #8, #4
        sub     x1, x1, #1
        cmp     x1, #0xf - 1            // neither 0, no counters of events, nor 0xf, others than the architecture's
        b.hs    1f
        mrs     x2, pmcr_el0
        ubfx    x2, x2, #11, #5         // all of them are EL1's
1:      msr     mdcr_el2, x2
        mrs     x1, id_aa64pfr0_el1
        ubfx    x1, x1, #24, #4
        cbz     x1, 1f                  // no GIC by system registers
        mrs     x1, S3_4_C12_C9_5       // ICC_SRE_EL2: by system registers, from EL1 too
        mov     x2, #9
        orr     x1, x1, x2
        msr     S3_4_C12_C9_5, x1
        isb
        msr     S3_4_C12_C11_0, xzr     // ICH_HCR_EL2
1:      mrs     x1, id_aa64mmfr0_el1
        ubfx    x1, x1, #56, #4
        cbz     x1, 1f                  // no fine-grained traps
        msr     S3_4_C1_C1_4, xzr       // HFGRTR_EL2, HFGWTR_EL2, HFGITR_EL2, HDFGRTR_EL2, HDFGWTR_EL2
        msr     S3_4_C1_C1_5, xzr
        msr     S3_4_C1_C1_6, xzr
        msr     S3_4_C3_C1_4, xzr
        msr     S3_4_C3_C1_5, xzr
1:      mov     x1, #0x3c5              // EL1 on its own stack pointer, everything masked
        msr     spsr_el2, x1
        msr     elr_el2, x30
        eret
2:      ldr     x1, =SCTLR_OFF
        msr     sctlr_el1, x1
        isb
        ret

// The image at the kernel's address; memory around the image and the device tree at its own address, until the final tables stand.
make_boot_tables:
        adrp    x0, boot_tables_start
        adrp    x1, boot_tables_end
1:      stp     xzr, xzr, [x0], #16
        cmp     x0, x1
        b.lo    1b
        adrp    x0, boot_kernel_root
        adrp    x1, boot_kernel_upper
        orr     x2, x1, #VALID_TABLE
        str     x2, [x0, #511 * 8]
        adrp    x2, boot_kernel_blocks
        orr     x2, x2, #VALID_TABLE
        str     x2, [x1, #510 * 8]
        adrp    x0, boot_kernel_blocks
        ldr     x3, =BLOCK_NORMAL + BLOCK_PROGRAM_NO_EXECUTE
        add     x1, x21, x3
        adrp    x2, kernel_end
        add     x2, x2, x3
1:      str     x1, [x0], #8
        add     x1, x1, #0x200000
        cmp     x1, x2
        b.ls    1b
        adrp    x5, boot_low_upper
        mov     x10, x30
        mov     x0, x21
        bl      map_low_gigabyte
        cbz     x22, 1f
        mov     x0, x22                 // it lies behind the image
        bl      map_low_gigabyte
1:      cbz     x20, 1f
        mov     x0, x20
        bl      map_low_gigabyte
        add     x0, x20, #0x200000      // the tree may take 2 MiB, and reach into the next one
        bl      map_low_gigabyte
1:      adrp    x0, boot_tables_start
        adrp    x1, boot_tables_end
        mrs     x2, ctr_el0
        ubfx    x2, x2, #16, #4
        mov     x3, #4
        lsl     x3, x3, x2              // the smallest cache line
        dsb     sy
1:      dc      ivac, x0
        add     x0, x0, x3
        cmp     x0, x1
        b.lo    1b
        dsb     sy
        ret     x10

// Maps the gigabyte around x0 at its own address; x5 is the next free table for that. Uses x1 to x4.
map_low_gigabyte:
        adrp    x1, boot_low_root
        ubfx    x2, x0, #39, #9
        ldr     x3, [x1, x2, lsl #3]
        cbnz    x3, 1f
        orr     x3, x5, #VALID_TABLE
        str     x3, [x1, x2, lsl #3]
        add     x5, x5, #4096
1:      bic     x3, x3, #VALID_TABLE
        ubfx    x2, x0, #30, #9
        ldr     x4, =BLOCK_NORMAL + BLOCK_PROGRAM_NO_EXECUTE
        and     x1, x0, #0xffffc0000000
        orr     x4, x4, x1
        str     x4, [x3, x2, lsl #3]
        ret

// Turns translation on, with the tables at x0 (low half) and x1 (kernel's half), and goes on at x2. Uses x3, x4.
enable_translation:
        ldr     x3, =MAIR
        msr     mair_el1, x3
        ldr     x3, =TCR
        mrs     x4, id_aa64mmfr0_el1
        and     x4, x4, #7              // how far physical addresses reach
        cmp     x4, #5
        mov     x5, #5                  // 48 bits; more take other pages
        csel    x4, x4, x5, lo
        orr     x3, x3, x4, lsl #32
        mrs     x4, id_aa64mmfr0_el1
        ubfx    x4, x4, #4, #4
        cmp     x4, #2                  // ASIDs of 16 bits
        b.ne    1f
        orr     x3, x3, #1 << 36
1:      mrs     x4, S3_0_C0_C7_2        // ID_AA64MMFR2_EL1
        ubfx    x4, x4, #60, #4
        cbz     x4, 1f
        orr     x3, x3, #1 << 56        // E0PD1: EL0's accesses to the kernel's half fault before they are translated
1:      msr     tcr_el1, x3
        msr     ttbr0_el1, x0
        msr     ttbr1_el1, x1
        isb
        tlbi    vmalle1
        ic      iallu
        dsb     nsh
        isb
        ldr     x3, =SCTLR_ON
        mrs     x4, id_aa64mmfr1_el1
        ubfx    x4, x4, #20, #4
        cbnz    x4, 1f
        orr     x3, x3, #1 << 23        // without PAN this bit is one
1:      msr     sctlr_el1, x3
        isb
        br      x2

// void exchange_kernel_root(u64 root, u64 empty_root): puts other tables beneath the kernel's half. Called at its physical address, with
// the low boot tables in place: between two tables that map the same memory in pieces of other sizes there has to be none [DDI0487 D8.16.1].
        .globl  exchange_kernel_root
exchange_kernel_root:
        msr     ttbr1_el1, x1
        isb
        tlbi    vmalle1
        dsb     nsh
        isb
        msr     ttbr1_el1, x0
        isb
        ret

// A further processor, started by PSCI at this place's physical address.
        .globl  processor_entry
processor_entry:
        bl      leave_el2
        adrp    x0, boot_low_root
        adrp    x1, kernel_root
        ldr     x2, =processor_at_kernel_address
        b       enable_translation

// Draws a number, which says whose stack and CpuLocal it takes [common/cpu/starting.hpp]; one that comes when the numbers are gone stops.
processor_at_kernel_address:
        adrp    x0, next_processor_slot
        add     x0, x0, :lo12:next_processor_slot
1:      ldaxr   w1, [x0]
        add     w2, w1, #1
        stlxr   w3, w2, [x0]
        cbnz    w3, 1b
        adrp    x0, processor_slot_count
        ldr     w2, [x0, :lo12:processor_slot_count]
        cmp     w1, w2
        b.hs    2f
        adrp    x0, processor_slots
        add     x0, x0, :lo12:processor_slots
        add     x0, x0, x1, lsl #4      // sizeof(ProcessorSlot)
        ldp     x1, x0, [x0]
        mov     sp, x1
        mov     x29, xzr
        bl      start_processor
        brk     #0
2:      wfi                             // interrupts are masked
        b       2b
        .ltorg

        .section .boot_tables, "aw", @nobits
        .balign 4096
boot_tables_start:
boot_kernel_root:       .skip 4096
boot_kernel_upper:      .skip 4096
boot_kernel_blocks:     .skip 4096
        .globl  boot_low_root, boot_stack_guard, kernel_root, empty_root
boot_low_root:          .skip 4096
boot_low_upper:         .skip 3 * 4096
kernel_root:            .skip 4096
empty_root:             .skip 4096
boot_tables_end:
boot_stack_guard:       .skip 4096      // never mapped in the final tables
                        .skip 16384
boot_stack_top:

        .section .note.GNU-stack, "", @progbits
