// Where the host hands over a signal, where system calls that were written anew arrive, and where program code goes on.
//
// Signals arrive on a stack of the CPU's own (sigaltstack). What the program or the kernel did then becomes a frame
//   - on the running thread's kernel stack, when program code was interrupted,
//   - on the interrupted kernel stack, when kernel code touched memory that is not there,
// and after a trap the handler never returns to the host: the CPU goes on from that frame, by IRET, which changes registers and stack at once.
// After an interrupt it does: to kernel code, which goes on, or to leave_to_program; what came is noted in `news`.

#include "../../isa/x86_64/trap/frame.inc"
#include "../../isa/x86_64/trap/system_call.inc"

#define LOCAL(field)    this_cpu + field(%rip)
#define PROGRAM_FRAME   0               // CpuLocal's fields [cpu/local.hpp]
#define NEWS            8
#define OWNER           16
#define THREAD_ATTENTION 24
#define CPU_ATTENTION   32
#define PROGRAM_STACK   40

        .section .text.entry, "ax", @progbits

        .globl  signal_entry            // (int number rdi, siginfo_t* rsi, ucontext_t* rdx), returns to signal_return
signal_entry:
        subq    $8, %rsp
        call    machine_signal          // the frame to go on from, or null
        testq   %rax, %rax
        jz      1f
        movq    %rax, %rsp
        movq    %rax, %rdi
        call    machine_trap
        jmp     leave_with_all_registers
1:      addq    $8, %rsp
        retq

// A system call that a program made by jumping here (rewrite.hpp): number in RAX, return address in RCX, distance to the call in R11. R11 comes back
// as -4096.
        .globl  system_call_entry
system_call_entry:
        movq    %rsp, LOCAL(PROGRAM_STACK)
        movq    LOCAL(PROGRAM_FRAME), %rsp
        movq    %rcx, FRAME_RIP(%rsp)
        movq    LOCAL(PROGRAM_STACK), %rcx
        movq    %rcx, FRAME_RSP(%rsp)
        movq    $0x202, FRAME_RFLAGS(%rsp)      // nobody relies on flags across a call that was rewritten
        movq    %r11, FRAME_VECTOR(%rsp)        // the distance to go back for making the call again
        save_call
        movq    LOCAL(OWNER), %rdi
        movq    %rsp, %rsi
        cmpq    direct_system_calls(%rip), %rax
        jae     2f
        leaq    system_calls(%rip), %r11
        call    *(%r11, %rax, 8)
        jmp     leave_system_call
2:      call    system_call_with_all_registers

// A signal that comes between here and leave_system_call_end goes on from here again: all that is used is still where it was.
        .globl  leave_system_call, leave_system_call_end
leave_system_call:
        movq    LOCAL(PROGRAM_FRAME), %rsp
        cmpl    $0, LOCAL(NEWS)
        jne     attend_system_call
        movq    LOCAL(THREAD_ATTENTION), %rcx
        cmpb    $0, (%rcx)
        jne     attend_system_call
        cmpb    $0, LOCAL(CPU_ATTENTION)
        jne     attend_system_call
        load_call
        movq    FRAME_RSP(%rsp), %rsp
        movq    $-4096, %r11
        jmp     *%rcx
leave_system_call_end:

        .globl  system_call_with_all_registers  // i64 (void* owner rdi, TrapFrame& rsi)
system_call_with_all_registers:
        complete_frame %rsi
        movq    $-4096, FRAME_R11(%rsi)
        jmp     any_system_call

attend_system_call:
        movq    %rax, FRAME_RAX(%rsp)
        cmpq    $-1, FRAME_ORIGIN(%rsp)         // execve and rt_sigreturn have written all registers
        je      1f
        complete_frame %rsp
        movq    $-4096, FRAME_R11(%rsp)
1:      movq    %rsp, %rdi
        call    machine_leave
        jmp     leave_with_all_registers

        .globl  enter_program_frame     // [[noreturn]] (TrapFrame* rdi)
enter_program_frame:
        movq    %rdi, %rsp
leave_with_all_registers:
        movabsq $0x700000000000, %rax   // kernel_half::start
        cmpq    %rax, FRAME_RIP(%rsp)
        jae     3f
        jmp     leave_to_program
2:      movq    %rsp, %rdi
        call    machine_news
        jmp     leave_with_all_registers

// A signal that comes here finds the program's registers still in the frame, from where they are left once more.
        .globl  leave_to_program, leave_to_program_end
leave_to_program:
        cmpl    $0, LOCAL(NEWS)
        jne     2b
3:      pop_registers
        addq    $24, %rsp               // origin, vector, error
        iretq
leave_to_program_end:

        .section .note.GNU-stack, "", @progbits
