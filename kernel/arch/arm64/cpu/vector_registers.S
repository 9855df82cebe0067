// A program's vector registers, as Linux's signal frames hold them: FPSR, FPCR, then 32 of 16 bytes. Nothing else in the kernel touches them.

        .arch   armv8-a+fp+simd
        .section .text, "ax", @progbits

.macro all_pairs instruction
        \instruction q0, q1, [x1]
        \instruction q2, q3, [x1, #32]
        \instruction q4, q5, [x1, #64]
        \instruction q6, q7, [x1, #96]
        \instruction q8, q9, [x1, #128]
        \instruction q10, q11, [x1, #160]
        \instruction q12, q13, [x1, #192]
        \instruction q14, q15, [x1, #224]
        \instruction q16, q17, [x1, #256]
        \instruction q18, q19, [x1, #288]
        \instruction q20, q21, [x1, #320]
        \instruction q22, q23, [x1, #352]
        \instruction q24, q25, [x1, #384]
        \instruction q26, q27, [x1, #416]
        \instruction q28, q29, [x1, #448]
        \instruction q30, q31, [x1, #480]
.endm

// void save_vector_registers(VectorRegisters* to)
        .globl  save_vector_registers
save_vector_registers:
        mrs     x2, fpsr
        mrs     x3, fpcr
        stp     w2, w3, [x0]
        add     x1, x0, #8
        all_pairs stp
        ret

// void load_vector_registers(const VectorRegisters* from)
        .globl  load_vector_registers
load_vector_registers:
        ldp     w2, w3, [x0]
        msr     fpsr, x2
        msr     fpcr, x3
        add     x1, x0, #8
        all_pairs ldp
        ret

        .section .note.GNU-stack, "", @progbits
