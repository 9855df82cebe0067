// memcpy, memmove, memset. Large fills with zero go by DC ZVA, which the boot code must not use before translation is on.
#include "copy.inc"

        .section .text, "ax", @progbits
        .balign 16
        .globl  memmove
memmove:
        sub     x3, x0, x1
        cmp     x3, x2
        b.lo    backwards               // the target begins inside the source
        .globl  memcpy
memcpy:
        copy_bytes ret

backwards:
        cbz     x3, 3f                  // the same place
        add     x4, x1, x2
        add     x5, x0, x2
        cmp     x2, #16
        b.lo    2f
1:      ldp     x6, x7, [x4, #-16]!
        stp     x6, x7, [x5, #-16]!
        sub     x2, x2, #16
        cmp     x2, #16
        b.hs    1b
2:      cbz     x2, 3f
        ldrb    w6, [x4, #-1]!
        strb    w6, [x5, #-1]!
        sub     x2, x2, #1
        b       2b
3:      ret

        .globl  memset
memset:
        mov     x3, x0
        add     x5, x0, x2
        and     x1, x1, #0xff
        cmp     x2, #16
        b.lo    4f
        orr     x1, x1, x1, lsl #8
        orr     x1, x1, x1, lsl #16
        orr     x1, x1, x1, lsl #32
        cmp     x2, #256
        b.lo    1f
        cbz     x1, zero_blocks
1:      sub     x2, x2, #16
2:      stp     x1, x1, [x3], #16
        subs    x2, x2, #16
        b.hs    2b
        stp     x1, x1, [x5, #-16]
        ret
4:      cbz     x2, 6f
5:      strb    w1, [x3], #1
        subs    x2, x2, #1
        b.ne    5b
6:      ret

zero_blocks:
        mrs     x6, dczid_el0
        tbnz    w6, #4, 1b              // not offered
        mov     x7, #4
        lsl     x6, x7, x6              // bytes of a block, at most 2 KiB
        sub     x7, x6, #1
        cmp     x2, x6, lsl #1
        b.lo    1b
        // Up to the first whole block by pairs, which may overlap it.
        add     x8, x3, x7
        bic     x8, x8, x7
1:      stp     xzr, xzr, [x3], #16
        cmp     x3, x8
        b.lo    1b
        mov     x3, x8
        bic     x9, x5, x7              // the end of the last whole block
2:      dc      zva, x3
        add     x3, x3, x6
        cmp     x3, x9
        b.lo    2b
        subs    x2, x5, x3
        b.eq    4f
        cmp     x2, #16
        b.ls    3f
        sub     x2, x2, #16
2:      stp     xzr, xzr, [x3], #16
        subs    x2, x2, #16
        b.hi    2b
3:      stp     xzr, xzr, [x5, #-16]
4:      ret

        .section .note.GNU-stack, "", @progbits
