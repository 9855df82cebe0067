// The only code that touches the program's memory from the kernel. Everything between program_access_start and
// program_access_end may fault; when the page cannot be brought in, the trap handler continues at
// program_access_failed, so these functions keep nothing on the stack.

#include "../copy.inc"

        .section .text, "ax", @progbits
        .balign 16
        .globl program_access_start
program_access_start:

// u64 program_copy(void* to, const void* from, u64 size): 0, or 1 when an access failed
        .globl program_copy
program_copy:
        cmpb    $0, program_access_guarded(%rip)
        je      1f
        stac
1:      copy_bytes jmp program_access_done

// u64 program_zero(void* to, u64 size)
        .globl program_zero
program_zero:
        cmpb    $0, program_access_guarded(%rip)
        je      1f
        stac
1:      xorl    %eax, %eax
        movq    %rsi, %rdx
        fill_bytes jmp program_access_done

// u64 program_string(const char* from, u64 limit, u64* length)
        .globl program_string
program_string:
        cmpb    $0, program_access_guarded(%rip)
        je      1f
        stac
1:      xorl    %eax, %eax
2:      cmpq    %rsi, %rax
        je      3f
        cmpb    $0, (%rdi, %rax)
        je      3f
        incq    %rax
        jmp     2b
3:      movq    %rax, (%rdx)
        jmp     program_access_done

// u64 program_load(const u32* from, u32* value)
        .globl program_load
program_load:
        cmpb    $0, program_access_guarded(%rip)
        je      1f
        stac
1:      movl    (%rdi), %eax
        movl    %eax, (%rsi)
        jmp     program_access_done

// u64 program_exchange(u32* at, u32 expected, u32 desired, u32* found)
        .globl program_exchange
program_exchange:
        cmpb    $0, program_access_guarded(%rip)
        je      1f
        stac
1:      movl    %esi, %eax
        lock cmpxchgl %edx, (%rdi)
        movl    %eax, (%rcx)

program_access_done:
        cmpb    $0, program_access_guarded(%rip)
        je      1f
        clac
1:      xorl    %eax, %eax
        retq
        .globl program_access_end
program_access_end:

        .globl program_access_failed
program_access_failed:
        cmpb    $0, program_access_guarded(%rip)
        je      1f
        clac
1:      movl    $1, %eax
        retq

        .section .note.GNU-stack, "", @progbits
