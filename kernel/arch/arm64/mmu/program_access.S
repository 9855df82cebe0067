// The only code that touches the program's memory from the kernel. Everything between program_access_start and
// program_access_end may fault; when the page cannot be brought in, the trap handler continues at
// program_access_failed, so these functions keep nothing on the stack.

        .arch   armv8.2-a
        .section .text, "ax", @progbits

#include "../copy.inc"

// In guarded mode PAN keeps programs' pages closed; w16 tells.
.macro open_program
        adrp    x16, program_access_guarded
        ldrb    w16, [x16, :lo12:program_access_guarded]
        cbz     w16, 1f
        msr     pan, #0
1:
.endm
.macro close_program
        cbz     w16, 1f
        msr     pan, #1
1:
.endm

        .balign 16
        .globl  program_access_start
program_access_start:

// u64 program_copy(void* to, const void* from, u64 size): 0, or 1 when an access failed
        .globl  program_copy
program_copy:
        open_program
        copy_bytes b program_access_done

// u64 program_zero(void* to, u64 size)
        .globl  program_zero
program_zero:
        open_program
1:      subs    x1, x1, #16
        b.lo    2f
        stp     xzr, xzr, [x0], #16
        b       1b
2:      add     x1, x1, #16
3:      cbz     x1, program_access_done
        strb    wzr, [x0], #1
        sub     x1, x1, #1
        b       3b

// u64 program_string(const char* from, u64 limit, u64* length)
        .globl  program_string
program_string:
        open_program
        mov     x3, xzr
2:      cmp     x3, x1
        b.eq    3f
        ldrb    w4, [x0, x3]
        cbz     w4, 3f
        add     x3, x3, #1
        b       2b
3:      str     x3, [x2]
        b       program_access_done

// u64 program_load(const u32* from, u32* value)
        .globl  program_load
program_load:
        open_program
        ldr     w2, [x0]
        str     w2, [x1]
        b       program_access_done

// u64 program_exchange(u32* at, u32 expected, u32 desired, u32* found): by exclusive accesses, which any CPU has
        .globl  program_exchange
program_exchange:
        open_program
2:      ldaxr   w4, [x0]
        cmp     w4, w1
        b.ne    3f
        stlxr   w5, w2, [x0]
        cbnz    w5, 2b
        dmb     ish                     // as x86-64's locked instruction orders what comes after
        str     w4, [x3]
        b       program_access_done
3:      clrex
        str     w4, [x3]

program_access_done:
        close_program
        mov     x0, xzr
        ret
        .globl  program_access_end
program_access_end:

// From the trap handler: what w16 said may be gone.
        .globl  program_access_failed
program_access_failed:
        adrp    x16, program_access_guarded
        ldrb    w16, [x16, :lo12:program_access_guarded]
        close_program
        mov     x0, #1
        ret

        .section .note.GNU-stack, "", @progbits
