#include "kernel/linux/ring/work.hpp"

#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/ring/ring.hpp"

namespace spore::linux {

using ring::Ring;

Result<Shared<TaskRings>> TaskRings::of(Task& task) {
    if (!task.rings) task.rings = TRY(make_shared<TaskRings>());
    return task.rings;
}

Result<Shared<RingWork>> RingWork::of(Process& process) {
    if (auto* work = process.ring_work.load(std::memory_order_acquire)) return Shared<RingWork>(*work);
    auto made = TRY(make_shared<RingWork>());
    made->end = end_work;
    RingWork* before = nullptr;
    made->retain();  // the process's own
    if (process.ring_work.compare_exchange_strong(before, made.get(), std::memory_order_acq_rel)) return made;
    (void)Shared<RingWork>::adopt(made.get());
    return Shared<RingWork>(*before);
}

void RingWork::join(RingLinks& links) {
    Guard guard(lock_);
    rings_.push_back(links);
}
void RingWork::leave(RingLinks& links) {
    Guard guard(lock_);
    if (links.home_link.linked) rings_.remove(links);
}

void RingWork::add(RingLinks& links) {
    Guard guard(lock_);
    if (has_helper_) add_locked(links);
}

void RingWork::add_locked(RingLinks& links) {
    if (links.work_link.linked) return;
    static_cast<Ring&>(links).retain();
    busy_.push_back(links);
    arrived_.wake_one();
}

Result<void> RingWork::ensure_helper(Task& task) {
    {
        Guard guard(lock_);
        if (std::exchange(has_helper_, true)) return {};
    }
    auto made = [&]() -> Result<void> {
        auto& process = task.process();
        auto helper = TRY(Task::create({.process = Shared<Process>(process), .memory = Shared<memory::AddressSpace>(task.memory()), .files = task.shared_files(),
                                        .place = task.shared_place(), .space_number = task.space_number()}, help));
        helper->thread().inherit_scheduling();
        helper->blocked = ~SignalSet{};
        helper->is_helper = true;
        std::string_view("iou-wrk").copy(helper->name, sizeof helper->name - 1);
        if (!attach(process, *helper, nullptr)) return fail(Error::would_block);
        {
            TreeGuard guard(tree_lock());
            ++process.helpers;
        }
        helper->start();
        return {};
    }();
    Guard guard(lock_);
    if (!made) has_helper_ = false;
    else for (auto& links : rings_) add_locked(links);  // what became ready before found no helper to tell
    return made;
}

/// Waits for a ring with something to do. Null when the task is to end.
RingLinks* RingWork::next_busy(Task& task) {
    auto& process = task.process();
    Guard guard(lock_);
    while (true) {
        if (process.exiting() || process.ending_others) {
            has_helper_ = false;
            return nullptr;
        }
        if (auto* links = busy_.pop_front()) return links;
        if (!arrived_.wait(lock_, sync::Interruptible::yes)) {
            // Nothing but an end is meant for it.
            (void)task.take_attention();
            task.thread().clear_interrupted();
        }
    }
}

void RingWork::help(void* argument) {
    auto& task = *static_cast<Task*>(argument);
    auto* work = task.process().ring_work.load(std::memory_order_acquire);
    while (auto* links = work->next_busy(task)) {
        auto ring = Shared<Ring>::adopt(static_cast<Ring*>(links));
        ring->help(task);
    }
    exit_task(task, {});
}

void RingWork::end_work(RingWork& work, End end) {
    while (true) {
        Shared<Ring> ring;
        {
            Guard guard(work.lock_);
            if (auto* links = work.busy_.pop_front()) {
                ring = Shared<Ring>::adopt(static_cast<Ring*>(links));
            } else if (auto* joined = work.rings_.pop_front()) {
                ring = Shared<Ring>(static_cast<Ring&>(*joined));  // whole: it leaves before it goes
            } else {
                break;
            }
        }
        ring->drop_all();
    }
    if (end == End::process) (void)Shared<RingWork>::adopt(&work);
}

}  // namespace spore::linux
