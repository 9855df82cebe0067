// poll, select and their kin: one look at several files, and sleep until one of them is ready.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/poll/watch.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/signal/deliver.hpp"
#include "kernel/linux/time/deadline.hpp"

namespace spore::linux::calls {

namespace {

// POLL* for poll; in, priority, out, error and hang_up are the same bits as Ready.
constexpr u16 poll_invalid = 0x20;
constexpr u32 poll_read = 0x01 | 0x40, poll_write = 0x04 | 0x100;  // POLLIN | POLLRDNORM, POLLOUT | POLLWRNORM
constexpr u32 always_told = 0x08 | 0x10;

/// What is ready, with the synonyms that poll has for ordinary data.
u32 poll_bits(fs::Ready ready) {
    u32 bits = static_cast<u32>(ready);
    if (bits & 0x01) bits |= poll_read;
    if (bits & 0x04) bits |= poll_write;
    return bits;
}

/// Waits until `look` finds something; how much it found, or 0 at the deadline.
template <typename F>
Result<u64> wait_until_ready(Task& task, Watcher& watcher, Instant deadline, F&& look) {
    while (true) {
        watcher.prepare();
        if (u64 found = look()) {
            watcher.cancel();
            return found;
        }
        auto woken = watcher.wait(task, deadline);
        if (woken) continue;
        if (woken.error() != Error::timed_out) return fail(woken.error());
        return look();
    }
}

Result<u64> poll_until(Task& task, UserInOut<PollDescriptor> user, u32 count, Instant deadline) {
    if (count > task.process().limit(limit_files).soft) return fail(Error::invalid);
    auto descriptors = TRY(HeapArray<PollDescriptor>::create(count ? count : 1));
    auto entries = descriptors.span().first(count);
    TRY(UserIn<PollDescriptor>{user.at}.read_all(entries));
    Watcher watcher;
    auto watches = TRY(HeapArray<Watcher::Watch>::create(count ? count : 1));
    for (u32 i = 0; i < count; ++i) {
        if (entries[i].descriptor < 0) continue;
        if (auto file = task.files().get({entries[i].descriptor})) watches[i].begin(watcher, std::move(*file));
    }
    auto look = [&] {
        u64 found = 0;
        for (u32 i = 0; i < count; ++i) {
            auto& entry = entries[i];
            entry.results = 0;
            if (entry.descriptor < 0) continue;
            entry.results = watches[i] ? static_cast<u16>(poll_bits(watches[i].file().ready()) & (entry.events | always_told)) : poll_invalid;
            found += entry.results != 0;
        }
        return found;
    };
    u64 found = TRY(wait_until_ready(task, watcher, deadline, look));
    TRY(UserOut<PollDescriptor>{user.at}.write_all(entries));
    return found;
}

/// Tells what is left of a timeout, as Linux's select and ppoll do.
Result<void> write_remaining(UserInOut<Timespec> user, Instant deadline) {
    if (!user) return {};
    auto now = time::now();
    (void)user.write(Timespec::of(deadline > now ? deadline - now : Duration{}));  // read-only memory is no reason to fail
    return {};
}

Result<void> begin_mask(Task& task, UserIn<SignalSet> mask, u64 size) {
    if (!mask) return {};
    if (size != sizeof(SignalSet)) return fail(Error::invalid);
    begin_temporary_mask(task, TRY(mask.read()));
    return {};
}
void end_mask(Task& task, UserIn<SignalSet> mask, const Result<u64>& result) {
    if (mask) end_temporary_mask(task, !result && result.error() == Error::interrupted);
}

/// fd_sets: a bit per descriptor, in 64-bit words.
struct DescriptorSets {
    static constexpr u32 most_words = 1024 / 64;
    u64 in[3][most_words] = {}, out[3][most_words] = {};
};

Result<u64> select_until(Task& task, i32 count, UserInOut<u64> user[3], Instant deadline) {
    if (count < 0) return fail(Error::invalid);
    // Linux takes no more than the table holds; more than FD_SETSIZE cannot be in a program's fd_set.
    u32 limit = std::min<u32>(static_cast<u32>(count), 1024), words = (limit + 63) / 64;
    auto sets = TRY(make_owned<DescriptorSets>());
    u32 watched = 0;
    for (unsigned kind = 0; kind < 3; ++kind)
        if (user[kind]) TRY(UserIn<u64>{user[kind].at}.read_all({sets->in[kind], words}));
    auto wanted = [&](u32 fd) {
        u32 bits = 0;
        for (unsigned kind = 0; kind < 3; ++kind) bits |= (sets->in[kind][fd / 64] >> (fd % 64) & 1) << kind;
        return bits;
    };
    for (u32 fd = 0; fd < limit; ++fd) watched += wanted(fd) != 0;
    Watcher watcher;
    auto watches = TRY(HeapArray<Watcher::Watch>::create(watched ? watched : 1));
    for (u32 fd = 0, i = 0; fd < limit; ++fd)
        if (wanted(fd)) watches[i++].begin(watcher, TRY(task.files().get({static_cast<i32>(fd)})));
    constexpr u32 conditions[3] = {0x01 | 0x10 | 0x08, 0x04 | 0x08, 0x02};  // read: in, hang-up, error; write: out, error; except: priority
    auto look = [&] {
        u64 found = 0;
        std::memset(sets->out, 0, sizeof sets->out);
        for (u32 fd = 0, i = 0; fd < limit; ++fd) {
            u32 kinds = wanted(fd);
            if (!kinds) continue;
            u32 ready = static_cast<u32>(watches[i++].file().ready());
            for (unsigned kind = 0; kind < 3; ++kind)
                if ((kinds >> kind & 1) && (ready & conditions[kind])) sets->out[kind][fd / 64] |= u64{1} << (fd % 64), ++found;
        }
        return found;
    };
    u64 found = TRY(wait_until_ready(task, watcher, deadline, look));
    for (unsigned kind = 0; kind < 3; ++kind)
        if (user[kind]) TRY(UserOut<u64>{user[kind].at}.write_all({sets->out[kind], words}));
    return found;
}

}  // namespace

Result<u64> poll(Task& task, UserInOut<PollDescriptor> descriptors, u32 count, i32 milliseconds) {
    auto deadline = milliseconds < 0 ? Instant::never() : resumable_deadline(task, Duration::ms(milliseconds));
    return poll_until(task, descriptors, count, deadline);
}
Result<u64> ppoll(Task& task, UserInOut<PollDescriptor> descriptors, u32 count, UserInOut<Timespec> timeout, UserIn<SignalSet> mask, u64 size) {
    auto deadline = TRY(deadline_after({timeout.at}));
    TRY(begin_mask(task, mask, size));
    auto result = poll_until(task, descriptors, count, deadline);
    end_mask(task, mask, result);
    TRY(write_remaining(timeout, deadline));
    return result;
}

Result<u64> select(Task& task, i32 count, UserInOut<u64> readable, UserInOut<u64> writable, UserInOut<u64> exceptional, UserInOut<Timeval> timeout) {
    auto deadline = Instant::never();
    if (timeout) {
        auto span = TRY(timeout.read());
        if (span.seconds < 0 || span.microseconds < 0) return fail(Error::invalid);
        deadline = time::now() + Duration::seconds(span.microseconds / 1'000'000) + Timeval{span.seconds, span.microseconds % 1'000'000}.duration();
    }
    UserInOut<u64> sets[] = {readable, writable, exceptional};
    auto result = select_until(task, count, sets, deadline);
    if (timeout) {
        auto now = time::now();
        (void)timeout.write(Timeval::of(deadline > now ? deadline - now : Duration{}));
    }
    return result;
}
Result<u64> pselect6(Task& task, i32 count, UserInOut<u64> readable, UserInOut<u64> writable, UserInOut<u64> exceptional, UserInOut<Timespec> timeout,
                     UserIn<SignalMaskArgument> user_mask) {
    auto deadline = TRY(deadline_after({timeout.at}));
    SignalMaskArgument argument{};
    if (user_mask) argument = TRY(user_mask.read());
    UserIn<SignalSet> mask{{argument.address}};
    TRY(begin_mask(task, mask, argument.size));
    UserInOut<u64> sets[] = {readable, writable, exceptional};
    auto result = select_until(task, count, sets, deadline);
    end_mask(task, mask, result);
    TRY(write_remaining(timeout, deadline));
    return result;
}

}  // namespace spore::linux::calls
