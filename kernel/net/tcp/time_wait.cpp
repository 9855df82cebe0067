#include "kernel/net/tcp/time_wait.hpp"

#include <algorithm>

#include "kernel/memory/frame.hpp"
#include "kernel/net/tcp/control_block.hpp"
#include "kernel/net/tcp/reply.hpp"
#include "kernel/net/tcp/ticker.hpp"

namespace spore::net::tcp {

namespace flag = wire::tcp;

namespace {
/// Linux's, which programs and tests of theirs know; 2 MSL of RFC 9293 would be four minutes.
constexpr Duration lifetime = Duration::seconds(60);

/// At most this many, a 64th of memory; beyond it the oldest of the same stripe goes.
u32 limit() {
    static constinit std::atomic<u32> known = 0;
    u32 value = known.load(std::memory_order_relaxed);
    if (value) return value;
    value = static_cast<u32>(std::clamp<u64>(memory::memory_use().total / 64 / sizeof(TimeWait), 4096, 262'144));
    known.store(value, std::memory_order_relaxed);
    return value;
}
}  // namespace

struct TimeWaitQueues {
    static void enqueue(Stripe& stripe, TimeWait& item) {
        item.next_ = nullptr;
        item.previous_ = stripe.last_time_wait;
        (item.previous_ ? item.previous_->next_ : stripe.first_time_wait) = &item;
        stripe.last_time_wait = &item;
    }
    static void dequeue(Stripe& stripe, TimeWait& item) {
        (item.previous_ ? item.previous_->next_ : stripe.first_time_wait) = item.next_;
        (item.next_ ? item.next_->previous_ : stripe.last_time_wait) = item.previous_;
    }
    /// For a Ticker.
    static Instant run(Instant now) {
        Instant next = Instant::never();
        for (u32 i = 0; i < Table::stripe_count; ++i) {
            auto& stripe = table.stripe_at(i);
            Guard guard(stripe.lock);
            while (auto* first = stripe.first_time_wait) {
                if (first->due_ > now) {
                    next = std::min(next, first->due_);
                    break;
                }
                drop(stripe, *first);
            }
        }
        // Not for each on its own.
        return next == Instant::never() ? next : std::max(next, now + Duration::ms(500));
    }
    static void drop(Stripe& stripe, TimeWait& item) {
        item.unlink(stripe);
        delete &item;
    }
    static constinit std::atomic<u32> count;
};
constinit std::atomic<u32> TimeWaitQueues::count = 0;

namespace {
constinit Ticker ticker(TimeWaitQueues::run);
}  // namespace

TimeWait::TimeWait(const ControlBlock& block)
    : TableEntry(Kind::time_wait, block.TableEntry::local_endpoint(), block.TableEntry::remote_endpoint()), begun_(block.now_), due_(block.now_ + lifetime),
      send_next_(block.send_next_), receive_next_(block.receive_next_), recent_timestamp_(block.recent_timestamp_),
      timestamp_offset_(block.timestamp_offset_),
      window_(static_cast<u16>(std::min<u32>((block.receive_edge_ - block.receive_next_) >> block.receive_scale_, 0xffff))),
      hop_limit_(block.options_.hop_limit), timestamps_(block.timestamps_) {
    TimeWaitQueues::count.fetch_add(1, std::memory_order_relaxed);
}

TimeWait::~TimeWait() { TimeWaitQueues::count.fetch_sub(1, std::memory_order_relaxed); }

bool TimeWait::replace(ControlBlock& block, Stripe& stripe) {
    if (TimeWaitQueues::count.load(std::memory_order_relaxed) >= limit()) {
        if (!stripe.first_time_wait) return false;
        TimeWaitQueues::drop(stripe, *stripe.first_time_wait);
    }
    auto* item = new (std::nothrow) TimeWait(block);
    if (!item) return false;
    table.replace(block, *item);
    TimeWaitQueues::enqueue(stripe, *item);
    return true;
}

void TimeWait::start_timer() { ticker.start(time::now() + lifetime); }

void TimeWait::unlink(Stripe& stripe) {
    TimeWaitQueues::dequeue(stripe, *this);
    table.remove(*this);
}

bool TimeWait::input(const Segment& segment, Stripe& stripe, Instant now) {
    // A RST must not end this early [RFC 1337 3].
    if (segment.has(flag::rst)) return stripe.lock.unlock(), false;
    if (segment.has(flag::syn) && !segment.has(flag::ack)) {
        // New when its timestamp, or without one its sequence number, is beyond all that the old connection had [RFC 6191 2].
        bool stamped = timestamps_ && segment.options.timestamps;
        bool fresh = stamped ? after(segment.options.timestamp, recent_timestamp_) ||
                                   (segment.options.timestamp == recent_timestamp_ && after(segment.sequence, receive_next_))
                             : after(segment.sequence, receive_next_);
        if (fresh) {
            unlink(stripe);
            stripe.lock.unlock();
            delete this;
            return true;
        }
    } else if (segment.length() == 0 && !segment.has(flag::syn)) {
        return stripe.lock.unlock(), false;  // the last acknowledgement's double
    }
    if (segment.has(flag::fin)) {  // the peer did not get our acknowledgement: another minute
        due_ = now + lifetime;
        TimeWaitQueues::dequeue(stripe, *this);
        TimeWaitQueues::enqueue(stripe, *this);
    }
    flag::Options options;
    options.timestamps = timestamps_;
    options.timestamp = static_cast<u32>(now.nanoseconds / 1'000'000) + timestamp_offset_;
    options.echo = recent_timestamp_;
    Reply reply{.local = local_endpoint(), .remote = remote_endpoint(), .sequence = send_next_, .acknowledgement = receive_next_, .flags = flag::ack,
                .window = window_, .hop_limit = hop_limit_, .options = &options};
    stripe.lock.unlock();
    send_reply(reply);
    return false;
}

bool TimeWait::give_up_for_new(Stripe& stripe, u32& iss) {
    // Timestamps keep the two apart once their clock has moved on [RFC 6191 3]; Linux's tcp_tw_reuse waits a second, too.
    if (!timestamps_ || time::now() - begun_ < Duration::seconds(1)) return false;
    iss = send_next_ + 65'537;  // beyond all windows of the old connection
    TimeWaitQueues::drop(stripe, *this);
    return true;
}

}  // namespace spore::net::tcp
