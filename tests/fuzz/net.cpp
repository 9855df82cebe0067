// The whole stack with a TCP connection: bytes become segments of the peer's, other frames, calls of the program, and time. Whatever comes, the stack stays
// within its memory, sends only what the program wrote, and has nothing left when a few minutes have passed.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/fakes/net/tcp_script.hpp"
#include "tests/fuzz/input.hpp"

using namespace spore;
using namespace spore::fakes;
using fuzz::Input;
using net::tcp::Options;

namespace {

struct Sink final : net::ByteSink {
    Result<void> put(ByteSpan) override { return {}; }
};

class Player {
public:
    explicit Player(Input& input) : in_(input) {
        u8 how = in_.byte();
        script_.alone = false;
        Opening opening{.active = bool(how & 1), .win = in_.half(), .mss = 536, .sack = bool(how & 2), .timestamps = bool(how & 4)};
        if (how & 8) opening.scale = in_.byte() & 15;
        opening.options.no_delay = how & 16;
        opening.options.urgent_inline = how & 32;
        opening.options.keep_alive = how & 64;
        opening.options.congestion = how & 128 ? net::tcp::CongestionControl::new_reno : net::tcp::CongestionControl::cubic;
        script_.open(opening);
    }
    void play() {
        while (!in_.empty() && steps_++ < 300) step();
    }

private:
    void step() {
        switch (in_.byte() % 12) {
            case 0: case 1: case 2: case 3: return inject();
            case 4: return void(script_.after(Duration::us(in_.half() * 50)));
            case 5: return void(script_.after(Duration::ms(in_.half())));
            case 6: return write();
            case 7: return read();
            case 8: return end();
            case 9: return frame();
            case 10: return error();
            default: return change();
        }
    }
    /// Near what is expected, mostly.
    u32 near(u32 value) {
        u8 how = in_.byte();
        if (how < 160) return value;
        if (how < 240) return value + static_cast<u32>(static_cast<i16>(in_.half()));
        return value + (u32{in_.half()} << 16);
    }
    void inject() {
        look();
        Seg seg{.flags = in_.byte()};
        if (in_.byte() & 7) seg.flags = static_cast<u8>((seg.flags & ~6) | 0x10);
        seg.seq(near(next_)).ack(near(sent_)).win(in_.half()).data(in_.byte() * (in_.byte() & 1 ? 6 : 1));
        u8 options = in_.byte();
        if (options & 1) seg.sack(near(una_ + 536), near(una_ + 1072));
        if (options & 2) seg.sack(near(una_), near(sent_));
        if (options & 4) seg.ts(script_.peer_clock() + in_.byte() - 20, script_.last_stamp() - (in_.byte() & 15));
        if (options & 8) seg.no_ts();
        if (options & 16) seg.urgent_pointer = in_.byte();
        if (options & 32) seg.marked(3);
        if (options & 64) seg.mss(in_.half());
        script_.inject(seg);
    }
    /// Follows what the stack says of itself.
    void look() {
        for (auto& seg : script_.take()) {
            if (seg.has(4)) continue;
            u32 end = *seg.sequence + seg.length();
            if (static_cast<i32>(end - sent_) > 0) sent_ = end;
            if (seg.has(0x10)) next_ = *seg.acknowledgement;
            una_ = *seg.sequence;
        }
    }
    void write() {
        if (script_.connection) script_.write_some(in_.half() & 0x3fff, static_cast<net::tcp::SendFlags>(in_.byte() & 3));
    }
    void read() {
        Sink sink;
        if (script_.connection) (void)script_.connection->receive(sink, in_.half(), static_cast<net::tcp::ReceiveFlags>(in_.byte() & 7));
    }
    void end() {
        if (!script_.connection) return;
        switch (in_.byte() & 7) {
            case 0: return void(script_.connection->shut_writing());
            case 1: return script_.connection->shut_reading();
            case 2:
                script_.connection->close();
                script_.connection = nullptr;
                return;
            case 3: return script_.close();
            case 4: return void(script_.connection->take_error());
            default: return void(script_.connection->info());
        }
    }
    void frame() {
        u8 how = in_.byte();
        auto body = in_.bytes(in_.byte());
        if (how & 1) return script_.stack.peer.send_frame(ethernet_frame(script_.stack.device.mac(), script_.stack.peer.mac, how & 2 ? 0x0800 : 0x86dd, body));
        script_.stack.peer.send({.source = script_.peer(), .destination = script_.own(), .protocol = how & 2 ? u8{6} : how, .fragment_offset = 0}, body);
    }
    void error() {
        look();
        script_.inject_error(in_.byte() & 15, in_.byte() & 15, in_.half(), near(una_));
    }
    void change() {
        if (!script_.connection) return;
        script_.set_options([&](Options& options) {
            u8 what = in_.byte();
            options.no_delay = what & 1;
            options.cork = what & 2;
            options.quick_ack = what & 4;
            options.keep_alive = what & 8;
            options.keep_alive_idle = Duration::seconds(in_.byte() + 1);
            options.keep_alive_interval = Duration::seconds(in_.byte() + 1);
            options.user_timeout = what & 16 ? Duration::ms(in_.half() + 1) : Duration{};
            options.max_segment = what & 32 ? in_.half() : u16{0};
            options.send_buffer = what & 64 ? in_.half() : u32{0};
            options.receive_buffer = what & 128 ? in_.half() * 4u : u32{0};
        });
    }

    Input& in_;
    TcpScript script_;
    u32 next_ = 1, sent_ = 1, una_ = 1;
    u32 steps_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    Player(input).play();
    if (testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed()) std::abort();  // the fakes report to gtest
    return 0;
}
