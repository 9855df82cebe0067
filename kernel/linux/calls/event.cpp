// epoll and eventfd.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/poll/eventfd.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/signal/deliver.hpp"
#include "kernel/linux/time/deadline.hpp"
#include "kernel/linux/uapi/open.hpp"

namespace spore::linux::calls {

namespace {

Result<u64> add_file(Task& task, Shared<fs::File> file, u32 flags) {
    return task.files().add(std::move(file), flags & o_close_on_exec ? OnExec::close : OnExec::keep, task.process().limit(limit_files).soft);
}

/// An open epoll; the file is kept for as long as it is used.
struct OpenEpoll {
    Shared<fs::File> file;
    Epoll* epoll;
};
Result<OpenEpoll> epoll_by(Task& task, Descriptor descriptor) {
    auto file = TRY(task.files().get(descriptor));
    auto* epoll = epoll_of(*file);
    if (!epoll) return fail(Error::invalid);
    return OpenEpoll{std::move(file), epoll};
}

Result<u64> wait_for(Task& task, Descriptor descriptor, UserOut<EpollEvent> events, i32 most, Instant deadline) {
    constexpr i32 limit = 1 << 20, at_once = 256;
    if (most <= 0 || most > limit) return fail(Error::invalid);
    auto open = TRY(epoll_by(task, descriptor));
    // Programs ask for many and mostly get a few.
    EpollEvent few[16];
    HeapArray<EpollEvent> many;
    std::span<EpollEvent> found(few, std::min<std::size_t>(static_cast<std::size_t>(most), std::size(few)));
    if (most > static_cast<i32>(std::size(few))) {
        many = TRY(HeapArray<EpollEvent>::create(static_cast<u64>(std::min(most, at_once))));
        found = many.span();
    }
    u64 count = TRY(open.epoll->wait(task, found, deadline));
    TRY(events.write_all(found.first(count)));
    return count;
}

}  // namespace

Result<u64> epoll_create1(Task& task, Flags flags) {
    if (flags & ~u32{o_close_on_exec}) return fail(Error::invalid);
    return add_file(task, TRY(make_epoll()), flags);
}
Result<u64> epoll_create(Task& task, i32 size) {
    if (size <= 0) return fail(Error::invalid);
    return epoll_create1(task, {0});
}
Result<u64> epoll_ctl(Task& task, Descriptor descriptor, i32 operation, Descriptor target, UserIn<EpollEvent> user) {
    enum Operation : i32 { add = 1, remove = 2, modify = 3 };
    auto open = TRY(epoll_by(task, descriptor));
    auto file = TRY(task.files().get(target));
    if (file.get() == open.file.get()) return fail(Error::invalid);
    switch (operation) {
    case add: TRY(open.epoll->add(target.value, std::move(file), TRY(user.read()))); return 0;
    case modify: TRY(open.epoll->modify(target.value, *file, TRY(user.read()))); return 0;
    case remove: TRY(open.epoll->remove(target.value, *file)); return 0;
    default: return fail(Error::invalid);
    }
}
Result<u64> epoll_wait(Task& task, Descriptor descriptor, UserOut<EpollEvent> events, i32 most, i32 milliseconds) {
    auto deadline = milliseconds < 0 ? Instant::never() : resumable_deadline(task, Duration::ms(milliseconds));
    return wait_for(task, descriptor, events, most, deadline);
}
Result<u64> epoll_pwait(Task& task, Descriptor descriptor, UserOut<EpollEvent> events, i32 most, i32 milliseconds, UserIn<SignalSet> mask) {
    if (mask) begin_temporary_mask(task, TRY(mask.read()));
    auto result = epoll_wait(task, descriptor, events, most, milliseconds);
    if (mask) end_temporary_mask(task, !result && result.error() == Error::interrupted);
    return result;
}
Result<u64> epoll_pwait2(Task& task, Descriptor descriptor, UserOut<EpollEvent> events, i32 most, UserIn<Timespec> timeout, UserIn<SignalSet> mask) {
    auto deadline = TRY(deadline_after(timeout));
    if (mask) begin_temporary_mask(task, TRY(mask.read()));
    auto result = wait_for(task, descriptor, events, most, deadline);
    if (mask) end_temporary_mask(task, !result && result.error() == Error::interrupted);
    return result;
}

Result<u64> eventfd2(Task& task, u32 initial, Flags flags) {
    constexpr u32 semaphore = 1;
    if (flags & ~u32{semaphore | o_close_on_exec | o_nonblock}) return fail(Error::invalid);
    return add_file(task, TRY(make_eventfd(initial, flags & semaphore ? EventMode::semaphore : EventMode::counter, (flags & o_nonblock) != 0)), flags);
}
Result<u64> eventfd(Task& task, u32 initial) { return eventfd2(task, initial, {0}); }

}  // namespace spore::linux::calls
