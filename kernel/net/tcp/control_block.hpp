// The state of one connection, the transmission control block of RFC 9293 3.3.1, and everything that is done with it. Each concept has its source file; they share
// this state, because TCP's parts depend on one another. Variables are named as there: send_next_ is SND.NXT.
//
// One spin lock guards it all. Owners by count: the table while the connection is in it, the program's socket, the armed timer, a CPU's batch. What must happen
// without the lock (leaving the table) is noted and done by the Session that held it.
#pragma once

#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/ip/path.hpp"
#include "kernel/net/tcp/congestion/congestion.hpp"
#include "kernel/net/tcp/connection.hpp"
#include "kernel/net/tcp/handshake.hpp"
#include "kernel/net/tcp/memory.hpp"
#include "kernel/net/tcp/rack.hpp"
#include "kernel/net/tcp/reassembly.hpp"
#include "kernel/net/tcp/rtt.hpp"
#include "kernel/net/tcp/scoreboard.hpp"
#include "kernel/net/tcp/send_queue.hpp"
#include "kernel/net/tcp/table.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net::tcp {

class Batch;

/// How long an acknowledgement may wait for data to ride on [RFC 9293 3.8.6.3: below half a second; Linux's minimum]; and until the program has answered
/// for the first time: it may not be able to before the peer, which waits for this, has sent the rest.
inline constexpr Duration delayed_ack = Duration::ms(40), first_delayed_ack = Duration::ms(4);

class ControlBlock final : public Connection, public TableEntry {
public:
    /// A connection that is about to begin, closed yet.
    static Result<Shared<ControlBlock>> create(const Endpoint& local, const Endpoint& remote, const Options& options, Path path);
    ~ControlBlock();

    /// Holds the lock, and does at its end what is left to do without it.
    class Session {
    public:
        explicit Session(ControlBlock& block) : block_(block) { block.lock_.lock(); }
        Session(const Session&) = delete;
        ~Session() {
            bool ended = block_.end_noted();
            block_.lock_.unlock();
            if (ended) [[unlikely]] block_.leave();
        }

    private:
        ControlBlock& block_;
    };

    // ---- connect.cpp, handshake.cpp ----
    Result<void> begin(Owned<Binding> binding, EndpointListener* listener, u32 iss);
    /// Becomes what a finished handshake says (state SYN-RECEIVED), for a listener. Before anybody else knows it.
    void accept_handshake(const Handshake& handshake, u32 peer_window);
    /// A SYN that came with a Fast Open cookie and data.
    void accept_fast_open(const Handshake& handshake, Segment& syn, Owned<device::Packet> packet);

    // ---- input.cpp ----
    /// A segment for this connection; the packet's head is at the payload. What is to be answered is noted for finish_batch().
    void input(Segment& segment, Owned<device::Packet> packet, Instant now);
    void finish_batch();
    void path_error(const PathError& error, u32 sequence);
    /// Whether the peer has yet to acknowledge what has this sequence number.
    bool is_on_the_way(u32 sequence) const;

    // ---- Connection ----
    void set_listener(EndpointListener* listener) override;
    void set_owner(u64 inode, u32 user) override;
    Result<void> take_error() override;
    State state() const override;
    Endpoint local() const override { return TableEntry::local_endpoint(); }
    Endpoint remote() const override { return TableEntry::remote_endpoint(); }
    Result<u64> send(ByteSource& from, u64 size, SendFlags flags) override;
    Result<u64> send_slices(std::span<const device::Slice> slices, SendFlags flags) override;
    Result<u32> begin_hand_over() override;
    void end_hand_over(u32 number, u64 sent, Pages pages) override;
    std::optional<FinishedSends> take_finished_sends() override;
    bool stays_here() const override;
    Result<u64> receive(ByteSink& into, u64 size, ReceiveFlags flags) override;
    u64 receivable() const override;
    u64 unacknowledged() const override;
    u64 not_sent() const override;
    bool at_urgent_mark() const override;
    Result<void> shut_writing() override;
    void shut_reading() override;
    void close() override;
    bool drained() const override;
    Options options() const override;
    void set_options(const Options& options) override;
    Info info() const override;
    /// For for_each().
    Summary summary() const;
    /// Bytes, and a FIN, that the peer has yet to acknowledge; 0 while there is a program, or when the peer is on this machine.
    u64 undelivered_of_orphan() const;

    /// With RST, from a listener that closes with the connection still waiting.
    void abort_waiting();

    ControlBlock* batch_next = nullptr;     ///< in a CPU's batch, or among those that wait for their end
    ControlBlock* accept_next = nullptr;    ///< in a listener's queue
    std::atomic<Batch*> batch = nullptr;    ///< whose it is in

private:
    friend class TimeWait;
    friend struct Reaper;
    ControlBlock(const Endpoint& local, const Endpoint& remote, const Options& options, Path path);

    /// What the retransmission deadline is for; there is one at a time.
    enum class Retransmit : u8 { none, timeout, tail_loss, reordering, probe };
    /// Where loss recovery stands [RFC 5681 3.2, RFC 6582, RFC 3168 6.1.2].
    enum class Recovery : u8 { open, fast, loss, reduced };
    enum class End : u8 { no, closed, time_wait };
    enum class Urgent : u8 { none, awaited, here, taken };

    // ---- input.cpp, synchronized.cpp, handshake.cpp ----
    bool predicted(const Segment& segment) const;
    bool from_too_far(u8 hop_limit) const { return hop_limit < (v4_ ? options_.least_hops_v4 : options_.least_hops_v6); }
    void input_predicted(Segment& segment, Owned<device::Packet> packet);
    void input_syn_sent(Segment& segment, Owned<device::Packet> packet);
    void input_synchronized(Segment& segment, Owned<device::Packet> packet);
    bool acceptable(Segment& segment, device::Packet& packet);
    bool passes_timestamps(const Segment& segment);
    bool passes_syn_received(const Segment& segment);
    void acknowledged_fin();
    void input_fin();
    void note_timestamp(const Segment& segment);
    void challenge();
    void agree(const Handshake& handshake);
    void measure_handshake(const Segment& segment);
    void establish();
    void send_syn();
    void update_mss();
    void stamp(Instant now) { now_ = now; }
    u32 now_us() const { return static_cast<u32>(now_.nanoseconds / 1000); }
    u32 now_ms() const { return static_cast<u32>(now_.nanoseconds / 1'000'000); }
    u32 timestamp() const { return now_ms() + timestamp_offset_; }

    // ---- receive.cpp, window.cpp, urgent.cpp ----
    void take_data(Segment& segment, Owned<device::Packet> packet);
    void take_in_order(Owned<device::Packet> packet);
    void take_out_of_order(Owned<device::Packet> packet);
    void continue_with_reassembled();
    bool make_room(u32 cost);
    void count_ack_due(const Segment& segment);
    void acknowledge_quickly();
    Duration ack_delay() const { return answered_ ? delayed_ack : first_delayed_ack; }
    u32 window_to_offer();
    u16 window_field();
    void tune_receive_window(u32 taken);
    void window_may_open();
    void input_urgent(const Segment& segment);
    u32 readable() const;
    Result<u64> receive_urgent(ByteSink& into, ReceiveFlags flags);
    bool in_others_hands();
    Result<u64> end_of_stream();
    Result<u64> copy_to(ByteSink& into, u32 size, ReceiveFlags flags);

    // ---- send.cpp ----
    Result<void> can_send() const;
    u32 send_limit() const;
    u32 send_room() const;
    bool has_send_room() const;
    bool writable() const;
    Result<void> append_slice(device::Slice slice);
    void queued(SendFlags flags, bool last);

    // ---- handed_over.cpp ----
    void tell_of_handed_over(u32 before);

    // ---- output.cpp, transmit.cpp ----
    void output();
    void send_new();
    void hold();
    bool corked() const;
    u32 next_piece(u32 left, u32 room) const;
    bool small_may_go() const;
    bool transmit(u32 sequence, u32 size, u8 flags, u32& sent);
    Result<void> finish_segment(Owned<device::Packet> packet, u32 sequence, u8 flags, u32 payload);
    void send_ack();
    void send_reset(u32 sequence);
    u32 in_flight() const { return send_next_ - send_unacknowledged_ - board_.sacked() - board_.lost(); }
    /// The sequence number of the send queue's first byte.
    u32 queue_begin() const;
    u32 unsent() const { return fin_sent_ ? 0 : queue_.size() - (send_next_ - queue_begin()); }
    bool synchronized() const { return state_ >= State::established && state_ <= State::last_ack; }

    // ---- acknowledge.cpp, recovery.cpp, retransmit.cpp ----
    bool plausible_acknowledgement(const Segment& segment) const;
    void acknowledge(Segment& segment);
    void take_sacks(const Segment& segment, Delivery& delivery);
    void count_duplicate(const Segment& segment, Delivery& delivery);
    void recover(const Segment& segment, const Delivery& delivery);
    void enter_recovery();
    void enter_reduced();
    void leave_recovery();
    void reduce_proportionally(const Delivery& delivery);
    bool was_spurious(const Segment& segment);
    void undo_reduction();
    void detect_losses();
    void retransmit_lost();
    u32 retransmit(SentRecord& record);
    void set_retransmit_deadline();
    void retransmit_after(Duration span, Retransmit kind);
    Duration stalled() const { return Duration::ms(now_ms() - stalled_since_ms_); }
    bool user_timeout_over() const;
    void retransmit_due();
    void tail_loss_due();
    void timeout_due();
    void syn_due();
    void probe_due();
    void send_probe();
    bool given_up();

    // ---- timers.cpp ----
    static void timer_fired(time::Timer& timer);
    void run_deadlines();
    void wake_at(Instant deadline);
    void keep_alive_due();
    void start_keep_alive();

    // ---- close.cpp ----
    u64 undelivered() const;
    void queue_fin();
    void await_fin();
    void fail_with(Error error);
    void abort(Error error);
    void enter_time_wait();
    void note_end(End end);
    bool end_noted();
    void leave();
    void forget_data();
    void publish(Ready again);
    Ready what_is_ready() const;

    mutable sync::Spin lock_;
    State state_ = State::closed;
    Retransmit retransmit_kind_ = Retransmit::none;
    Recovery recovery_ = Recovery::open;
    End end_ = End::no;
    Urgent urgent_ = Urgent::none;
    u8 urgent_byte_ = 0;
    u8 retries_ = 0;             ///< of the SYN, a retransmission or a probe, without an answer
    u8 keep_alive_probes_ = 0;
    u8 send_scale_ = 0, receive_scale_ = 0;
    u8 duplicate_acks_ = 0;
    // What was agreed on
    bool v4_ : 1;
    bool filtered_ : 1;          ///< options_.filter
    bool timestamps_ : 1 = false;
    bool scaling_ : 1 = false;
    bool sack_ : 1 = false;
    bool ecn_ : 1 = false;
    bool passive_ : 1 = false;   ///< our SYN answers one
    // Sending
    bool fin_queued_ : 1 = false;
    bool fin_sent_ : 1 = false;
    bool more_ : 1 = false;      ///< MSG_MORE: the next call continues
    bool hold_over_ : 1 = false; ///< corked data has waited long enough
    bool blocked_ : 1 = false;   ///< the program waits for room
    bool hand_back_ : 1 = false; ///< sends have finished whose pages the program waits for
    bool syn_deferred_ : 1 = false;  ///< it goes with the first data [RFC 7413]
    bool window_limited_ : 1 = false;  ///< the congestion window held us back
    bool tail_loss_sent_ : 1 = false;
    bool tail_loss_repeats_ : 1 = false;
    bool undo_possible_ : 1 = false;
    bool send_urgent_ : 1 = false;
    bool echo_congestion_ : 1 = false, tell_reduced_ : 1 = false;  ///< ECE and CWR to be sent
    bool probed_mtu_ : 1 = false;
    // Receiving
    bool fin_received_ : 1 = false;
    bool reading_shut_ : 1 = false;
    bool ack_now_ : 1 = false;
    bool ack_due_ : 1 = false;   ///< something new was not acknowledged yet
    bool interactive_ : 1 = true;  ///< the program answers what it gets: acknowledgements ride on that
    bool answered_ : 1 = false;  ///< it has done so: until then, interactive_ is a guess
    bool duplicate_ : 1 = false; ///< duplicate_block_ is to be reported
    bool being_read_ : 1 = false;  ///< reading_ is somebody's, who copies without the lock
    bool others_read_ : 1 = false; ///< somebody else came meanwhile
    // Ownership
    bool orphan_ : 1 = false;    ///< the program has gone
    bool counted_orphan_ : 1 = false;
    bool timer_holds_ : 1 = false;
    bool arrived_ : 1 = false;   ///< since the last publish()

    u16 peer_mss_ = 0;
    u16 receive_mss_ = 0;        ///< what we tell the peer
    u16 mss_ = 0;                ///< payload of a full segment, options taken off
    u16 receive_segment_ = 0;    ///< payload of the largest segment that came
    u16 address_sum_ = 0;        ///< pseudo-header's sum without the size
    u16 path_mtu_ = 0;

    // [RFC 9293 3.3.1]
    u32 send_unacknowledged_ = 0, send_next_ = 0, send_window_ = 0, window_sequence_ = 0, window_acknowledgement_ = 0, iss_ = 0;
    u32 receive_next_ = 0, receive_edge_ = 0, irs_ = 0;  ///< the edge is RCV.NXT + RCV.WND as offered
    u32 max_window_ = 0;         ///< the largest that the peer offered
    u32 small_end_ = 0;          ///< of the last segment that was not full [Minshall]
    u32 send_urgent_end_ = 0, urgent_sequence_ = 0;
    u32 read_next_ = 0;          ///< the next byte for the program
    u32 last_ack_sent_ = 0;
    // [RFC 7323]
    u32 timestamp_offset_ = 0, recent_timestamp_ = 0, recent_timestamp_ms_ = 0;
    // Receive window
    u32 window_limit_ = initial_receive_window;
    u32 tune_begin_us_ = 0, tune_bytes_ = 0, tune_space_ = 0, receive_rtt_us_ = 0;
    wire::tcp::SackBlock duplicate_block_{};
    // Recovery
    u32 recovery_end_ = 0;       ///< RecoveryPoint [RFC 6675 2]
    u32 prior_window_ = 0, prior_threshold_ = 0;
    u32 recovery_flight_ = 0, recovery_delivered_ = 0, recovery_sent_ = 0;  ///< [RFC 6937]
    u32 first_retransmission_ = 0;  ///< its timestamp, or time [RFC 3522]
    u32 undo_left_ = 0;          ///< retransmissions that were not reported as duplicates
    u32 tail_loss_end_ = 0;
    u32 syn_sent_us_ = 0;
    u32 last_sent_ms_ = 0, last_received_ms_ = 0, last_ack_ms_ = 0, stalled_since_ms_ = 0, last_challenge_ms_ = 0;
    // Counters
    u32 segments_in_ = 0, segments_out_ = 0, retransmissions_ = 0;
    u32 owner_user_ = 0;
    u64 bytes_sent_ = 0, bytes_retransmitted_ = 0;
    u64 bytes_acknowledged_ = 0, bytes_received_ = 0;
    u64 owner_inode_ = 0;

    Instant now_{};
    // Deadlines; never: none. The timer may be armed for earlier.
    Instant retransmit_at_ = Instant::never(), ack_at_ = Instant::never(), hold_at_ = Instant::never(), keep_at_ = Instant::never();
    Instant timer_at_ = Instant::never();
    struct OwnedTimer final : time::Timer {
        explicit OwnedTimer(ControlBlock& block) : Timer(timer_fired), owner(block) {}
        ControlBlock& owner;
    };
    OwnedTimer timer_{*this};

    RoundTrip rtt_;
    Congestion congestion_;
    Rack rack_;
    Scoreboard board_;
    SendQueue queue_;
    Charge charge_;
    memory::FrameRef open_frame_;   ///< has room behind what was written last
    u32 open_fill_ = 0;
    device::PacketList received_;   ///< in order
    device::PacketList reading_;    ///< touched without the lock by the one receive() that has set being_read_
    Owned<Reassembly> reassembly_;
    Owned<HandedOver> handed_over_;  ///< null until the program lends pages
    Path path_;
    Owned<Binding> binding_;
    EndpointListener* listener_ = nullptr;
    Error error_{};
    bool has_error_ = false;
    Options options_;
};

}  // namespace spore::net::tcp
