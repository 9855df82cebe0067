// Where program code enters the kernel, and leaves it.
//
// Programs run on SP_EL0, at EL0 or, fused, at EL1; the kernel runs on SP_EL1. So the CPU switches stacks for us in both modes. While a
// program runs, SP_EL1 points at the frame at the top of its thread's kernel stack, where its registers go. A kernel's own trap is a fault
// on program memory; its frame lies below what the stack holds.

#define FRAME_SP        248
#define FRAME_PC        256
#define FRAME_PSTATE    264
#define FRAME_ORIGIN    272
#define FRAME_ORIGINAL_X0 280
#define FRAME_SYNDROME  288
#define FRAME_SIZE      304
#define OWNER           8              // CpuLocal's fields [cpu/local.hpp]
#define THREAD_ATTENTION 16
#define CPU_ATTENTION   24              // right behind, with zeros after it
#define EMERGENCY_TOP   4192
#define CLASS_SVC       0x15            // ESR_EL1.EC
#define CLASS_KERNEL_DATA_ABORT 0x25

// What C++ may change: X0 to X17, X30.
.macro save_scratch
        stp     x0, x1, [sp]
        stp     x2, x3, [sp, #16]
        stp     x4, x5, [sp, #32]
        stp     x6, x7, [sp, #48]
        stp     x8, x9, [sp, #64]
        stp     x10, x11, [sp, #80]
        stp     x12, x13, [sp, #96]
        stp     x14, x15, [sp, #112]
        stp     x16, x17, [sp, #128]
        str     x30, [sp, #240]
.endm

.macro save_kept frame
        stp     x18, x19, [\frame, #144]
        stp     x20, x21, [\frame, #160]
        stp     x22, x23, [\frame, #176]
        stp     x24, x25, [\frame, #192]
        stp     x26, x27, [\frame, #208]
        stp     x28, x29, [\frame, #224]
.endm

// X0 stays to the caller of this.
.macro load_scratch
        ldr     x1, [sp, #8]
        ldp     x2, x3, [sp, #16]
        ldp     x4, x5, [sp, #32]
        ldp     x6, x7, [sp, #48]
        ldp     x8, x9, [sp, #64]
        ldp     x10, x11, [sp, #80]
        ldp     x12, x13, [sp, #96]
        ldp     x14, x15, [sp, #112]
        ldp     x16, x17, [sp, #128]
        ldr     x30, [sp, #240]
.endm

.macro load_kept
        ldp     x18, x19, [sp, #144]
        ldp     x20, x21, [sp, #160]
        ldp     x22, x23, [sp, #176]
        ldp     x24, x25, [sp, #192]
        ldp     x26, x27, [sp, #208]
        ldp     x28, x29, [sp, #224]
.endm

// The program's stack pointer, where it was and its flags.
.macro save_state
        mrs     x10, sp_el0
        mrs     x11, elr_el1
        mrs     x12, spsr_el1
        stp     x10, x11, [sp, #FRAME_SP]
.endm
.macro load_state
        ldp     x10, x11, [sp, #FRAME_SP]
        ldr     x12, [sp, #FRAME_PSTATE]
        msr     sp_el0, x10
        msr     elr_el1, x11
        msr     spsr_el1, x12
.endm

// The same of kernel code, whose stack pointer was above the frame, and why it trapped.
.macro save_kernel_state
        add     x10, sp, #FRAME_SIZE
        mrs     x11, elr_el1
        mrs     x12, spsr_el1
        mov     x13, #-1
        mrs     x14, esr_el1
        mrs     x15, far_el1
        stp     x10, x11, [sp, #FRAME_SP]
        stp     x12, x13, [sp, #FRAME_PSTATE]
        stp     x14, x15, [sp, #FRAME_SYNDROME]
.endm

        .section .entry, "ax", @progbits        // the end of the code, and so near the data

// One entry per kind of trap, 32 instructions apart [DDI0487 D1.3.1.5].
.macro program_trap_entry
        .balign 128
        save_scratch
        save_state
        stp     x12, x8, [sp, #FRAME_PSTATE]    // and the system call's number
        mrs     x9, esr_el1
        lsr     x13, x9, #26
        cmp     x13, #CLASS_SVC
        b.eq    system_call_entry
        b       program_fault_entry
.endm
.macro vector target
        .balign 128
        b       \target
.endm

        .balign 2048
        .globl  trap_vectors
trap_vectors:
        program_trap_entry              // fused programs: EL1 on SP_EL0
        vector  program_interrupt_entry
        vector  emergency_entry
        vector  emergency_entry
        vector  kernel_trap_entry       // the kernel: EL1 on SP_EL1
        vector  emergency_entry         // it never takes interrupts by a trap
        vector  emergency_entry
        vector  emergency_entry
        program_trap_entry              // guarded programs: EL0
        vector  program_interrupt_entry
        vector  emergency_entry
        vector  emergency_entry
        .rept   4                       // 32-bit programs: there are none
        vector  emergency_entry
        .endr

// What C++ keeps is stored by those who need all registers (system_call_with_all_registers, attend_system_call).
        .balign 128
system_call_entry:
        mrs     x13, tpidr_el1
        ldr     x14, direct_system_calls
        ldr     x0, [x13, #OWNER]
        mov     x1, sp
        adr     x15, system_calls
        cmp     x8, x14
        b.hs    3f
        ldr     x15, [x15, x8, lsl #3]
        blr     x15
        // Unless the thread's or the CPU's flag asks for more, nobody changed the frame, X0 holds the result, and only what C++ may change has to
        // be loaded. Interrupts are off: what another CPU notes after this look, its kick tells.
2:      mrs     x13, tpidr_el1
        ldp     x14, x13, [x13, #THREAD_ATTENTION]      // and CPU_ATTENTION
        ldrb    w14, [x14]
        orr     x13, x13, x14
        cbnz    x13, attend_system_call
        load_state
        load_scratch
        eret
3:      bl      system_call_with_all_registers
        b       2b

        .globl  system_call_with_all_registers  // i64 (void* owner, TrapFrame& x1)
system_call_with_all_registers:
        save_kept x1
        b       any_system_call

attend_system_call:
        ldr     x9, [sp]                // the result takes this place
        str     x0, [sp]
        str     x9, [sp, #FRAME_ORIGINAL_X0]
        ldr     x9, [sp, #FRAME_ORIGIN]
        cmn     x9, #1                  // execve and rt_sigreturn have written all registers
        b.eq    1f
        save_kept sp
1:      mov     x0, sp
        bl      machine_leave
        b       leave_with_all_registers

        .globl  enter_program_frame     // [[noreturn]] (TrapFrame*)
enter_program_frame:
        mov     sp, x0
leave_with_all_registers:
        load_state
        load_kept
        load_scratch
        ldr     x0, [sp]
        eret

program_fault_entry:                    // x9: ESR_EL1
        save_kept sp
        mrs     x10, far_el1
        mov     x11, #-1
        stp     x9, x10, [sp, #FRAME_SYNDROME]
        str     x11, [sp, #FRAME_ORIGIN]
        mov     x29, xzr                // ends every backtrace
        mov     x0, sp
        bl      machine_program_fault
        b       leave_with_all_registers

program_interrupt_entry:
        save_scratch
        ldr     x13, [sp, #FRAME_PC]            // where the kernel returned to
        save_state
        cmp     x11, x13
        b.eq    1f                              // no instruction was executed since
        str     x11, [sp, #FRAME_SYNDROME]
1:
        mov     x11, #-1
        stp     x12, x11, [sp, #FRAME_PSTATE]
        save_kept sp
        mov     x29, xzr
        mov     x0, sp
        bl      machine_interrupt
        b       leave_with_all_registers

// SP_EL0 holds nothing while the kernel runs: it serves as scratch, until it is known that the stack can be used.
kernel_trap_entry:
        msr     sp_el0, x0
        mrs     x0, esr_el1
        lsr     x0, x0, #26
        cmp     x0, #CLASS_KERNEL_DATA_ABORT
        b.ne    1f
        // A kernel stack that ran into its guard page: a frame there would fault again and again.
        mrs     x0, far_el1
        sub     x0, sp, x0
        add     x0, x0, #4096
        cmp     x0, #8192
        b.lo    kernel_stack_overflow
1:      mrs     x0, sp_el0
        sub     sp, sp, #FRAME_SIZE
        save_scratch
        save_kept sp
        save_kernel_state
        mov     x0, sp
        bl      machine_kernel_trap
        load_state
        load_kept
        load_scratch
        ldr     x0, [sp]
        add     sp, sp, #FRAME_SIZE
        eret

// Traps that nobody is prepared for: on the CPU's own stack, and without a way back.
.macro switch_to_emergency_stack        // the old stack pointer goes to TPIDRRO_EL0
        msr     sp_el0, x0
        mov     x0, sp
        msr     tpidrro_el0, x0
        mrs     x0, tpidr_el1
        add     x0, x0, #(EMERGENCY_TOP & 0xfff)
        add     x0, x0, #(EMERGENCY_TOP & 0xfff000)
        mov     sp, x0
        mrs     x0, sp_el0
        sub     sp, sp, #FRAME_SIZE
        save_scratch
        save_kept sp
        save_kernel_state
        mrs     x10, tpidrro_el0
        str     x10, [sp, #FRAME_SP]
        mov     x0, sp
.endm

kernel_stack_overflow:
        mrs     x0, sp_el0
        switch_to_emergency_stack
        bl      machine_stack_overflow
        brk     #0

emergency_entry:
        switch_to_emergency_stack
        bl      machine_emergency
        brk     #0

// void switch_context(KernelContext& from, const KernelContext& to)
        .globl  switch_context
switch_context:
        stp     x19, x20, [sp, #-96]!
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        mov     x9, sp
        str     x9, [x0]
        ldr     x9, [x1]
        mov     sp, x9
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        ldp     x19, x20, [sp], #96
        ret

// A fresh stack goes on here: entry in x19, its argument in x20.
        .globl  start_context
start_context:
        mov     x0, x20
        mov     x29, xzr
        blr     x19
        brk     #0

        .section .note.GNU-stack, "", @progbits
