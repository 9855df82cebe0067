// From one kernel stack to another.

        .section .text.entry, "ax", @progbits

// void switch_context(KernelContext& from, const KernelContext& to)
        .globl switch_context
switch_context:
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %rsp, (%rdi)
        movq    (%rsi), %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        retq

// A fresh stack returns here first: entry in rbx, its argument in r12.
        .globl start_context
start_context:
        movq    %r12, %rdi
        xorl    %ebp, %ebp
        call    *%rbx
        ud2

        .section .note.GNU-stack, "", @progbits
