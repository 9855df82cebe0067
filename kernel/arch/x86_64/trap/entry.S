// Where program code enters the kernel, and leaves it.
//
// Fused programs run at ring 0, so the CPU does not switch stacks for us, and the 128 bytes below the program's stack pointer (its red zone) are in use.
// System calls therefore switch by hand, and every trap arrives on a stack of the IST, from where its frame is moved to
//   - the running thread's kernel stack, when program code was interrupted,
//   - the interrupted kernel stack, when kernel code was (it touched program memory that is not there, or it idles),
// so that what handles the trap may sleep, and the IST stack is free again at once.
//
// Kernel and program are told apart by privilege when they differ, else by the stack pointer: kernel stacks lie in the upper half.

#define FRAME_ORIGIN    120
#define FRAME_VECTOR    128
#define FRAME_ERROR     136
#define FRAME_RIP       144
#define FRAME_CS        152
#define FRAME_RFLAGS    160
#define FRAME_RSP       168
#define FRAME_RAX       80
#define FRAME_RCX       88
#define FRAME_MOVED     184             // the part that is pushed; the frame has one more word, for alignment
#define FRAME_SIZE      192
#define TRAP_STACK      8
#define PROGRAM_STACK   16
#define EMERGENCY_TOP   5344
#define KERNEL_CODE     0x08
#define KERNEL_DATA     0x10
#define PROGRAM_DATA    0x23
#define PROGRAM_CODE    0x2b
#define FLAG_IF         0x200

.macro push_registers
        pushq   %rdi
        pushq   %rsi
        pushq   %rdx
        pushq   %rcx
        pushq   %rax
        pushq   %r8
        pushq   %r9
        pushq   %r10
        pushq   %r11
        pushq   %rbx
        pushq   %rbp
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
.endm

.macro pop_registers
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbp
        popq    %rbx
        popq    %r11
        popq    %r10
        popq    %r9
        popq    %r8
        popq    %rax
        popq    %rcx
        popq    %rdx
        popq    %rsi
        popq    %rdi
.endm

.macro system_call_frame code data
        movq    %rsp, %gs:PROGRAM_STACK
        movq    %gs:TRAP_STACK, %rsp
        subq    $8, %rsp
        pushq   $\data
        pushq   %gs:PROGRAM_STACK
        pushq   %r11                    // SYSCALL left the flags here,
        pushq   $\code
        pushq   %rcx                    // and the return address here
        subq    $16, %rsp               // error, vector
        pushq   %rax
        push_registers
        movq    %rsp, %rdi
        call    machine_system_call
        // A frame that was not rewritten (signal, execve, rewind) needs back only what C++ code may change.
        movq    FRAME_RCX(%rsp), %rcx
        cmpq    $-1, FRAME_ORIGIN(%rsp)
        je      leave_with_all_registers
        cmpq    %rcx, FRAME_RIP(%rsp)
        jne     leave_with_all_registers
        movq    48(%rsp), %r11
        movq    56(%rsp), %r10
        movq    64(%rsp), %r9
        movq    72(%rsp), %r8
        movq    FRAME_RAX(%rsp), %rax
        movq    96(%rsp), %rdx
        movq    104(%rsp), %rsi
        movq    112(%rsp), %rdi
.endm

        .section .text.entry, "ax", @progbits

        .globl system_call_entry_fused
system_call_entry_fused:
        system_call_frame KERNEL_CODE KERNEL_DATA
        andq    $~FLAG_IF, FRAME_RFLAGS(%rsp)
        pushq   FRAME_RFLAGS(%rsp)
        popfq
        movq    FRAME_RSP(%rsp), %rsp
        sti                             // takes effect after the jump [intel/vol2 STI]
        jmp     *%rcx

        .globl system_call_entry_guarded
system_call_entry_guarded:
        swapgs
        system_call_frame PROGRAM_CODE PROGRAM_DATA
        // SYSRET to a non-canonical address would fault in the kernel on the program's stack; RIP below 2^47 is ensured by unmapping the last page.
        movq    FRAME_RSP(%rsp), %rsp
        swapgs
        sysretq

        .globl enter_program_frame      // [[noreturn]] (TrapFrame* rdi)
enter_program_frame:
        movq    %rdi, %rsp
leave_with_all_registers:
        testb   $3, FRAME_CS(%rsp)
        jz      1f
        swapgs
1:      pop_registers
        addq    $24, %rsp               // origin, vector, error
        iretq

trap_common:
        testb   $3, 24(%rsp)            // the interrupted CS
        jz      1f
        swapgs
1:      pushq   $-1                     // origin: not a system call
        push_registers
        cld
        cmpb    $0, program_access_guarded(%rip)
        je      5f
        clac                            // traps leave AC as it was: a program's, or that of an access to its memory
5:      testb   $3, FRAME_CS(%rsp)
        jnz     2f
        movq    FRAME_RSP(%rsp), %rdi
        testq   %rdi, %rdi
        js      3f
2:      movq    %gs:TRAP_STACK, %rdi
3:      andq    $-16, %rdi
        subq    $FRAME_SIZE, %rdi
        cmpq    $14, FRAME_VECTOR(%rsp)
        jne     4f
        // A kernel stack that ran into its guard page: moving the frame there would fault again and again.
        movq    %cr2, %rax
        subq    %rdi, %rax
        addq    $4096, %rax
        cmpq    $8192, %rax
        jb      kernel_stack_overflow
4:      movq    %rsp, %rsi
        movq    %rdi, %rsp
        movl    $(FRAME_MOVED / 8), %ecx
        rep movsq
        movq    %rsp, %rdi
        call    machine_trap
        jmp     leave_with_all_registers

kernel_stack_overflow:
        movq    %rsp, %rdi
        andq    $-16, %rsp
        call    machine_stack_overflow
        ud2

// Double fault, NMI and machine check can strike anywhere, also between entry and swapgs, or while a program has put what it likes into its GS
// base: they stay on their own stack, which lies in the CPU's own data and so tells where that is.
emergency_common:
        pushq   $-1
        push_registers
        cld
        movl    $0xc0000101, %ecx       // GS base
        rdmsr
        shlq    $32, %rdx
        leaq    (%rdx, %rax), %rbx
        leaq    FRAME_MOVED - EMERGENCY_TOP(%rsp), %rax
        movq    %rax, %rdx
        shrq    $32, %rdx
        wrmsr
        movq    %rsp, %rdi
        movq    %rsp, %rbp
        andq    $-16, %rsp
        call    machine_emergency
        movq    %rbp, %rsp
        movl    $0xc0000101, %ecx
        movl    %ebx, %eax
        movq    %rbx, %rdx
        shrq    $32, %rdx
        wrmsr
        pop_registers
        addq    $24, %rsp
        iretq

// One stub per vector, 16 bytes apart. Vectors 8, 10-14, 17, 21, 29, 30 push an error code themselves [intel/vol3 6.15].
        .balign 16
        .globl trap_stubs
trap_stubs:
        .set    vector, 0
        .rept   256
        .balign 16
        .if     (vector != 8) && ((vector < 10) || (vector > 14)) && (vector != 17) && (vector != 21) && (vector != 29) && (vector != 30)
        pushq   $0
        .endif
        pushq   $vector
        .if     (vector == 2) || (vector == 8) || (vector == 18)
        jmp     emergency_common
        .else
        jmp     trap_common
        .endif
        .set    vector, vector + 1
        .endr

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
