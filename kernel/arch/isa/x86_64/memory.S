// memcpy, memmove, memset. Whole words by REP MOVSQ, the rest by bytes; the last word of a copy overlaps instead of looping.

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
        cmpq    $32, %rdx
        ja      3f
        cmpq    $16, %rdx
        jae     2f
        cmpq    $8, %rdx
        jae     1f
        movl    %edx, %ecx
        rep movsb
        retq
1:      movq    (%rsi), %r8             // 8 to 15
        movq    -8(%rsi, %rdx), %r9
        movq    %r8, (%rdi)
        movq    %r9, -8(%rdi, %rdx)
        retq
2:      movq    (%rsi), %r8             // 16 to 32
        movq    8(%rsi), %r9
        movq    -16(%rsi, %rdx), %r10
        movq    -8(%rsi, %rdx), %r11
        movq    %r8, (%rdi)
        movq    %r9, 8(%rdi)
        movq    %r10, -16(%rdi, %rdx)
        movq    %r11, -8(%rdi, %rdx)
        retq
3:      movq    -8(%rsi, %rdx), %r8
        leaq    -8(%rdi, %rdx), %r9
        leaq    -1(%rdx), %rcx
        shrq    $3, %rcx
        rep movsq
        movq    %r8, (%r9)
        retq

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
        movq    %rdx, %rcx
        shrq    $3, %rcx
        rep stosq
        movl    %edx, %ecx
        andl    $7, %ecx
        rep stosb
        movq    %r9, %rax
        retq

        .section .note.GNU-stack, "", @progbits
