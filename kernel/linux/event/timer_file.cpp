#include "kernel/linux/event/timer_file.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "kernel/linux/time/clock.hpp"

namespace spore::linux {

using fs::Ready;

Result<void> TimerFile::set(Instant first, Duration interval, u32 flags) {
    Guard arming_guard(arming_);
    alarm_.cancel();
    bool watches = (flags & absolute) && (flags & cancel_on_set) && (clock_ == clock_realtime || clock_ == clock_realtime_alarm);
    if (watches) watch_wall();
    else stop_watching_wall();
    Result<void> result;
    {
        Guard guard(lock_);
        next_ = first;
        interval_ = interval;
        flags_ = flags;
        fired_ = false;
        if (!watches) canceled_ = false;
        else if (first != Instant::never()) result = check_canceled();
    }
    if (first != Instant::never()) alarm_.arm(first);
    return result;
}

/// With the lock held.
Result<void> TimerFile::check_canceled() {
    if (!canceled_) return {};
    canceled_ = fired_ = false;
    return fail(Error::canceled);
}

TimerFile::Setting TimerFile::setting() {
    Guard guard(lock_);
    auto now = time::now_beside(next_);
    if (next_ == Instant::never() || (fired_ && interval_ == Duration{})) return {interval_, {}, fired_, flags_};
    if (next_ > now) return {interval_, next_ - now, fired_, flags_};
    if (interval_ == Duration{}) return {interval_, Duration::ns(1), fired_, flags_};
    return {interval_, Duration::ns(interval_.nanoseconds - (now - next_).nanoseconds % interval_.nanoseconds), fired_, flags_};
}

void TimerFile::expired() {
    {
        Guard guard(lock_);
        fired_ = true;
        readers_.wake_all();
    }
    source_.notify(Ready::in);
}

void TimerFile::wall_changed() {
    {
        Guard guard(lock_);
        canceled_ = true;
        readers_.wake_all();
    }
    source_.notify(Ready::in);
}

/// The expirations so far, if any; and the next one is prepared.
u64 TimerFile::take() {
    Guard arming_guard(arming_);
    u64 count;
    Instant next;
    {
        Guard guard(lock_);
        if (!fired_) return 0;
        fired_ = false;
        if (interval_ == Duration{}) {
            next_ = Instant::never();
            return 1;
        }
        // The clock may have been set back since.
        auto since = std::max(Duration{}, time::now_beside(next_) - next_);
        count = static_cast<u64>(since.nanoseconds / interval_.nanoseconds) + 1;
        next_ = next = next_ + Duration::ns(static_cast<i64>(count) * interval_.nanoseconds);
    }
    alarm_.arm(next);
    return count;
}

Result<u64> TimerFile::read(fs::IoBuffer& into) {
    u64 count;
    if (into.remaining() < sizeof count) return fail(Error::invalid);
    for (;;) {
        {
            Guard guard(lock_);
            TRY(check_canceled());
        }
        if ((count = take())) break;
        Guard guard(lock_);
        while (!fired_ && !canceled_) {
            if (mode_.nonblocking) return fail(Error::would_block);
            TRY(readers_.wait(lock_, sync::Interruptible::yes));
        }
    }
    TRY(into.put(bytes_of(count)));
    return sizeof count;
}

Ready TimerFile::ready() {
    Guard guard(lock_);
    return fired_ || canceled_ ? Ready::in : Ready::none;
}

std::string_view TimerFile::describe(std::span<char> buffer) { return format_to(buffer, "anon_inode:[timerfd]"); }

}  // namespace spore::linux
