// Where further processors begin: real mode, at a page below 1 MiB that smp.cpp copies this to. Each draws a number, which says whose stack and
// CpuLocal it takes (smp.cpp's `processor_slots`); one that comes when the numbers are gone stops. Then straight to 64 bits, and to the kernel's
// address.

#define VIRTUAL_BASE    0xffffffff80000000
#define BASE            0x8000
#define AT(symbol)      (BASE + symbol - trampoline_start)

        .section .rodata, "a", @progbits
        .balign 16
        .globl trampoline_start, trampoline_end, trampoline_root, trampoline_next, trampoline_count
        .code16
trampoline_start:
        cli
        cld
        xorw    %ax, %ax
        movw    %ax, %ds
        movl    $1, %esi
        lock xaddl %esi, AT(trampoline_next)
        cmpl    AT(trampoline_count), %esi
        jae     trampoline_late
        lgdtl   AT(trampoline_gdt_pointer)
        movl    $0xa0, %eax             // CR4: PAE, PGE
        movl    %eax, %cr4
        movl    AT(trampoline_root), %eax
        movl    %eax, %cr3
        movl    $0xc0000080, %ecx       // EFER: SCE, LME, NXE
        rdmsr
        orl     $0x901, %eax
        wrmsr
        movl    $0x80010031, %eax       // CR0: PG, WP, NE, ET, PE: straight into long mode
        movl    %eax, %cr0
        ljmpl   $8, $AT(trampoline_long)
trampoline_late:
        hlt                             // interrupts are off: until the next INIT
        jmp     trampoline_late
        .code64
trampoline_long:
        xorl    %eax, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    %eax, %fs
        movl    %eax, %gs
        xorl    %ebp, %ebp
        movl    %esi, %esi              // the upper half is undefined after a change of mode
        shlq    $4, %rsi                // sizeof(ProcessorSlot)
        addq    $processor_slots, %rsi
        movq    (%rsi), %rsp
        movq    8(%rsi), %rdi
        movq    $start_processor, %rax
        call    *%rax
        ud2

        .balign 8
trampoline_gdt:
        .quad   0
        .quad   0x00209b0000000000
trampoline_gdt_pointer:
        .word   15
        .long   AT(trampoline_gdt)
        .balign 8
trampoline_root:  .quad 0
trampoline_next:  .long 0
trampoline_count: .long 0
trampoline_end:

        .section .note.GNU-stack, "", @progbits
