// Where program code enters the kernel, and leaves it.
//
// Fused programs run at ring 0, so the CPU does not switch stacks for us, and the 128 bytes below the program's stack pointer (its red zone) are in use.
// System calls therefore switch by hand, and every trap arrives on a stack of the IST, from where its frame is moved to
//   - the running thread's kernel stack, when program code was interrupted,
//   - the interrupted kernel stack, when kernel code was (it touched program memory that is not there, or it idles),
// so that what handles the trap may sleep, and the IST stack is free again at once.
//
// Kernel and program are told apart by privilege when they differ, else by the stack pointer: kernel stacks lie in the upper half.

#include "../../isa/x86_64/trap/frame.inc"

#define PROGRAM_FRAME   8               // CpuLocal's fields [cpu/local.hpp]
#define PROGRAM_STACK   16
#define OWNER           32
#define THREAD_ATTENTION 40
#define CPU_ATTENTION   48
#define EMERGENCY_TOP   5376
#define FLAG_IF         0x200

#include "../../isa/x86_64/trap/system_call.inc"

// A system call.
.macro system_call
        movq    %rsp, %gs:PROGRAM_STACK
        movq    %gs:PROGRAM_FRAME, %rsp
        movq    %rcx, FRAME_RIP(%rsp)           // SYSCALL left the return address here,
        movq    %gs:PROGRAM_STACK, %rcx
        movq    %rcx, FRAME_RSP(%rsp)
        movq    %r11, FRAME_RFLAGS(%rsp)        // and the flags here
        save_call
        movq    %gs:OWNER, %rdi
        movq    %rsp, %rsi
        cmpq    direct_system_calls(%rip), %rax
        jae     3f
        call    *system_calls(, %rax, 8)
        // Unless the thread's or the CPU's flag asks for more, nobody changed the frame, RAX holds the result, and only what C++ may change has to
        // be loaded. Interrupts are off: what another CPU notes after this look, its kick tells.
2:      movq    %gs:THREAD_ATTENTION, %rcx
        cmpb    $0, (%rcx)
        jne     attend_system_call
        cmpb    $0, %gs:CPU_ATTENTION
        jne     attend_system_call
        load_call
.endm

.macro other_system_call
3:      call    system_call_with_all_registers
        jmp     2b
.endm

        .section .text.entry, "ax", @progbits

        .globl system_call_entry_fused
system_call_entry_fused:
        swapgs
        system_call
        andq    $~FLAG_IF, FRAME_RFLAGS(%rsp)
        pushq   FRAME_RFLAGS(%rsp)
        swapgs                          // before the flags: with TF, a trap comes as soon as the program's stack is in use
        popfq
        movq    FRAME_RSP(%rsp), %rsp
        sti                             // takes effect after the jump [intel/vol2 STI]
        jmp     *%rcx
        other_system_call

        .globl system_call_entry_guarded
system_call_entry_guarded:
        swapgs
        system_call
        movq    FRAME_RFLAGS(%rsp), %r11
        // SYSRET to a non-canonical address would fault in the kernel on the program's stack; RIP below 2^47 is ensured by unmapping the last page.
        movq    FRAME_RSP(%rsp), %rsp
        swapgs
        sysretq
        other_system_call

        .globl system_call_with_all_registers   // i64 (void* owner rdi, TrapFrame& rsi)
system_call_with_all_registers:
        complete_frame %rsi
        jmp     any_system_call

attend_system_call:
        movq    %rax, FRAME_RAX(%rsp)
        cmpq    $-1, FRAME_ORIGIN(%rsp)         // execve and rt_sigreturn have written all registers
        je      1f
        complete_frame %rsp
1:      movq    %rsp, %rdi
        call    machine_leave
        jmp     leave_with_all_registers

        .globl enter_program_frame      // [[noreturn]] (TrapFrame* rdi)
enter_program_frame:
        movq    %rdi, %rsp
leave_with_all_registers:
        testb   $3, FRAME_CS(%rsp)
        jnz     1f
        cmpq    $0, FRAME_RSP(%rsp)
        js      2f
1:      swapgs
2:      pop_registers
        addq    $24, %rsp               // origin, vector, error
        iretq

trap_common:
        testb   $3, 24(%rsp)            // the interrupted CS
        jnz     6f
        cmpq    $0, 40(%rsp)            // and stack pointer
        js      7f
6:      swapgs
7:      pushq   $-1                     // origin: not a system call
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
2:      movq    %gs:PROGRAM_FRAME, %rdi
        movq    FRAME_RIP(%rsp), %rax
        cmpq    %rax, FRAME_RIP(%rdi)   // where the kernel returned to: no instruction was executed since
        je      4f
        movq    %rax, FRAME_RAN_TO(%rdi)
        jmp     4f
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

        .section .note.GNU-stack, "", @progbits
