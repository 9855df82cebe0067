// A TCP conversation between the real stack and a peer whose segments the test writes: at a time inject this one, expect that one. The clock is the
// test's; what the stack sends carries the time at which it left.
//
//   TcpScript s;
//   s.listen();
//   s.inject(syn().seq(0).win(1000).mss(1460));
//   s.expect(syn_ack().seq(0).ack(1).mss(1460));
//   s.at(10_ms).inject(ack().seq(1).ack(1).win(1000));
//   s.accept();
//   s.write(100);
//   s.expect(psh().seq(1).ack(1).data(100));
//   s.expect_nothing();
//   s.at(220_ms).expect(psh().seq(1).ack(1).data(100));     // again: it left at that time, a millisecond more or less
//
// Fields that a test does not name are not compared, but for flags, size and SACK blocks. Payloads and checksums always are.
// At the end both sides are closed, twenty minutes pass, and nothing may be left in the stack's tables.
#pragma once

#include <deque>
#include <source_location>

#include "kernel/net/tcp/connection.hpp"
#include "tests/fakes/net/stack.hpp"
#include "tests/fakes/net/tcp_segment.hpp"

namespace spore::fakes {

constexpr Duration operator""_us(unsigned long long count) { return Duration::us(static_cast<i64>(count)); }
constexpr Duration operator""_ms(unsigned long long count) { return Duration::ms(static_cast<i64>(count)); }
constexpr Duration operator""_s(unsigned long long count) { return Duration::seconds(static_cast<i64>(count)); }

/// How a connection begins, for open().
struct Opening {
    bool active = false;        ///< the stack connects
    u16 win = 65535;            ///< of the peer's segments
    std::optional<u16> mss = 1460;
    std::optional<u8> scale;    ///< the peer's; also: it knows the option
    bool sack = false, timestamps = false, ecn = false;
    Duration rtt = Duration::ms(10);
    net::tcp::Options options;
};

/// The stream as a program writes it.
class StreamSource final : public net::ByteSource {
public:
    explicit StreamSource(u64 offset, Side side = Side::stack) : offset_(offset), side_(side) {}
    Result<void> take(MutableByteSpan into) override {
        for (auto& byte : into) byte = std::byte{stream_byte(side_, offset_++)};
        return {};
    }

private:
    u64 offset_;
    Side side_;
};
/// Checks what a program reads.
class StreamSink final : public net::ByteSink {
public:
    explicit StreamSink(u64 offset, Side side = Side::peer) : offset_(offset), side_(side) {}
    bool right = true;
    Result<void> put(ByteSpan bytes) override {
        for (auto byte : bytes) right = right && byte == std::byte{stream_byte(side_, offset_++)};
        return {};
    }

private:
    u64 offset_;
    Side side_;
};

class TcpScript {
public:
    struct Setup {
        bool v4 = true;
        u32 peer_isn = 0xffff'ff00;  ///< numbers wrap soon
        NetDevice::Options device;
    };
    TcpScript() : TcpScript(Setup{}) {}
    explicit TcpScript(const Setup& setup);
    ~TcpScript();

    Stack stack;
    Shared<net::tcp::Listener> listener;
    Shared<net::tcp::Connection> connection;
    using Where = std::source_location;

    // ---- the program ----
    void listen(const net::tcp::Options& options = {}, u32 backlog = 16, Where where = Where::current());
    void connect(const net::tcp::Options& options = {}, Where where = Where::current());
    /// Takes the one connection that waits.
    void accept(Where where = Where::current());
    /// The stream's next bytes, all of which must be taken.
    void write(u32 size, net::tcp::SendFlags flags = net::tcp::SendFlags::none, Where where = Where::current());
    /// As many as are taken; how many.
    u64 write_some(u32 size, net::tcp::SendFlags flags = net::tcp::SendFlags::none);
    /// Exactly so many, and the right ones.
    void read(u32 size, Where where = Where::current());
    /// The end, an error, or would_block.
    Result<u64> read_end();
    void close();
    void set_options(auto change) {
        auto options = connection->options();
        change(options);
        connection->set_options(options);
    }

    // ---- time, from the script's beginning ----
    TcpScript& at(Duration time);
    TcpScript& after(Duration span) { return at(now() + span); }
    Duration now() const;

    // ---- the peer ----
    TcpScript& inject(const Seg& seg);
    /// Several that come as one batch.
    TcpScript& inject(const std::vector<Seg>& segs);
    /// The next that the stack has sent, just now.
    Seg expect(const Seg& seg, Where where = Where::current());
    /// The same, at whatever time between the last and now.
    Seg expect_before(const Seg& seg, Where where = Where::current());
    void expect_nothing(Where where = Where::current());
    /// What was sent and not looked at, in sequence numbers of the script.
    std::vector<Seg> take();
    /// The handshake, with its segments checked; sequence numbers are 1 on both sides then.
    void open(const Opening& opening = {}, Where where = Where::current());
    /// An ICMP error about a segment of the stack's with this sequence number.
    void inject_error(u8 type, u8 code, u32 rest, u32 sequence);
    /// The next connection: other ports, or the same with another first sequence number.
    void next_connection();
    void next_incarnation(u32 peer_isn) { origin_known_ = false, peer_isn_ = peer_isn, stamps_ = false; }

    IpAddress own() const { return v4_ ? stack.own_v4 : stack.own_v6; }
    IpAddress peer() const { return v4_ ? stack.peer_v4 : stack.peer_v6; }
    u16 own_port = 0, peer_port = 0;
    bool alone = true;  ///< segments of other connections fail the test; otherwise nobody looks at them
    /// The stack's first sequence number.
    u32 isn() const { return own_isn_; }
    /// The last timestamp that the stack sent.
    u32 last_stamp() const { return last_stamp_; }
    /// The peer's clock for timestamps.
    u32 peer_clock() const;

private:
    struct Sent {
        Seg seg;
        Duration time;
    };
    void collect();
    void note(const SeenSegment& seen);
    Bytes frame_of(Seg seg);
    Seg next(const Seg& wanted, bool timely, Where where);

    bool v4_;
    u32 peer_isn_;
    u32 own_isn_ = 0;
    bool origin_known_ = false, stamps_ = false;
    u32 last_stamp_ = 0;
    Instant start_;
    std::deque<Sent> sent_;
    u64 written_ = 0, read_ = 0;
};

}  // namespace spore::fakes
