// From what a loader leaves us in (32-bit protected mode, paging off) to 64-bit code at the kernel's own address.
// Two doors: PVH [xen pvh.pandoc: ebx = start info] and Multiboot2 [3.3: eax = magic, ebx = information].

#define VIRTUAL_BASE 0xffffffff80000000

        .section .note.Xen, "a", @note
        .balign 4
        .long 4, 4, 18                  // name size, value size, XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .long pvh_entry

        .section .boot.text, "ax", @progbits
        .code32
        .globl pvh_entry
pvh_entry:
        movl    $1, %edi                // BootProtocol::pvh
        jmp     enter_long_mode

        .globl multiboot2_entry
multiboot2_entry:
        movl    $2, %edi                // BootProtocol::multiboot2
enter_long_mode:
        cld
        movl    %ebx, %esi              // where the loader's information lies
        // The first GiB, both at its own address (until we have jumped) and at the kernel's: the loader may have put a large module right behind the
        // kernel, and the first tables then lie behind that.
        movl    $(boot_pd - VIRTUAL_BASE), %eax
        movl    $0x83, %ecx             // present, writable, 2 MiB
1:      movl    %ecx, (%eax)
        addl    $8, %eax
        addl    $0x200000, %ecx
        cmpl    $0x40000083, %ecx
        jne     1b
        movl    $(boot_pd - VIRTUAL_BASE + 3), boot_low_pdpt - VIRTUAL_BASE
        movl    $(boot_pd - VIRTUAL_BASE + 3), boot_high_pdpt - VIRTUAL_BASE + 510 * 8
        movl    $(boot_low_pdpt - VIRTUAL_BASE + 3), kernel_pml4 - VIRTUAL_BASE
        movl    $(boot_high_pdpt - VIRTUAL_BASE + 3), kernel_pml4 - VIRTUAL_BASE + 511 * 8
        movl    $(kernel_pml4 - VIRTUAL_BASE), %eax
        movl    %eax, %cr3
        movl    $0x20, %eax             // CR4.PAE
        movl    %eax, %cr4
        movl    $0xc0000080, %ecx       // EFER: SCE, LME, NXE
        rdmsr
        orl     $0x901, %eax
        wrmsr
        movl    $0x80010031, %eax       // CR0: PG, WP, NE, ET, PE
        movl    %eax, %cr0
        lgdt    boot_gdt_pointer
        ljmp    $8, $long_mode

        .code64
long_mode:
        xorl    %eax, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    %eax, %fs
        movl    %eax, %gs
        movq    $(boot_stack + 16384), %rsp
        xorl    %ebp, %ebp              // ends every backtrace
        movq    $start_machine, %rax    // (BootProtocol edi, PhysAddr esi)
        call    *%rax
        ud2

        .section .boot.rodata, "a", @progbits
        .balign 8
boot_gdt:
        .quad   0
        .quad   0x00209b0000000000      // 64-bit code
boot_gdt_pointer:
        .word   15
        .long   boot_gdt

        .section .multiboot2, "a", @progbits
        .balign 8
multiboot2_header:
        .long   0xe85250d6, 0, multiboot2_header_end - multiboot2_header
        .long   -(0xe85250d6 + 0 + (multiboot2_header_end - multiboot2_header))
        .word   3, 0                    // entry address tag
        .long   12
        .long   multiboot2_entry
        .balign 8
        .word   6, 0                    // modules page-aligned
        .long   8
        .word   0, 0
        .long   8
multiboot2_header_end:

        .section .bss.boot, "aw", @nobits
        .balign 4096
        .globl kernel_pml4, boot_low_pdpt, boot_stack_guard, boot_stack
kernel_pml4:    .skip 4096
boot_low_pdpt:  .skip 4096
boot_high_pdpt: .skip 4096
boot_pd:        .skip 4096
boot_stack_guard: .skip 4096            // never mapped in the final tables
boot_stack:     .skip 16384
