// Programs' system calls without a signal: where an instruction has raised SIGSYS a few times, the code before it is changed to jump to
// system_call_entry (entry.S).
//
//   mov $number, %eax    b8 N N N N            becomes   ff 24 25 D D      jmp *0x050fDDDD
//   syscall              0f 05                           0f 05
//
// At least five bytes before the instruction are replaced: one MOV of a constant, or several that move registers. They are executed in a stub that the
// jump leads to. What was the instruction is the upper half of the jump's address now, and still a system call for who jumps to it from
// elsewhere. That fixes where addresses are read from: 64 KiB at 0x050f0000, room for 8192 of them.
//
//   xor %eax, %eax       31 c0                 becomes   ff 24 25 D D D D  jmp *0x050fDDDD
//   syscall              0f 05                           4c 39 d8          cmp %r11, %rax
//   cmp $-4096, %rax     48 3d 00 f0 ff ff
//
// `xor` (for read) is too short for that, so the comparison with which C libraries go on is taken in, and R11, which calls destroy anyway, comes
// back holding -4096.
//
// Neither is done where a jump nearby may lead into the middle. A thread that was there when the code was changed goes on in the stub (mend_return).
// What is changed is a private copy of the page, which lives until the page is unmapped and is made again when it is mapped; no file and no other
// program sees it.
#pragma once

#include "arch/context.hpp"

namespace spore::arch {

inline constexpr u64 jump_table = 0x050f'0000, jump_table_size = 64_KiB;

/// Before the first program and the second CPU: the table, and room for the code that it leads to. Without them, calls stay signals.
void prepare_rewriting();
/// A program's system call came by SIGSYS: rewrites its code when that was so often enough.
void consider_rewriting(const TrapFrame& frame);
/// A page of constant code was mapped: makes the changes that were made in it before.
void rewrite_page(u64 page);
/// Before program code goes on at any address but the one that a rewritten call returns to.
void mend_return(TrapFrame& frame);
/// The place in the program of the instruction at `rip`, which is executed in a stub; 0 when it is not one of those. A slot of the stack that it
/// reads need not be mapped.
u64 moved_from(u64 rip);
/// A program was to go on behind an XOR that is not changed any more: it does, where it should. False when it was not.
bool mend_invalid_instruction(TrapFrame& frame);
/// A program has memory of its own where the table is: from here on nothing is rewritten, and what was is as before.
void stop_rewriting();

}  // namespace spore::arch
