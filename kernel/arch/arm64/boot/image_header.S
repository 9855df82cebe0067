// The image's first page. It is a Linux `Image` [linux Documentation/arch/arm64/booting.rst] and an EFI application, a PE file of two
// sections [microsoft PE format]: file and memory are laid out alike. Firmware may place it at any page; efi/stub.cpp then moves it.

        .section .head, "ax", @progbits
        .globl  image_header
image_header:
        add     x13, x18, #0x16         // does nothing, and spells "MZ"
        b       image_entry
        .quad   0                       // offset from a multiple of 2 MiB
        .quad   kernel_end - image_header
        .quad   0xa                     // little-endian, 4 KiB pages, anywhere in memory
        .quad   0, 0, 0
        .ascii  "ARM\x64"
        .long   pe_header - image_header

        .balign 8
pe_header:
        .ascii  "PE\0\0"
        .short  0xaa64                  // arm64
        .short  2                       // sections
        .long   0, 0, 0
        .short  sections - optional_header
        .short  0x0206                  // executable, without symbols
optional_header:
        .short  0x20b                   // PE32+
        .byte   0, 0
        .long   image_code_size         // [kernel.ld]
        .long   image_data_size
        .long   0
        .long   efi_main - image_header
        .long   efi_start - image_header
        .quad   0                       // at any address: nothing in it needs to be relocated
        .long   4096, 512               // alignment in memory, in the file
        .short  0, 0, 0, 0, 0, 0
        .long   0
        .long   kernel_end - image_header
        .long   efi_start - image_header
        .long   0
        .short  10                      // EFI application
        .short  0x100                   // data need not be executable
        .quad   0, 0, 0, 0
        .long   0
        .long   0                       // data directories
sections:
        .ascii  ".text\0\0\0"
        .long   image_code_size
        .long   efi_start - image_header
        .long   image_code_size
        .long   efi_start - image_header
        .long   0, 0, 0
        .long   0x60000020              // code, read, execute
        .ascii  ".data\0\0\0"
        .long   image_data_size
        .long   data_start - image_header
        .long   image_data_file_size
        .long   data_start - image_header
        .long   0, 0, 0
        .long   0xc0000040              // data, read, write

        .section .note.GNU-stack, "", @progbits
