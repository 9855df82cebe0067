// The code of kernel/linux/vdso, built into a shared object: programs see these pages.
        .section .rodata.vdso, "a"
        .balign 4096
        .globl  vdso_image, vdso_image_end
vdso_image:
        .incbin "vdso.so"
vdso_image_end:
        .balign 4096
