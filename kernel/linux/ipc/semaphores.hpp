// Sets of semaphores [semget(2), semop(2), semctl(2)].
#pragma once

#include "base/time.hpp"
#include "kernel/linux/ipc/table.hpp"
#include "kernel/linux/ipc/undo.hpp"
#include "kernel/linux/small_text.hpp"
#include "kernel/linux/uapi/types.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::linux::ipc {

using Operation = SemaphoreOperation;

class SemaphoreSet : public Counted, public Object {
public:
    static constexpr u32 largest = 32000;          ///< SEMMSL
    static constexpr u32 most_operations = 500;    ///< SEMOPM
    static constexpr i32 highest = 32767;          ///< SEMVMX, SEMAEM

    explicit SemaphoreSet(HeapArray<u16> values, HeapArray<i32> users) : values_(std::move(values)), users_(std::move(users)) {}
    static constexpr u64 most() { return 32000; }  ///< SEMMNI
    static Result<Shared<SemaphoreSet>> create(u32 count);

    u32 count() const { return static_cast<u32>(values_.size()); }
    /// All of them or none, after waiting for that. `undo` where any is to be undone at the process's end. would_block, timed_out as would_block,
    /// interrupted, out_of_range; identifier_removed when the set went meanwhile.
    Result<void> operate(std::span<const Operation> operations, Undo* undo, i32 process, Instant deadline);

    struct State {
        u16 value;
        i32 last_user;
        u32 wait_for_more, wait_for_zero;  ///< threads
    };
    Result<State> state(u32 index);
    i64 operated();
    void read_all(std::span<u16> into);
    /// What processes would have undone is forgotten.
    Result<void> set(u32 index, i32 value, i32 process);
    Result<void> set_all(std::span<const u16> values, i32 process);
    void remove();
    void change_owner(u32 uid, u32 gid, u32 mode);

    /// The end of the process whose changes these are.
    void undo(Undo& undo, i32 process);
    Result<void> attach(Undo& undo);
    /// False once the set was removed.
    bool has(const Undo& undo);

    ListLink<SemaphoreSet> link;

private:
    struct Waiter {
        ListLink<Waiter> link;
        u32 index;
        bool for_zero;
    };
    enum class Tried : u8 { done, blocked, blocked_at_once, out_of_range };
    Tried try_all(std::span<const Operation> operations, Undo* undo, i32 process, Waiter& waiter);

    sync::Spin lock_;
    HeapArray<u16> values_;
    HeapArray<i32> users_;
    i64 operated_ = 0;
    List<Waiter, &Waiter::link> waiters_;
    List<Undo, &Undo::of_set> undos_;
    sync::WaitQueue changed_;
};

Table<SemaphoreSet>& semaphores();

}  // namespace spore::linux::ipc
