// Atomic operations, which the compiler calls by these names (-moutline-atomics): by one instruction where the CPU has it (LSE), else by a loop
// of exclusive accesses. Each function begins with a branch to its loop; use_single_instruction_atomics() puts the instruction over it.

        .arch   armv8-a+lse

// A function's first word, and what goes over it where LSE is there.
.macro begin name, instruction:vararg
        .section .text.\name, "ax", @progbits
        .globl  \name
\name:  b       1f
        ret
        .section atomic_instructions, "ao", @progbits, .text.\name
        .long   \name - .
        \instruction
        .section .text.\name
1:
.endm

// w or x, the suffix of instructions, and how a register is brought to the size.
.macro compare_and_swap name, r, size, acquire, release
        begin   __aarch64_cas\name, cas\acquire\release\size \r\()0, \r\()1, [x2]
.ifc \size, b
        uxtb    w16, w0
.else
.ifc \size, h
        uxth    w16, w0
.else
        mov     \r\()16, \r\()0
.endif
.endif
2:      ld\acquire\()xr\size \r\()0, [x2]
        cmp     \r\()0, \r\()16
        b.ne    3f
        st\release\()xr\size w17, \r\()1, [x2]
        cbnz    w17, 2b
3:      ret
.endm

.macro exchange name, r, size, acquire, release
        begin   __aarch64_swp\name, swp\acquire\release\size \r\()0, \r\()0, [x1]
        mov     \r\()16, \r\()0
2:      ld\acquire\()xr\size \r\()0, [x1]
        st\release\()xr\size w17, \r\()16, [x1]
        cbnz    w17, 2b
        ret
.endm

.macro change operation, instruction, name, r, size, acquire, release
        begin   __aarch64_\operation\name, \operation\acquire\release\size \r\()0, \r\()0, [x1]
        mov     \r\()16, \r\()0
2:      ld\acquire\()xr\size \r\()0, [x1]
        \instruction \r\()15, \r\()0, \r\()16
        st\release\()xr\size w17, \r\()15, [x1]
        cbnz    w17, 2b
        ret
.endm

.macro all_operations name, r, size, acquire, release
        compare_and_swap \name, \r, \size, \acquire, \release
        exchange \name, \r, \size, \acquire, \release
        change  ldadd, add, \name, \r, \size, \acquire, \release
        change  ldclr, bic, \name, \r, \size, \acquire, \release
        change  ldeor, eor, \name, \r, \size, \acquire, \release
        change  ldset, orr, \name, \r, \size, \acquire, \release
.endm

.macro all_orders bytes, r, size
        all_operations \bytes\()_relax, \r, \size
        all_operations \bytes\()_acq, \r, \size, a
        all_operations \bytes\()_rel, \r, \size, , l
        all_operations \bytes\()_acq_rel, \r, \size, a, l
.endm

        all_orders 1, w, b
        all_orders 2, w, h
        all_orders 4, w
        all_orders 8, x

        .section .note.GNU-stack, "", @progbits
