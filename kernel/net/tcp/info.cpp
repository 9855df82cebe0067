// What programs and tools can learn of connections, and what programs choose for theirs.
#include "kernel/net/tcp/control_block.hpp"
#include "kernel/net/tcp/listener_table.hpp"
#include "kernel/net/tcp/request.hpp"
#include "kernel/net/tcp/time_wait.hpp"

namespace spore::net::tcp {

Info ControlBlock::info() const {
    Guard guard(lock_);
    u32 now = static_cast<u32>(time::now().nanoseconds / 1'000'000);
    bool open = state_ != State::closed;
    u32 mss = std::max<u32>(mss_, 1);
    auto since = [&](u32 then) { return then ? now - then : 0; };
    return {
        .state = state_, .retransmits = retries_, .backoff = rtt_.backoff(), .send_scale = send_scale_, .receive_scale = receive_scale_,
        .timestamps = timestamps_, .sack = sack_, .ecn = ecn_,
        .rto_us = static_cast<u32>(rtt_.timeout().nanoseconds / 1000), .ato_us = 40'000, .send_mss = mss_, .receive_mss = receive_segment_,
        .unacked = open ? (send_next_ - send_unacknowledged_ + mss - 1) / mss : 0, .sacked = board_.sacked() / mss, .lost = board_.lost() / mss,
        .path_mtu = path_.mtu(), .receive_threshold = window_limit_, .rtt_us = rtt_.smoothed_us(), .rtt_variance_us = rtt_.variation_us(),
        .slow_start_threshold = congestion_.threshold() / mss, .congestion_window = congestion_.window() / mss, .reordering = rack_.reordering_seen() ? 4u : 3u,
        .receive_space = window_limit_, .total_retransmits = retransmissions_, .min_rtt_us = rack_.min_rtt_us(), .send_window = send_window_,
        .receive_window = receive_edge_ - receive_next_,
        .last_data_sent_ms = since(last_sent_ms_), .last_data_received_ms = since(last_received_ms_), .last_ack_received_ms = since(last_ack_ms_),
        .segments_out = segments_out_, .segments_in = segments_in_,
        .bytes_acked = bytes_acknowledged_, .bytes_received = bytes_received_, .bytes_sent = bytes_sent_, .bytes_retransmitted = bytes_retransmitted_,
        .not_sent_bytes = open ? unsent() : 0, .send_queue = queue_.size(), .receive_queue = readable(),
    };
}

Options ControlBlock::options() const {
    Guard guard(lock_);
    auto result = options_;
    result.quick_ack = !interactive_;
    return result;
}

void ControlBlock::set_options(const Options& options) {
    auto former = options;  // whose filter goes without the lock
    Session session(*this);
    bool keep_alive_changed = options.keep_alive != options_.keep_alive || options.keep_alive_idle != options_.keep_alive_idle ||
                              options.keep_alive_interval != options_.keep_alive_interval;
    bool other_congestion = options.congestion != options_.congestion, other_segment = options.max_segment != options_.max_segment;
    std::swap(options_, former);
    filtered_ = static_cast<bool>(options_.filter);
    options_.quick_ack = false;  // a wish for now, not a state
    stamp(time::now());
    if (other_congestion) congestion_.select(options_.congestion);
    if (options_.receive_buffer) window_limit_ = std::max(options_.receive_buffer / 2, 2 * default_mss_v6);
    if (state_ == State::closed) return;
    if (mss_ && other_segment) update_mss();
    if (keep_alive_changed) start_keep_alive();
    if (options.quick_ack && interactive_) acknowledge_quickly();  // not where another option was changed and this one only kept
    output();
    publish(Ready::none);
}

Summary ControlBlock::summary() const {
    Guard guard(lock_);
    return {.local = local(), .remote = remote(), .state = state_, .send_queue = queue_.size(), .receive_queue = readable(), .retransmits = retries_,
            .inode = owner_inode_, .user = owner_user_};
}

namespace {

/// Summaries that were taken under a lock, to be shown without it.
struct Batchful {
    static constexpr u32 most = 16;
    Summary list[most];
    u32 count = 0;
    u32 seen = 0;     ///< entries that were met in this walk
    u32 shown = 0;    ///< of those, in earlier walks

    bool wants() { return seen++ >= shown && count < most; }
    bool show(SummaryVisitor visitor, void* context) {
        for (u32 i = 0; i < count; ++i) visitor(context, list[i]);
        shown += count;
        bool more = count == most;
        count = seen = 0;
        return more;
    }
};

Summary summary_of(const TableEntry& entry) {
    if (entry.kind == TableEntry::Kind::connection) return static_cast<const ControlBlock&>(entry).summary();
    return {.local = entry.local_endpoint(), .remote = entry.remote_endpoint(),
            .state = entry.kind == TableEntry::Kind::request ? State::syn_received : State::time_wait,
            .send_queue = 0, .receive_queue = 0, .retransmits = 0, .inode = 0, .user = 0};
}

}  // namespace

void for_each(SummaryVisitor visitor, void* context) {
    for (auto& bucket : listeners.buckets) {
        Batchful batch;
        do {
            Guard guard(bucket.lock);
            for (auto* one = bucket.first; one; one = one->next_of_port)
                if (batch.wants()) batch.list[batch.count++] = one->summary();
        } while (batch.show(visitor, context));
    }
    for (u32 stripe = 0; stripe < Table::stripe_count; ++stripe) {
        Batchful batch;
        do {
            table.for_each(stripe, [&](TableEntry& entry) {
                if (batch.wants()) batch.list[batch.count++] = summary_of(entry);
            });
        } while (batch.show(visitor, context));
    }
}

}  // namespace spore::net::tcp
