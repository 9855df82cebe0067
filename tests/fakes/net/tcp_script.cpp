#include "tests/fakes/net/tcp_script.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernel/net/binding.hpp"
#include "kernel/net/ip/arrival.hpp"
#include "kernel/time/timer.hpp"
#include "tests/fakes/cpu.hpp"

namespace spore::fakes {

namespace tcp = net::tcp;

namespace {

/// Every conversation has ports of its own: what an earlier test left cannot answer.
u16 fresh_port() {
    static u16 next = 1024;
    next = next < 30'000 ? static_cast<u16>(next + 1) : u16{1025};
    return next;
}
#define AT(where) GTEST_MESSAGE_AT_((where).file_name(), static_cast<int>((where).line()), "", testing::TestPartResult::kNonFatalFailure)
constexpr Duration tolerance = Duration::ms(1);

}  // namespace

TcpScript::TcpScript(const Setup& setup) : stack(setup.device), v4_(setup.v4), peer_isn_(setup.peer_isn), start_(time::now()) {
    tcp::start();
    own_port = fresh_port();
    peer_port = fresh_port();
    stack.peer.send({.source = peer(), .destination = own(), .protocol = 253}, {});  // both sides know their neighbour then
    stack.peer.take();
}

TcpScript::~TcpScript() {
    close();
    if (listener) listener->close();
    listener = nullptr;
    stack.advance(1200_s);  // the most patient orphan has given up
    u32 left = 0;
    tcp::for_each([](void* context, const tcp::Summary& one) {
        ++*static_cast<u32*>(context);
        ADD_FAILURE() << "a connection in state " << static_cast<int>(one.state) << " is left, port " << one.local.port << " to " << one.remote.port;
    }, &left);
    stack.peer.take();
}

void TcpScript::listen(const tcp::Options& options, u32 backlog, Where where) {
    auto binding = net::Binding::create(net::Transport::tcp, {v4_ ? IpAddress::any_v4() : IpAddress(), own_port, 0}, {});
    if (!binding) return AT(where) << "the port is not free";
    auto made = tcp::Listener::create(std::move(*binding), backlog, options, nullptr);
    if (!made) return AT(where) << "cannot listen";
    listener = std::move(*made);
}

void TcpScript::connect(const tcp::Options& options, Where where) {
    auto made = tcp::Connection::connect({}, {peer(), peer_port, 0}, options, nullptr);
    if (!made) return AT(where) << "cannot connect";
    connection = std::move(*made);
    own_port = connection->local().port;
}

void TcpScript::accept(Where where) {
    auto made = listener->accept();
    if (!made) return AT(where) << "no connection waits";
    connection = std::move(*made);
}

u64 TcpScript::write_some(u32 size, tcp::SendFlags flags) {
    StreamSource source(written_);
    auto sent = connection->send(source, size, flags);
    if (sent) written_ += *sent;
    return sent.value_or(0);
}

void TcpScript::write(u32 size, tcp::SendFlags flags, Where where) {
    auto sent = write_some(size, flags);
    if (sent != size) AT(where) << sent << " of " << size << " bytes were taken";
}

void TcpScript::read(u32 size, Where where) {
    StreamSink sink(read_);
    auto got = connection->receive(sink, size, tcp::ReceiveFlags::none);
    if (!got) return AT(where) << "an error instead of " << size << " bytes";
    read_ += *got;
    if (*got != size) AT(where) << *got << " bytes instead of " << size;
    if (!sink.right) AT(where) << "other bytes than were sent";
}

Result<u64> TcpScript::read_end() {
    StreamSink sink(read_);
    return connection->receive(sink, 1, tcp::ReceiveFlags::none);
}

void TcpScript::close() {
    if (!connection) return;
    set_options([](tcp::Options& options) { options.linger = true; });  // for no time: RST
    connection->close();
    connection = nullptr;
}

Duration TcpScript::now() const { return time::now() - start_; }
u32 TcpScript::peer_clock() const { return 5000 + static_cast<u32>(now().nanoseconds / 1'000'000); }

TcpScript& TcpScript::at(Duration moment) {
    auto end = start_ + moment;
    collect();
    while (time::now() < end) {
        auto next = std::min(end, std::max(Instant{armed_deadline()}, time::now()));
        stack.advance(next - time::now());
        if (next == time::now() && armed_deadline() <= next.nanoseconds) stack.advance({});
        collect();
    }
    return *this;
}

void TcpScript::collect() {
    for (auto& packet : stack.peer.take()) {
        if (!packet.is_ip || packet.ip.protocol != 6) continue;
        auto seen = read_segment(packet);
        if (!seen) {
            ADD_FAILURE() << "the stack has sent a segment that breaks the rules";
            continue;
        }
        if (seen->source_port == own_port && seen->destination_port == peer_port) note(*seen);
        else if (alone) ADD_FAILURE() << "a segment of another connection: " << to_string(seen->seg);
    }
}

/// Numbers become the script's; the payload is compared at once.
void TcpScript::note(const SeenSegment& seen) {
    auto seg = seen.seg;
    if (seg.has(2) && !origin_known_) own_isn_ = *seg.sequence, origin_known_ = true;
    if (origin_known_ || !seg.has(4)) *seg.sequence -= own_isn_;
    if (seg.has(0x10)) *seg.acknowledgement -= peer_isn_;
    for (auto& [begin, end] : seg.sack_blocks) begin -= peer_isn_, end -= peer_isn_;
    if (seg.stamp) last_stamp_ = *seg.stamp;
    u64 offset = *seg.sequence + (seg.has(2) ? 1 : 0) - 1;
    EXPECT_EQ(seen.payload, stream_bytes(Side::stack, offset, seg.size)) << to_string(seg);
    sent_.push_back({seg, now()});
}

Bytes TcpScript::frame_of(Seg seg) {
    if (stamps_ && !seg.stamp && !seg.no_stamp) seg.ts(peer_clock(), last_stamp_);
    if (!seg.acknowledgement) seg.flags &= seg.has(0x10) ? 0xff : 0xef;
    auto bytes = tcp_segment(seg, {peer_isn_, own_isn_}, Side::peer, peer(), peer_port, own(), own_port);
    return stack.peer.frame_of({.source = peer(), .destination = own(), .protocol = 6, .traffic_class = seg.ecn}, bytes);
}

TcpScript& TcpScript::inject(const Seg& seg) {
    collect();
    stack.peer.send_frame(frame_of(seg));
    collect();
    return *this;
}

TcpScript& TcpScript::inject(const std::vector<Seg>& segs) {
    collect();
    std::vector<Bytes> frames;
    for (auto& seg : segs) frames.push_back(frame_of(seg));
    stack.peer.send_frames(std::move(frames));
    collect();
    return *this;
}

Seg TcpScript::next(const Seg& wanted, bool timely, Where where) {
    collect();
    if (sent_.empty() && timely) after(tolerance);
    if (sent_.empty()) {
        AT(where) << "nothing was sent instead of " << to_string(wanted);
        return {};
    }
    auto sent = sent_.front();
    sent_.pop_front();
    if (auto wrong = difference(wanted, sent.seg); !wrong.empty())
        AT(where) << wrong << ":\n  wanted " << to_string(wanted) << "\n  seen   " << to_string(sent.seg);
    if (timely && now() - sent.time > tolerance)
        AT(where) << to_string(sent.seg) << " left at " << sent.time.nanoseconds / 1000 << " us, and it is " << now().nanoseconds / 1000;
    return sent.seg;
}
Seg TcpScript::expect(const Seg& seg, Where where) { return next(seg, true, where); }
Seg TcpScript::expect_before(const Seg& seg, Where where) { return next(seg, false, where); }

void TcpScript::expect_nothing(Where where) {
    collect();
    for (auto& sent : sent_) AT(where) << "at " << sent.time.nanoseconds / 1000 << " us was sent " << to_string(sent.seg);
    sent_.clear();
}

std::vector<Seg> TcpScript::take() {
    collect();
    std::vector<Seg> all;
    for (auto& sent : sent_) all.push_back(sent.seg);
    sent_.clear();
    return all;
}

void TcpScript::open(const Opening& o, Where where) {
    auto offer = o.active ? syn_ack().seq(0).ack(1).win(o.win) : syn().seq(0).win(o.win);
    if (o.mss) offer.mss(*o.mss);
    if (o.scale) offer.scale(*o.scale);
    if (o.sack) offer.sack_ok();
    if (o.ecn) offer.flag(o.active ? ece_flag : ece_flag | cwr_flag);
    if (o.active) {
        connect(o.options, where);
        expect(syn().seq(0).sack_ok(), where);
    } else {
        listen(o.options, 16, where);
    }
    if (o.timestamps) offer.ts(peer_clock(), o.active ? last_stamp_ : 0);
    if (o.active) after(o.rtt);
    inject(offer);
    if (o.active) {
        expect(ack().seq(1).ack(1), where);
    } else {
        auto answer = syn_ack().seq(0).ack(1);
        if (o.sack) answer.sack_ok();
        if (o.ecn) answer.flag(ece_flag);
        auto seen = expect(answer, where);
        if (seen.stamp.has_value() != o.timestamps || seen.scale_option.has_value() != o.scale.has_value()) AT(where) << "other options than the SYN's";
        after(o.rtt);
    }
    stamps_ = o.timestamps;
    if (o.active) return;
    inject(psh().seq(1).ack(1).win(static_cast<u16>(o.win >> o.scale.value_or(0))));
    accept(where);
}

void TcpScript::inject_error(u8 type, u8 code, u32 rest, u32 sequence) {
    auto quoted = ip_packet({.source = own(), .destination = peer(), .protocol = 6},
                            big(own_port, 2) + big(peer_port, 2) + big(u32(sequence + own_isn_), 4) + Bytes(12));
    stack.peer.send({.source = peer(), .destination = own(), .protocol = static_cast<u8>(v4_ ? 1 : 58)},
                    icmp_message(peer(), own(), type, code, rest, quoted));
    collect();
}

void TcpScript::next_connection() {
    close();
    if (listener) listener->close();
    listener = nullptr;
    take();
    own_port = fresh_port();
    peer_port = fresh_port();
    origin_known_ = stamps_ = false;
    written_ = read_ = 0;
}

}  // namespace spore::fakes
