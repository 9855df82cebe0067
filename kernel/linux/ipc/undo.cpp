#include "kernel/linux/ipc/undo.hpp"

#include "kernel/linux/ipc/semaphores.hpp"

namespace spore::linux::ipc {

Undo::Undo(Shared<SemaphoreSet> of, HeapArray<i16> none) : set(std::move(of)), changes(std::move(none)) {}
Undo::~Undo() = default;

Result<Undo*> Undos::of(SemaphoreSet& set) {
    Guard guard(mutex_);
    for (auto& undo : list_)
        if (undo.set.get() == &set) return &undo;
    // Those of sets that are gone have nothing to undo, and nobody looks at them again.
    for (auto* undo = list_.first(); undo;) {
        auto* next = list_.next(*undo);
        if (!undo->set->has(*undo)) list_.remove(*undo), delete undo;
        undo = next;
    }
    auto made = TRY(make_owned<Undo>(Shared<SemaphoreSet>(set), TRY(HeapArray<i16>::create(set.count()))));
    TRY(set.attach(*made));
    list_.push_back(*made);
    return made.release();
}

bool Undos::any() {
    Guard guard(mutex_);
    return !list_.empty();
}

void Undos::perform(i32 process) {
    Guard guard(mutex_);
    while (auto* undo = list_.pop_front()) {
        undo->set->undo(*undo, process);
        delete undo;
    }
}

}  // namespace spore::linux::ipc
