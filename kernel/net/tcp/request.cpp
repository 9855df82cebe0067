#include "kernel/net/tcp/request.hpp"

#include "kernel/net/tcp/fast_open.hpp"
#include "kernel/net/tcp/reply.hpp"
#include "kernel/net/tcp/ticker.hpp"

namespace spore::net::tcp {

namespace flag = wire::tcp;

namespace {
/// A SYN that comes again is answered again, but not more often than this.
constexpr Duration answer_interval = Duration::ms(200);
constexpr Duration tick = Duration::ms(250);
}  // namespace

void send_syn_ack(const SynAck& what, Instant now) {
    auto path = Path::find(what.remote.address, {.source = what.local.address, .interface = what.remote.scope});
    if (!path) return count_drop(Drop::no_route);
    bool v4 = what.remote.address.is_v4();
    u32 mss = path->mtu() > headers_size(v4) + min_mss ? path->mtu() - headers_size(v4) : min_mss;
    if (what.max_segment) mss = std::max(std::min<u32>(mss, what.max_segment), min_mss);
    u32 timestamp = what.exact_timestamp ? what.timestamp : static_cast<u32>(now.nanoseconds / 1'000'000) + what.handshake.timestamp_offset;
    auto options = syn_options(mss, what.handshake.receive_scale, timestamp, what.handshake.recent_timestamp, &what.handshake);
    if (what.give_fast_open_cookie) give_cookie(what.local.address, what.remote.address, options);
    send_reply({.path = &*path, .local = what.local, .remote = what.remote, .sequence = what.handshake.iss, .acknowledgement = what.handshake.irs + 1,
                .flags = static_cast<u8>(flag::syn | flag::ack | (what.handshake.ecn ? flag::ece : 0)),
                .window = static_cast<u16>(what.handshake.receive_window), .hop_limit = what.hop_limit, .options = &options});
}

/// Sends SYN-ACKs again, with twice the patience each time [RFC 6298 5.5], and gives up after the fifth.
struct RequestQueues {
    static void expire(Stripe& stripe, Instant now) {
        for (u8 level = 0; level < Stripe::request_levels; ++level) {
            while (auto* request = stripe.first_request[level]) {
                if (request->due_ > now) break;
                if (level + 1u == Stripe::request_levels || request->listener_->closed()) {
                    request->unlink(stripe);
                    delete request;
                    continue;
                }
                request->dequeue(stripe);
                request->enqueue(stripe, level + 1, now + Duration::seconds(i64{1} << (level + 1)));
                send_syn_ack(request->answer(), now);
            }
        }
    }
    /// For a Ticker: when to come again.
    static Instant run(Instant now) {
        for (u32 i = 0; i < Table::stripe_count; ++i) {
            auto& stripe = table.stripe_at(i);
            Guard guard(stripe.lock);
            expire(stripe, now);
        }
        return count.load(std::memory_order_relaxed) ? now + tick : Instant::never();
    }
    static constinit std::atomic<u32> count;
};
constinit std::atomic<u32> RequestQueues::count = 0;

namespace {
constinit Ticker ticker(RequestQueues::run);
}  // namespace

Request::Request(const SynAck& answer, Shared<PortListener> listener, Instant now)
    : TableEntry(Kind::request, answer.local, answer.remote), handshake_(answer.handshake), listener_(std::move(listener)), begun_(now), answered_(now),
      max_segment_(answer.max_segment), hop_limit_(answer.hop_limit) {
    listener_->requests.fetch_add(1, std::memory_order_relaxed);
    RequestQueues::count.fetch_add(1, std::memory_order_relaxed);
}

Request::~Request() {
    listener_->requests.fetch_sub(1, std::memory_order_relaxed);
    RequestQueues::count.fetch_sub(1, std::memory_order_relaxed);
}

SynAck Request::answer() const {
    return {.local = local_endpoint(), .remote = remote_endpoint(), .handshake = handshake_, .hop_limit = hop_limit_, .max_segment = max_segment_};
}

void Request::enqueue(Stripe& stripe, u8 level, Instant due) {
    level_ = level;
    due_ = due;
    next_ = nullptr;
    previous_ = stripe.last_request[level];
    (previous_ ? previous_->next_ : stripe.first_request[level]) = this;
    stripe.last_request[level] = this;
}

void Request::dequeue(Stripe& stripe) {
    (previous_ ? previous_->next_ : stripe.first_request[level_]) = next_;
    (next_ ? next_->previous_ : stripe.last_request[level_]) = previous_;
}

void Request::unlink(Stripe& stripe) {
    dequeue(stripe);
    table.remove(*this);
}

void Request::begin(const SynAck& answer, Shared<PortListener> listener, u32 hash, Instant now) {
    auto* request = new (std::nothrow) Request(answer, std::move(listener), now);
    if (!request) return count_drop(Drop::no_memory);
    {
        auto& stripe = table.stripe(hash);
        Guard guard(stripe.lock);
        if (table.find(hash, answer.local.address, answer.local.port, answer.remote.address, answer.remote.port)) {
            delete request;  // the SYN's double was quicker
            return;
        }
        table.insert(*request, hash);
        request->enqueue(stripe, 0, now + Duration::seconds(1));
    }
    table.grow_if_needed(hash);
    ticker.start(now + tick);
    send_syn_ack(answer, now);
}

Shared<ControlBlock> Request::input(const Segment& segment, Stripe& stripe, Instant now) {
    auto leave = [&] { stripe.lock.unlock(); };
    if (segment.has(flag::rst)) {  // exactly the next one [RFC 5961 3.2]
        bool ours = segment.sequence == handshake_.irs + 1;
        if (ours) unlink(stripe);
        leave();
        if (ours) delete this;
        return {};
    }
    if (listener_->closed()) {
        unlink(stripe);
        leave();
        send_reset_for(segment, local_endpoint(), remote_endpoint());
        delete this;
        return {};
    }
    bool again = segment.has(flag::syn);
    bool old = handshake_.timestamps && segment.options.timestamps && before(segment.options.timestamp, handshake_.recent_timestamp);  // PAWS
    bool outside = !again && (before(segment.sequence, handshake_.irs + 1) || after(segment.sequence, handshake_.irs + 1 + handshake_.receive_window));
    if (again || old || outside) {
        auto what = answer();
        bool send = now - answered_ >= answer_interval;
        if (send) answered_ = now;
        leave();
        if (send) send_syn_ack(what, now);
        return {};
    }
    if (!segment.has(flag::ack)) return leave(), nullptr;
    if (segment.acknowledgement != handshake_.iss + 1) {
        auto here = local_endpoint(), there = remote_endpoint();
        leave();
        send_reset_for(segment, here, there);
        return {};
    }
    // TCP_DEFER_ACCEPT: the program is told when there is data, or after a while.
    if (segment.length() == 0 && listener_->defer() > Duration{} && now - begun_ < listener_->defer()) return leave(), nullptr;
    if (!listener_->has_room()) {
        count_drop(Drop::backlog_full);  // the request stays; the SYN-ACK that goes out again brings the acknowledgement back
        return leave(), nullptr;
    }
    if (level_ == 0) handshake_.rtt_us = static_cast<u32>(std::min<i64>((now - begun_).nanoseconds / 1000 + 1, 10'000'000));
    else if (handshake_.timestamps && segment.options.echo)  // which answer it was, the echo tells [RFC 7323 4.1]
        handshake_.rtt_us = std::min((static_cast<u32>(now.nanoseconds / 1'000'000) + handshake_.timestamp_offset - segment.options.echo) * 1000 + 1, 10'000'000u);
    if (segment.options.timestamps) handshake_.recent_timestamp = segment.options.timestamp;
    auto connection = listener_->make_connection(handshake_, local_endpoint(), remote_endpoint(), u32{segment.window} << handshake_.send_scale);
    if (!connection) {
        count_drop(Drop::no_memory);
        return leave(), nullptr;
    }
    dequeue(stripe);
    connection->retain();  // the table's
    table.replace(*this, *connection);
    leave();
    listener_->push(connection);
    delete this;
    return connection;
}

}  // namespace spore::net::tcp
