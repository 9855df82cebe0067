// Futexes: waiting for a 32-bit word of the program to change [man 2 futex]. Functions take plain values; the system call layer decodes.
//
// Errors are those of Linux: would_block (EAGAIN) when the word is not as expected, timed_out, bad_address, invalid for a misaligned word. A
// signal gives `restart` without a deadline and `interrupted` with one.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/types.hpp"

namespace spore::memory {
class AddressSpace;
}

namespace spore::linux::futex {

/// FUTEX_PRIVATE_FLAG: whether only threads with this address space may use the word. A word that is not, but lies in no shared mapping, is the
/// same word either way.
enum class Scope : u8 { privately, shared };

struct Word {
    memory::AddressSpace& space;  ///< the current one
    VirtAddr at;
    Scope scope;
};

inline constexpr u32 any_bit = ~u32{0};

/// FUTEX_WAIT, FUTEX_WAIT_BITSET.
Result<void> wait(Word word, u32 expected, Instant deadline, u32 bitset = any_bit);
/// futex_waitv: for the first of several to be woken; its place among them, or that of another that was woken with it.
struct Expected {
    Word word;
    u32 value;
};
Result<u64> wait_for_any(u64 count, Expected (*at)(void* context, u64 index), void* context, Instant deadline);
/// FUTEX_WAKE, FUTEX_WAKE_BITSET: how many were woken.
Result<u64> wake(Word word, i32 count, u32 bitset = any_bit);
/// FUTEX_REQUEUE; FUTEX_CMP_REQUEUE with `expected`. How many were woken or moved (REQUEUE: woken only, as Linux counts).
Result<u64> requeue(Word from, Word to, i32 wake_count, i32 move_count);
Result<u64> compare_and_requeue(Word from, Word to, i32 wake_count, i32 move_count, u32 expected);
/// FUTEX_WAKE_OP: changes `second` as `operation` (val3) says, wakes on `first`, and on `second` when its old value satisfies the comparison.
Result<u64> wake_and_operate(Word first, Word second, i32 first_count, i32 second_count, u32 operation);

/// FUTEX_LOCK_PI, FUTEX_TRYLOCK_PI, FUTEX_UNLOCK_PI for the thread `thread_id`: ownership passes to the longest waiter. Priorities are
/// not inherited. not_permitted when another owns it, would_deadlock when the caller does already, no_process when its owner is gone.
Result<void> lock_pi(Word word, u32 thread_id, Instant deadline);
Result<void> try_lock_pi(Word word, u32 thread_id);
Result<void> unlock_pi(Word word, u32 thread_id);
/// FUTEX_WAIT_REQUEUE_PI: as wait(), then as lock_pi(target) once compare_and_requeue_pi() has passed it on.
Result<void> wait_requeue_pi(Word word, u32 expected, Instant deadline, u32 bitset, Word target, u32 thread_id);
/// FUTEX_CMP_REQUEUE_PI; wake_count must be 1.
Result<u64> compare_and_requeue_pi(Word from, Word to, i32 wake_count, i32 move_count, u32 expected);

/// Tells whether a thread lives, for owners that died without a word. The Linux layer sets it at boot.
using ThreadExists = bool (*)(u32 thread_id);
void set_thread_lookup(ThreadExists exists);

/// At a thread's end: marks the words of its robust list (`head`, null when it has none) as left by a dead owner, and wakes a waiter of each.
void leave_robust_list(memory::AddressSpace& space, VirtAddr head, u32 thread_id);

}  // namespace spore::linux::futex

namespace spore::linux {

/// The same for a task of the Linux layer.
template <typename Task>
void leave_robust_list(Task& task) {
    futex::leave_robust_list(task.memory(), task.robust_list, static_cast<u32>(task.id()));
    task.robust_list = {};
}
/// Wakes one waiter on a word (the cleared thread id).
template <typename Task>
void wake_futex(Task& task, VirtAddr at) {
    (void)futex::wake({task.memory(), at, futex::Scope::shared}, 1);
}

}  // namespace spore::linux
