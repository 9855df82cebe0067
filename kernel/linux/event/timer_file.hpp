// timerfd: a timer that is read [timerfd_create(2)].
#pragma once

#include "kernel/fs/file.hpp"
#include "kernel/linux/uapi/types.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux {

class TimerFile final : public fs::File, time::WallWatcher {
public:
    enum Flag : u32 { absolute = 1, cancel_on_set = 2 };
    TimerFile(i32 clock, fs::OpenMode mode) : File(mode), clock_(clock), alarm_(*this) {}
    ~TimerFile() override { stop_watching_wall(); }

    /// Expires at `first`, then every `interval` (0: no more). Instant::never() disarms it. `flags` are timerfd_settime's, to act on and to tell.
    /// canceled, with the timer set, when the clock had been set and nobody had read that.
    Result<void> set(Instant first, Duration interval, u32 flags);
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
    void wall_changed() override;
    u64 take();
    Result<void> check_canceled();

    i32 clock_;
    sync::Mutex arming_;  ///< one thread at a time sets or rearms
    // A periodic timer that nobody reads is not armed again: how often it would have expired is worked out when it is read.
    sync::Spin lock_;
    Instant next_ = Instant::never();
    Duration interval_;
    bool fired_ = false;
    bool canceled_ = false;  ///< the clock was set, which the file's user wants to know [TFD_TIMER_CANCEL_ON_SET]
    u32 flags_ = 0;
    sync::WaitQueue readers_;
    fs::PollSource source_;
    Alarm alarm_;  ///< destroyed first
};

}  // namespace spore::linux
