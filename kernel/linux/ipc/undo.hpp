// What a process's end undoes of its changes to semaphores [semop(2), SEM_UNDO].
#pragma once

#include "base/list.hpp"
#include "base/owned.hpp"
#include "kernel/linux/small_text.hpp"
#include "kernel/sync/mutex.hpp"

namespace spore::linux::ipc {

class SemaphoreSet;

/// For one set. On the set's list under the set's lock, for as long as there is something that could be undone.
struct Undo {
    Undo(Shared<SemaphoreSet> of, HeapArray<i16> none);
    ~Undo();
    ListLink<Undo> of_set, of_process;
    Shared<SemaphoreSet> set;
    HeapArray<i16> changes;  ///< what is to be added, for each semaphore
};

/// A process's. Its threads share it; a forked process begins with none.
class Undos {
public:
    /// The one for this set, made when there is none yet.
    Result<Undo*> of(SemaphoreSet& set);
    bool any();
    /// The process ends.
    void perform(i32 process);

private:
    sync::Mutex mutex_;
    List<Undo, &Undo::of_process> list_;
};

}  // namespace spore::linux::ipc
