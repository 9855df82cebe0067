#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/poll/epoll.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/signal/deliver.hpp"
#include "kernel/linux/time/deadline.hpp"
#include "kernel/linux/uapi/open.hpp"

namespace spore::linux::calls {

namespace {

Result<Shared<Epoll>> epoll_of(Task& task, Descriptor descriptor) {
    auto file = TRY(task.files().get(descriptor));
    if (file->kind() != fs::FileKind::epoll) return fail(Error::invalid);
    return Shared<Epoll>(static_cast<Epoll&>(*file));
}

/// Writes events to the program, each behind the one before.
class ProgramSink final : public Epoll::Sink {
public:
    explicit ProgramSink(UserOut<EpollEvent> events) : events_(events) {}
    u64 take(std::span<const EpollEvent> events) override {
        u64 taken = events.size();
        if (!events_.write_all(events))
            for (taken = 0; taken < events.size() && events_.write(events[taken], taken); ++taken) {}  // up to the page that is not there
        events_.at = events_.at + taken * sizeof(EpollEvent);
        return taken;
    }

private:
    UserOut<EpollEvent> events_;
};

Result<u64> wait_until(Task& task, Descriptor descriptor, UserOut<EpollEvent> events, i32 most, Instant deadline, UserIn<SignalSet> mask, u64 mask_size) {
    constexpr i32 largest = 0x7fff'ffff / static_cast<i32>(sizeof(EpollEvent));
    if (most <= 0 || most > largest) return fail(Error::invalid);
    if (!is_program_range(events.at, static_cast<u64>(most) * sizeof(EpollEvent))) return fail(Error::bad_address);
    auto set = TRY(epoll_of(task, descriptor));
    ProgramSink sink(events);
    if (!mask) return set->wait(sink, static_cast<u64>(most), deadline);
    if (mask_size != sizeof(SignalSet)) return fail(Error::invalid);
    begin_temporary_mask(task, TRY(mask.read()));
    auto result = set->wait(sink, static_cast<u64>(most), deadline);
    end_temporary_mask(task, !result && result.error() == Error::interrupted);
    return result;
}

Instant deadline_of(i32 milliseconds) {
    if (milliseconds < 0) return Instant::never();
    return milliseconds == 0 ? Instant{} : time::now() + Duration::ms(milliseconds);
}

}  // namespace

Result<u64> epoll_create1(Task& task, Flags flags) {
    if (flags & ~u32{o_close_on_exec}) return fail(Error::invalid);
    auto set = TRY(Epoll::create());
    return task.files().add(std::move(set), flags ? OnExec::close : OnExec::keep, task.process().limit(limit_files).soft);
}
Result<u64> epoll_create(Task& task, i32 size) {
    if (size <= 0) return fail(Error::invalid);
    return epoll_create1(task, {0});
}

Result<u64> epoll_ctl(Task& task, Descriptor epoll, i32 operation, Descriptor descriptor, UserIn<EpollEvent> user) {
    enum Operation : i32 { add = 1, remove = 2, modify = 3 };
    EpollEvent event{};
    if (operation != remove) event = TRY(user.read());
    auto set_file = TRY(task.files().get(epoll));
    auto file = TRY(task.files().get(descriptor));
    if (file->mode().path_only) return fail(Error::bad_descriptor);
    if (!file->poll_source()) return fail(Error::not_permitted);
    if (set_file == file || set_file->kind() != fs::FileKind::epoll) return fail(Error::invalid);
    auto& set = static_cast<Epoll&>(*set_file);
    switch (operation) {
    case add: TRY(set.add(file, descriptor.value, event)); return 0;
    case remove: TRY(set.remove(*file, descriptor.value)); return 0;
    case modify: TRY(set.modify(*file, descriptor.value, event)); return 0;
    default: return fail(Error::invalid);
    }
}

Result<u64> epoll_wait(Task& task, Descriptor epoll, UserOut<EpollEvent> events, i32 most, i32 milliseconds) {
    return wait_until(task, epoll, events, most, deadline_of(milliseconds), {}, 0);
}
Result<u64> epoll_pwait(Task& task, Descriptor epoll, UserOut<EpollEvent> events, i32 most, i32 milliseconds, UserIn<SignalSet> mask, u64 mask_size) {
    return wait_until(task, epoll, events, most, deadline_of(milliseconds), mask, mask_size);
}
Result<u64> epoll_pwait2(Task& task, Descriptor epoll, UserOut<EpollEvent> events, i32 most, UserIn<Timespec> timeout, UserIn<SignalSet> mask, u64 mask_size) {
    auto deadline = Instant::never();
    if (timeout) {
        auto span = TRY(timeout.read());
        if (!span.valid()) return fail(Error::invalid);
        deadline = span.duration() == Duration{} ? Instant{} : time::now() + span.duration();
    }
    return wait_until(task, epoll, events, most, deadline, mask, mask_size);
}

}  // namespace spore::linux::calls
