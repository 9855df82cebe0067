// The least that QEMU can be asked to do: a PVH kernel of some twenty instructions that turns the machine off, by the same registers
// that ours uses. What QEMU takes to start and end it is the floor under every start-to-exit time.
        .section .note.Xen, "a", @note
        .balign 4
        .long   4, 4, 18                // name size, value size, XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .long   entry

        .text
        .code32
        .globl  entry
entry:
        movb    $(5 << 2 | 1 << 5), %al // microvm: sleep control register of the generic event device, S5 and enable
        movb    %al, 0xfea00200
        movw    $0x604, %dx             // q35: PM1a control, soft-off type 0 and enable
        movw    $(1 << 13), %ax
        outw    %ax, %dx
        movb    $0xfe, %al              // anything else: the keyboard controller's reset line
        outb    %al, $0x64
        lidt    no_table
        int3
1:      hlt
        jmp     1b
        .balign 4
no_table:
        .word   0
        .long   0
