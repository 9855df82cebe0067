// The host's loader jumps here, with the arguments on a stack of its own.

        .section .text.entry, "ax", @progbits
        .globl  host_entry
host_entry:
        xorl    %ebp, %ebp
        movq    %rsp, %rdi
        movq    %rsp, %rbx
        andq    $-16, %rsp
        call    move_image              // from here on, what is written is seen by all CPUs
        leaq    boot_stack_top(%rip), %rsp
        movq    %rbx, %rdi
        call    start_machine
        ud2

        .section .bss.boot_stack, "aw", @nobits
        .balign 16
        .skip   65536
boot_stack_top:

        .section .note.GNU-stack, "", @progbits
