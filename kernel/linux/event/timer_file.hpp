// timerfd: a timer that is read [timerfd_create(2)].
#pragma once

#include "kernel/fs/file.hpp"
#include "kernel/linux/uapi/types.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux {

class TimerFile final : public fs::File {
public:
    TimerFile(i32 clock, fs::OpenMode mode) : File(mode), clock_(clock), alarm_(*this) {}

    /// Expires at `first`, then every `interval` (0: no more). Instant::never() disarms it. `flags` are timerfd_settime's, to tell.
    void set(Instant first, Duration interval, u32 flags);
    struct Setting {
        Duration interval, remaining;  ///< 0 remaining: disarmed
        bool expired = false;          ///< and not read since
        u32 flags = 0;
    };
    Setting setting();
    i32 clock() const { return clock_; }

    /// How often it expired since it was last read or set.
    Result<u64> read(fs::IoBuffer& into) override;
    fs::Ready ready() override;
    fs::PollSource* poll_source() override { return &source_; }
    std::string_view describe(std::span<char> buffer) override;
    fs::FileKind kind() const override { return fs::FileKind::timer; }

private:
    struct Alarm final : time::Timer {
        explicit Alarm(TimerFile& file) : Timer(&expire), owner(file) {}
        static void expire(Timer& timer) { static_cast<Alarm&>(timer).owner.expired(); }
        TimerFile& owner;
    };
    void expired();
    u64 take();

    i32 clock_;
    sync::Mutex arming_;  ///< one thread at a time sets or rearms
    // A periodic timer that nobody reads is not armed again: how often it would have expired is worked out when it is read.
    sync::Spin lock_;
    Instant next_ = Instant::never();
    Duration interval_;
    bool fired_ = false;
    u32 flags_ = 0;
    sync::WaitQueue readers_;
    fs::PollSource source_;
    Alarm alarm_;  ///< destroyed first
};

}  // namespace spore::linux
