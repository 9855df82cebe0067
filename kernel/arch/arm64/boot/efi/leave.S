// From firmware's translation to none, as the image is entered.

        .arch   armv8-a
        .section .text.leave_firmware, "ax", @progbits
// void leave_firmware(u64 handover, u64 image, u64 image_end)
//
// With caches off, memory is seen as it is, without what waits in caches: so the image, the room for its variables too, and the lines below that
// turn caches off are written back first. What the kernel looks at later, with caches on, may stay where it is.
        .globl  leave_firmware
leave_firmware:
        msr     daifset, #15
        mrs     x3, ctr_el0
        ubfx    x3, x3, #16, #4
        mov     x4, #4
        lsl     x4, x4, x3              // the smallest cache line
        mov     x5, x1
1:      dc      civac, x5
        add     x5, x5, x4
        cmp     x5, x2
        b.lo    1b
        adr     x5, leave_firmware
        adr     x6, leave_firmware_end
        sub     x7, x4, #1
        bic     x5, x5, x7              // from a line's start, to reach the one that the end lies in
1:      dc      cvac, x5
        add     x5, x5, x4
        cmp     x5, x6
        b.lo    1b
        dsb     sy
        mov     x22, x0
        ldr     x20, [x0]               // Handover::device_tree [efi/handover.hpp]
        adrp    x5, image_header
        adrp    x6, image_entry_from_firmware
        add     x6, x6, :lo12:image_entry_from_firmware
        sub     x6, x6, x5
        add     x6, x6, x1              // in the image at its new place
        mov     x7, #1 << 0 | 1 << 2 | 1 << 12  // translation, data cache, instruction cache
        mrs     x5, CurrentEL
        cmp     x5, #2 << 2
        b.eq    2f
        mrs     x5, sctlr_el1
        bic     x5, x5, x7
        msr     sctlr_el1, x5
        isb
        b       3f
2:      mrs     x5, sctlr_el2
        bic     x5, x5, x7
        msr     sctlr_el2, x5
        isb
3:      ic      iallu
        dsb     nsh
        isb
        br      x6
leave_firmware_end:

        .section .note.GNU-stack, "", @progbits
