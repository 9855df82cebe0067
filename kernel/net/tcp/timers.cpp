// One timer for all of a connection's deadlines. It is armed for the earliest that was set when nothing earlier was armed: deadlines that move on or
// vanish (most do) cost nothing, and the timer finds that out when it comes.
#include "kernel/net/tcp/batch.hpp"
#include "kernel/net/tcp/control_block.hpp"

namespace spore::net::tcp {

namespace flag = wire::tcp;

void ControlBlock::wake_at(Instant deadline) {
    if (deadline >= timer_at_) return;
    timer_at_ = deadline;
    if (!timer_holds_) {
        timer_holds_ = true;
        retain();
    }
    // With our lock held although the callback takes it: it only tries to.
    timer_.arm(deadline);
}

void ControlBlock::timer_fired(time::Timer& timer) {
    auto& self = static_cast<OwnedTimer&>(timer).owner;
    // Whoever holds the lock may be waiting in arm() for this callback to end.
    if (!self.lock_.try_lock()) return timer.arm(time::now() + Duration::us(50));
    // A timer can be armed in its own callback, but only once: what sets deadlines meanwhile finds it armed for earlier.
    self.timer_at_ = Instant{};
    self.stamp(time::now());
    if (self.state_ != State::closed) self.run_deadlines();
    self.timer_at_ = Instant::never();
    if (self.state_ != State::closed) self.wake_at(std::min({self.retransmit_at_, self.ack_at_, self.hold_at_, self.keep_at_}));
    bool done = self.timer_at_ == Instant::never();
    if (done) self.timer_holds_ = false;
    bool ended = self.end_noted();
    self.lock_.unlock();
    if (ended) self.leave();
    if (done) release_later(self);
}

void ControlBlock::run_deadlines() {
    if (ack_at_ <= now_) {
        ack_at_ = Instant::never();
        acknowledge_quickly();  // the program did not answer in time: it may be one that only reads
    }
    if (hold_at_ <= now_) {
        hold_at_ = Instant::never();
        hold_over_ = true;
        output();
    }
    if (keep_at_ <= now_) keep_alive_due();
    if (retransmit_at_ <= now_) retransmit_due();
    publish(Ready::none);
}

void ControlBlock::start_keep_alive() {
    keep_at_ = Instant::never();
    if (!options_.keep_alive || !synchronized()) return;
    keep_at_ = now_ + options_.keep_alive_idle;
    wake_at(keep_at_);
}

/// Keep-alive [RFC 9293 3.8.4], or the end of the time that an orphan spends in FIN-WAIT-2.
void ControlBlock::keep_alive_due() {
    keep_at_ = Instant::never();
    if (state_ == State::fin_wait_2 && orphan_) return note_end(End::closed);
    if (!options_.keep_alive) return;
    if (!board_.empty() || unsent()) return start_keep_alive();  // retransmissions find out
    auto silent = Duration::ms(now_ms() - std::max(last_received_ms_, last_ack_ms_));
    if (silent < options_.keep_alive_idle) {
        keep_at_ = now_ + (options_.keep_alive_idle - silent);
    } else {
        bool over = options_.user_timeout > Duration{} ? silent >= options_.user_timeout && keep_alive_probes_ : keep_alive_probes_ >= options_.keep_alive_count;
        if (over) {
            send_reset(send_next_);
            return abort(Error::timed_out);
        }
        ++keep_alive_probes_;
        send_probe();
        keep_at_ = now_ + options_.keep_alive_interval;
    }
    wake_at(keep_at_);
}

}  // namespace spore::net::tcp
