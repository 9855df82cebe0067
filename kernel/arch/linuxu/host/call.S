// The only code of this process that may call the host: the filter (filter.cpp) lets calls through whose return address lies between
// host_calls_start and host_calls_end.

        .section .text.entry, "ax", @progbits
        .globl  host_calls_start
host_calls_start:

// i64 host_call(u64 number, u64 first, … u64 sixth)
        .globl  host_call
host_call:
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        movq    %rcx, %rdx
        movq    %r8, %r10
        movq    %r9, %r8
        movq    8(%rsp), %r9
        syscall
        retq

// i64 host_call_unless(const u32* news, u64 number, u64 first, … u64 fourth): makes the call unless *news is set. A signal that comes after that
// look, and before the host has begun the call, ends it too (trap/signals.cpp).
        .globl  host_call_unless, host_call_unless_look, host_call_unless_made, host_call_unless_end
host_call_unless:
        movq    %rsi, %rax
        movq    %rdi, %r11
        movq    %rdx, %rdi
        movq    %rcx, %rsi
        movq    %r8, %rdx
        movq    %r9, %r10
        movl    $8, %r8d                // the size of a signal set, for ppoll
host_call_unless_look:
        cmpl    $0, (%r11)
        jne     host_call_unless_end
        syscall
host_call_unless_made:
        retq
host_call_unless_end:
        movq    $-4, %rax               // EINTR
        retq

// Where a signal's handler returns to.
        .globl  signal_return
signal_return:
        movl    $15, %eax               // rt_sigreturn
        syscall

// i64 host_clone(u64 flags, void* stack, void (*entry)(void*), void* argument): in the child, entry(argument) on the stack.
        .globl  host_clone
host_clone:
        pushq   %r12
        pushq   %r13
        movl    $56, %eax
        movq    %rdx, %r12
        movq    %rcx, %r13
        xorl    %edx, %edx
        xorl    %r10d, %r10d
        xorl    %r8d, %r8d
        syscall
        testq   %rax, %rax
        jz      1f
        popq    %r13
        popq    %r12
        retq
1:      xorl    %ebp, %ebp
        movq    %r13, %rdi
        call    *%r12
        ud2
        .globl  host_calls_end
host_calls_end:

        .section .note.GNU-stack, "", @progbits
