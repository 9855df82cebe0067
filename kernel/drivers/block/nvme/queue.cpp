#include "kernel/drivers/block/nvme/queue.hpp"

#include <algorithm>

#include "base/locked.hpp"
#include "kernel/core/log.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers::nvme {

using namespace wire::nvme;

namespace {
constexpr Duration patience_alone = Duration::seconds(5);
constexpr unsigned list_order = 2;
}

bool Health::is_alive() {
    u32 status = hardware_.read(static_cast<u32>(Register::status));  // all ones when it was pulled out
    return status & status_ready && !(status & status_fatal);
}

void Health::end() {
    if (dead_.exchange(true, std::memory_order_relaxed)) return;
    hardware_.cut_off();
    core::error("an NVMe controller fails: its disks are used no more");
}

Result<void> Queue::open(u32 entries, u32 doorbell_stride) {
    static_assert(most_entries * sizeof(Command) <= page_size && most_entries > most && most * listed_pages * sizeof(u64) <= page_size << list_order && page_size % (listed_pages * sizeof(u64)) == 0);
    entries_ = std::min(entries, most_entries);
    slots_ = static_cast<u16>(std::min<u32>(most, entries_ - 1));  // a full ring would look like an empty one
    doorbell_ = static_cast<u32>(Register::doorbells) + 2 * number_ * doorbell_stride;
    completion_doorbell_ = doorbell_ + doorbell_stride;
    if (completion_doorbell_ >= register_space) return fail(Error::not_supported);
    for (auto* part : {&submissions_, &completions_}) *part = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    pages_ = memory::FrameRef::adopt(TRY(memory::allocate_frames(list_order)));
    return {};
}

void Queue::show(u16 slot, Command& command) {
    command.id = slot;
    __builtin_memcpy(submissions_.bytes() + tail_ * sizeof(Command), &command, sizeof(Command));
    if (++tail_ == entries_) tail_ = 0;
    shown(slot);
    std::atomic_thread_fence(std::memory_order_release);  // the command before the doorbell; pairs with the controller's read
    hardware_.write(doorbell_, tail_);
}

Result<u32> Queue::run(u16 slot, Command& command) {
    Guard guard(lock_);
    if (broken()) return fail(Error::io);
    show(slot, command);
    return wait_for(slot);
}

Result<u32> Queue::run_alone(Command& command) {
    u16 slot = TRY(take_slot());
    {
        Guard guard(lock_);
        show(slot, command);
        for (auto deadline = time::now() + patience_alone; is_shown(slot); arch::relax()) {
            reap();
            if (time::now() >= deadline || !is_alive()) give_up();
            if (broken()) return fail(Error::io);
        }
    }
    u32 status = outcome(slot), result = result_;
    give_slot(slot);
    if (status) return fail(Error::io);
    return result;
}

void Queue::reap() {
    u32 before = head_;
    while (has_news()) {
        std::atomic_thread_fence(std::memory_order_acquire);  // the phase before the rest; pairs with the controller's write
        u32 what = ring()[head_].what;
        result_ = ring()[head_].result;
        if (!finish(id_of(what), status_of(what))) return health_.end();  // what it was not given
        if (++head_ == entries_) head_ = 0, phase_ = !phase_;
    }
    if (head_ != before) hardware_.write(completion_doorbell_, head_);
}

void Queue::on_interrupt(void* self) {
    auto& queue = *static_cast<Queue*>(self);
    Guard guard(queue.lock_);
    queue.look();
}

}  // namespace spore::drivers::nvme
