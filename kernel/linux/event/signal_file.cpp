#include "kernel/linux/event/signal_file.hpp"

#include <optional>

#include "base/format.hpp"
#include "kernel/linux/poll/waiter.hpp"

namespace spore::linux {

using fs::Ready;

namespace {

/// struct signalfd_siginfo
struct SignalRecord {
    u32 number = 0;
    i32 error = 0, code = 0;
    u32 pid = 0, uid = 0;
    i32 descriptor = 0;
    u32 timer = 0, band = 0, overrun = 0, trap = 0;
    i32 status = 0, value = 0;
    u64 pointer = 0, user_ticks = 0, system_ticks = 0, address = 0;
    u16 address_bits = 0;
    u8 rest[46] = {};
};
static_assert(sizeof(SignalRecord) == 128);

SignalRecord record_of(const SignalInfo& info) {
    SignalRecord record{.number = static_cast<u32>(info.number), .error = info.error, .code = info.code};
    if (info.is_synchronous_fault()) {
        record.address = info.words[0];
        return record;
    }
    if (info.is_of_file()) {
        record.band = static_cast<u32>(info.words[0]);
        record.descriptor = static_cast<i32>(info.words[1]);
        return record;
    }
    if (info.code == si_timer) {
        record.timer = static_cast<u32>(info.words[0]);
        record.overrun = static_cast<u32>(info.words[0] >> 32);
    } else {
        record.pid = static_cast<u32>(info.words[0]);
        record.uid = info.uid();
    }
    if (info.number == sigchld && info.code > 0) {
        record.status = static_cast<i32>(info.words[1]);
        record.user_ticks = info.words[2];
        record.system_ticks = info.words[3];
    } else {
        record.value = static_cast<i32>(info.words[1]);
        record.pointer = info.words[1];
    }
    return record;
}

std::optional<SignalInfo> take(Task& task, SignalSet wanted) {
    Guard guard(task.process().signal_lock);
    if (task.pending.set() & wanted) return task.pending.take(wanted);
    if (task.process().pending.set() & wanted) return task.process().pending.take(wanted);
    return std::nullopt;
}

}  // namespace

void SignalFile::set_mask(SignalSet mask) {
    mask_.store((mask & ~unblockable).bits, std::memory_order_relaxed);
    maker_->signal_arrived.notify(Ready::in);  // what is wanted now may be pending already
}

Result<u64> SignalFile::read(fs::IoBuffer& into) {
    if (into.remaining() < sizeof(SignalRecord)) return fail(Error::invalid);
    auto& task = current_task();
    auto info = take(task, mask());
    if (!info) {
        if (mode_.nonblocking) return fail(Error::would_block);
        PollWaiter waiter;
        PollTie tie;
        tie.attach(waiter, &task.process().signal_arrived, Ready::in);
        while (!(info = take(task, mask()))) TRY(waiter.wait(Instant::never()));
    }
    u64 done = 0;
    while (info) {
        TRY(into.put(bytes_of(record_of(*info))));
        done += sizeof(SignalRecord);
        if (into.remaining() < sizeof(SignalRecord)) break;
        info = take(task, mask());
    }
    return done;
}

Ready SignalFile::ready() {
    auto& task = current_task();
    Guard guard(task.process().signal_lock);
    return (task.pending.set() | task.process().pending.set()) & mask() ? Ready::in : Ready::none;
}

std::string_view SignalFile::describe(std::span<char> buffer) { return format_to(buffer, "anon_inode:[signalfd]"); }

}  // namespace spore::linux
