// Whether two tasks share what each has [kcmp(2)].
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/with_task.hpp"
#include "kernel/linux/poll/epoll.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux::calls {

namespace {

enum What : i32 { file = 0, memory = 1, files = 2, place = 3, handlers = 4, io = 5, semaphores = 6, epoll_entry = 7 };

/// Equal, less, greater: an order that is the same as long as the objects live.
u64 compare(const void* first, const void* second) { return first == second ? 0 : first < second ? 1 : 2; }

Result<Shared<fs::File>> file_of(Task& task, u64 number) {
    auto files = task.files_seen_by_others();
    if (!files) return fail(Error::bad_descriptor);
    return files->get({static_cast<i32>(number)});
}

Result<u64> compare_files(Task& first, Task& second, u64 first_number, u64 second_number) {
    auto a = TRY(file_of(first, first_number)), b = TRY(file_of(second, second_number));
    return compare(a.get(), b.get());
}

/// A file of one, and one that an epoll set of the other watches.
Result<u64> compare_watched(Task& first, Task& second, u64 number, UserIn<EpollSlot> slot_at) {
    auto slot = TRY(slot_at.read());
    auto file = TRY(file_of(first, number)), set = TRY(file_of(second, slot.set));
    if (set->kind() != fs::FileKind::epoll) return fail(Error::invalid);
    const fs::File* watched = nullptr;
    TRY(static_cast<Epoll&>(*set).for_each_watched([&](const fs::File& each, i32 descriptor, const EpollEvent&) -> Result<void> {
        if (!watched && descriptor == static_cast<i32>(slot.descriptor) && slot.skipped-- == 0) watched = &each;
        return {};
    }));
    if (!watched) return fail(Error::not_found);
    return compare(file.get(), watched);
}

/// Linux makes both when they are first of use, and who has none shares that with all who have none.
const void* io_context(Task& task) { return task.io_priority ? &task : nullptr; }
const void* undos(Process& process) { return process.semaphore_undos.any() ? &process : nullptr; }

}  // namespace

Result<u64> kcmp(Task& task, i32 first_tid, i32 second_tid, i32 what, u64 first_number, u64 second_number) {
    auto first = find_task(first_tid), second = find_task(second_tid);
    if (!first || !second) return fail(Error::no_process);
    auto &own = first->process(), &other = second->process();
    if (!may_look_into(task.process(), own) || !may_look_into(task.process(), other)) return fail(Error::not_permitted);
    switch (what) {
    case file: return compare_files(*first, *second, first_number, second_number);
    case memory: return compare(own.memory().get(), other.memory().get());
    case files: return compare(first->files_seen_by_others().get(), second->files_seen_by_others().get());
    case place: return compare(first->place_seen_by_others().get(), second->place_seen_by_others().get());
    case handlers: return compare(own.handlers.get(), other.handlers.get());
    case io: return compare(io_context(*first), io_context(*second));
    case semaphores: return compare(undos(own), undos(other));
    case epoll_entry: return compare_watched(*first, *second, first_number, {VirtAddr{second_number}});
    default: return fail(Error::invalid);
    }
}

}  // namespace spore::linux::calls
