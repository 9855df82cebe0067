// Locks that a dead thread held. Each thread keeps a list of them in its own memory, which nobody has checked: it may be damaged, or a circle
// [linux/Documentation/locking/robust-futex-ABI].
#include "arch/user_memory.hpp"
#include "kernel/linux/futex/owner.hpp"

namespace spore::linux::futex {

namespace {
struct RobustListHead {
    u64 first;       ///< entries are linked by their first word; the last leads back to the head
    i64 offset;      ///< from an entry to its lock's word
    u64 pending;     ///< the entry that is being locked or unlocked just now
};
constexpr unsigned most_entries = 2048;

enum class Entry : u8 { listed, pending };

/// False when the word cannot be reached.
bool leave_word(const Word& word, u32 thread_id, bool pi, Entry entry) {
    if (!is_aligned(word.at.value, 4)) return false;
    for (;;) {
        auto value = arch::load_program_word(word.at);
        if (!value) return false;
        u32 owner = *value & owner_mask;
        // Died between giving the lock up and waking: a waiter must not miss that.
        if (entry == Entry::pending && !pi && owner == 0) {
            (void)wake(word, 1);
            return true;
        }
        if (owner != thread_id) return true;
        auto found = arch::exchange_program_word(word.at, *value, (*value & waiters_bit) | owner_died);
        if (!found) return false;
        if (*found != *value) continue;
        if (pi) wake_pi_of_dead_owner(word);
        else if (*value & waiters_bit) (void)wake(word, 1);
        return true;
    }
}
}  // namespace

void leave_robust_list(memory::AddressSpace& space, VirtAddr head_at, u32 thread_id) {
    RobustListHead head;
    if (!head_at.value || !arch::copy_from_program(&head, head_at, sizeof(head))) return;
    // An entry's lowest bit says that its lock is a PI one.
    auto leave = [&](u64 entry, Entry kind) {
        VirtAddr at{(entry & ~u64{1}) + static_cast<u64>(head.offset)};
        return leave_word({space, at, Scope::shared}, thread_id, entry & 1, kind);
    };
    u64 entry = head.first;
    for (unsigned i = 0; i < most_entries && (entry & ~u64{1}) != head_at.value; ++i) {
        // The next one first: whoever takes this lock may unlink it at once.
        u64 next;
        bool has_next = arch::copy_from_program(&next, VirtAddr{entry & ~u64{1}}, sizeof(next)).has_value();
        if ((entry & ~u64{1}) != (head.pending & ~u64{1}) && !leave(entry, Entry::listed)) return;
        if (!has_next) return;
        entry = next;
    }
    if (head.pending & ~u64{1}) leave(head.pending, Entry::pending);
}

}  // namespace spore::linux::futex
