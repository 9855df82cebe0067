// memcpy, memmove, memset.
#include "copy.inc"

        .section .text, "ax", @progbits
        .balign 16
        .globl memmove
memmove:
        movq    %rdi, %rax
        subq    %rsi, %rax
        cmpq    %rdx, %rax
        jb      backwards               // the target begins inside the source
        .globl memcpy
memcpy:
        movq    %rdi, %rax
        copy_bytes retq

backwards:
        movq    %rdi, %rax
        movq    %rdx, %rcx
        leaq    -1(%rsi, %rdx), %rsi
        leaq    -1(%rdi, %rdx), %rdi
        std
        rep movsb
        cld
        retq

        .globl memset
memset:
        movq    %rdi, %r9
        movzbl  %sil, %eax
        movq    $0x0101010101010101, %r8
        imulq   %r8, %rax
        fill_bytes jmp 1f
1:      movq    %r9, %rax
        retq

        .section .note.GNU-stack, "", @progbits
