// How connections end [RFC 9293 3.6], and what the program hears of it.
#include "kernel/net/tcp/batch.hpp"
#include "kernel/net/tcp/control_block.hpp"
#include "kernel/net/tcp/orphans.hpp"
#include "kernel/net/tcp/time_wait.hpp"

namespace spore::net::tcp {

Result<void> ControlBlock::shut_writing() {
    Session session(*this);
    if (state_ == State::closed || state_ == State::syn_sent) return fail(Error::not_connected);
    if (fin_queued_) return {};
    stamp(time::now());
    queue_fin();
    publish(Ready::none);
    return {};
}

void ControlBlock::queue_fin() {
    fin_queued_ = true;
    if (state_ == State::established || state_ == State::syn_received) {
        if (state_ == State::established) state_ = State::fin_wait_1;
    } else if (state_ == State::close_wait) {
        state_ = State::last_ack;
    }
    output();
}

void ControlBlock::shut_reading() {
    Session session(*this);
    reading_shut_ = true;
    publish(Ready::in);
}

void ControlBlock::close() {
    Session session(*this);
    listener_ = nullptr;
    if (orphan_) return;
    orphan_ = true;
    stamp(time::now());
    bool unread = receive_next_ - (fin_received_ ? 1 : 0) != read_next_;
    bool at_once = options_.linger && options_.linger_time <= Duration{};
    switch (state_) {
        case State::closed: return;
        case State::syn_sent: return abort(Error::connection_aborted);
        case State::syn_received:
        case State::established:
        case State::close_wait:
            // What was not read is lost: the peer must learn that [RFC 2525 2.17]. Orphans take memory that no program answers for: there is a limit.
            if (unread || at_once || !count_orphan()) {
                send_reset(send_next_);
                return abort(Error::connection_aborted);
            }
            counted_orphan_ = true;
            if (!fin_queued_) queue_fin();
            break;
        default:
            if (unread || at_once || !count_orphan()) {
                if (state_ != State::time_wait) send_reset(send_next_);
                return abort(Error::connection_aborted);
            }
            counted_orphan_ = true;
            if (state_ == State::fin_wait_2) {
                if (options_.fin_wait_seconds < 0) send_reset(send_next_);
                await_fin();
            }
            break;
    }
}

/// The peer may never close; a program that is gone does not wait for it for ever, as in Linux (tcp_fin_timeout).
void ControlBlock::await_fin() {
    if (options_.fin_wait_seconds < 0) return note_end(End::closed);
    // An answer to a FIN that was lost twice still finds us.
    auto least = Duration::us(rtt_.timeout().nanoseconds / 1000 * 7 / 2);
    keep_at_ = now_ + std::max(Duration::seconds(options_.fin_wait_seconds), least);
    wake_at(keep_at_);
}

u64 ControlBlock::undelivered() const {
    if (state_ == State::closed) return 0;
    bool fin = fin_queued_ && !(fin_sent_ && board_.empty());
    return u64{queue_.size()} + fin;
}

bool ControlBlock::drained() const {
    Guard guard(lock_);
    return undelivered() == 0;
}

u64 ControlBlock::undelivered_of_orphan() const {
    if (stays_here()) return 0;
    Guard guard(lock_);
    return orphan_ ? undelivered() : 0;
}

void ControlBlock::abort_waiting() {
    Session session(*this);
    orphan_ = true;
    if (state_ == State::closed) return;
    stamp(time::now());
    send_reset(send_next_);
    abort(Error::connection_aborted);
}

/// Ends at once, with an error for the program.
void ControlBlock::abort(Error error) {
    if (state_ == State::closed) return;
    fail_with(error);
    note_end(End::closed);
}

void ControlBlock::fail_with(Error error) {
    error_ = error;
    has_error_ = true;
}

void ControlBlock::enter_time_wait() { note_end(End::time_wait); }

void ControlBlock::note_end(End end) {
    state_ = State::closed;
    end_ = end;
    retransmit_at_ = ack_at_ = hold_at_ = keep_at_ = Instant::never();
    retransmit_kind_ = Retransmit::none;
    ack_now_ = ack_due_ = false;
    forget_data();
    publish(Ready::in);
}

/// What would be sent. What was received stays for the program.
void ControlBlock::forget_data() {
    queue_.clear();
    board_.clear();
    open_frame_ = {};
    reassembly_ = {};
    if (handed_over_) {
        u32 finished = handed_over_->finished();
        handed_over_->finish();
        tell_of_handed_over(finished);
    }
}

bool ControlBlock::end_noted() {
    return end_ != End::no && in_table;
}

/// Leaves the table; without the lock, which lies below the table's. The connection is closed: nobody changes it any more.
void ControlBlock::leave() {
    Shared<ControlBlock> owner;
    {
        auto& stripe = table.stripe(hash);
        Guard guard(stripe.lock);
        if (!in_table) return;  // another Session was quicker
        owner = Shared<ControlBlock>::adopt(this);  // the table's
        if (end_ != End::time_wait || !TimeWait::replace(*this, stripe)) table.remove(*this);
    }
    if (counted_orphan_) forget_orphan();
    if (end_ == End::time_wait) TimeWait::start_timer();
    if (!timer_.armed()) return;
    timer_.cancel();
    Guard guard(lock_);
    if (timer_holds_) {  // its callback did not come in between
        timer_holds_ = false;
        timer_at_ = Instant::never();
        (void)Shared<ControlBlock>::adopt(this);  // the timer's; `owner` is still there
    }
}

/// What poll() would say, and a call to the listener for what is new, or came `again`.
void ControlBlock::publish(Ready again) {
    auto ready = what_is_ready();
    auto before = static_cast<Ready>(ready_.load(std::memory_order_relaxed));
    auto fresh = static_cast<Ready>(static_cast<u32>(ready) & (~static_cast<u32>(before) | static_cast<u32>(again)));
    if (ready != before) ready_.store(static_cast<u32>(ready), std::memory_order_release);
    if (any(fresh) && listener_) listener_->changed(fresh);
}

Ready ControlBlock::what_is_ready() const {
    u32 bytes = receive_next_ - (fin_received_ ? 1 : 0) - read_next_;
    bool readable = bytes && (bytes >= options_.receive_low || bytes >= window_limit_ / 2);
    bool plain = state_ == State::established && urgent_ == Urgent::none && !has_error_ && !fin_received_ && !reading_shut_ && !blocked_ && !hand_back_;
    if (plain) [[likely]] return (readable ? Ready::in : Ready::none) | (has_send_room() ? Ready::out : Ready::none);
    Ready ready = has_error_ ? Ready::error | Ready::in : hand_back_ ? Ready::error : Ready::none;
    if (state_ == State::closed) {
        ready |= Ready::in | Ready::out | Ready::hang_up | Ready::read_hang_up;
        return ready;
    }
    if (state_ == State::syn_sent) return syn_deferred_ ? ready | Ready::out : ready;
    if (state_ == State::syn_received && !passive_) return ready;
    bool ended = fin_received_ || reading_shut_;
    if (ended || readable) ready |= Ready::in;
    if (ended) ready |= Ready::read_hang_up;
    if (ended && fin_queued_) ready |= Ready::hang_up;
    if (urgent_ == Urgent::awaited || urgent_ == Urgent::here) ready |= Ready::priority;
    if (fin_queued_ || (blocked_ ? writable() : has_send_room())) ready |= Ready::out;
    return ready;
}

}  // namespace spore::net::tcp
