// The receive window: how much the peer may send [RFC 9293 3.8.6], and how it grows with what the program really takes.
#include "kernel/net/tcp/control_block.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net::tcp {

namespace {
constexpr u32 max_automatic_window = 6 << 20;
}  // namespace

/// The window for the next segment. It is never taken back, and opens in steps that are worth a segment [RFC 9293 3.8.6.2.2].
u32 ControlBlock::window_to_offer() {
    u32 offered = receive_edge_ - receive_next_;
    u32 unread = receive_next_ - read_next_;
    u32 room = window_limit_ > unread ? window_limit_ - unread : 0;
    if (pressure() != Pressure::none) [[unlikely]] room = std::min(room, pressure() == Pressure::full ? 0u : u32{4} * receive_mss_);
    // Small packets take more memory than their bytes: as that fills, the window closes.
    u64 memory = u64{window_limit_} * 4 + 65'536;
    if (u64{charge_.used()} + room > memory) [[unlikely]] room = memory > charge_.used() ? static_cast<u32>(memory - charge_.used()) : 0;
    if (room <= offered) return offered;
    u32 step = std::min<u32>(receive_mss_, window_limit_ / 2);
    return room - offered >= step || offered >= receive_mss_ ? room : offered;
}

u16 ControlBlock::window_field() {
    u32 window = window_to_offer(), unit = u32{1} << receive_scale_;
    u32 offered = receive_edge_ - receive_next_;
    // Rounded down, unless that would take something back [RFC 7323 2.4].
    u32 field = std::min<u32>(window >> receive_scale_, 0xffff);
    if (field << receive_scale_ < offered) field = std::min<u32>((offered + unit - 1) >> receive_scale_, 0xffff);
    u32 edge = receive_next_ + (field << receive_scale_);
    if (after(edge, receive_edge_)) receive_edge_ = edge;
    return static_cast<u16>(field);
}

/// Dynamic right-sizing [Fisk, Feng 2001]: the window should hold twice what the program takes in a round trip.
void ControlBlock::tune_receive_window(u32 taken) {
    if (options_.receive_buffer) return;
    tune_bytes_ += taken;
    if (tune_bytes_ < window_limit_ / 2) return;  // far from being the limit
    u32 now = static_cast<u32>(time::now().nanoseconds / 1000);
    u32 rtt = std::max(rtt_.smoothed_us(), u32{1000});
    u32 span = now - tune_begin_us_;
    if (span < rtt) return;
    tune_begin_us_ = now;
    // Bytes in one round trip; a long pause counts as one, too.
    u64 in_round = u64{tune_bytes_} * rtt / span;
    tune_bytes_ = 0;
    if (in_round * 2 <= window_limit_ || pressure() != Pressure::none) return;
    u64 most = std::min<u64>(max_automatic_window, u64{0xffff} << receive_scale_);
    window_limit_ = static_cast<u32>(std::min(std::max<u64>(in_round * 2, u64{window_limit_} * 2), most));
}

/// The program has read: tells the peer when the window has opened by a good part, or again at all.
void ControlBlock::window_may_open() {
    if (!synchronized() || fin_received_) return;
    u32 offered = receive_edge_ - receive_next_;
    if (offered >= window_limit_ / 2) return;
    u32 opened = window_to_offer() - offered;
    if (opened < std::min<u32>(2 * u32{receive_mss_}, window_limit_ / 2)) return;
    if (opened < window_limit_ / 4 && offered >= 2 * u32{receive_mss_}) return;
    stamp(time::now());
    send_ack();
}

}  // namespace spore::net::tcp
