// Batches of packets on several CPUs: each has its own, and a connection is in one of them at a time, whoever else brings something for it.
#include <gtest/gtest.h>

#include "kernel/sync/sleep.hpp"
#include "kernel/time/timer.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/net/tcp_script.hpp"
#include "tests/fakes/threads.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

class Machine {
public:
    explicit Machine(const Opening& opening) { script_.open(opening); }
    TcpScript& script() { return script_; }

    void add(const Seg& seg) {
        auto& s = script_;
        auto bytes = tcp_segment(seg, {TcpScript::Setup{}.peer_isn, s.isn()}, Side::peer, s.peer(), s.peer_port, s.own(), s.own_port);
        frames_.push_back(s.stack.peer.frame_of({.source = s.peer(), .destination = s.own(), .protocol = 6}, bytes));
    }
    /// All that was added, in batches of one to three on all CPUs.
    void deliver() {
        Join join;
        std::size_t next = 0;
        for (int i = 0; i < 4; ++i) spawn(join, [&] {
            while (next < frames_.size()) {
                auto begin = frames_.begin() + static_cast<std::ptrdiff_t>(next);
                next = std::min<std::size_t>(next + 1 + random() % 3, frames_.size());
                std::vector<Bytes> batch(begin, frames_.begin() + static_cast<std::ptrdiff_t>(next));
                interleave();
                script_.stack.device.receive(batch);
                task::yield();
            }
        });
        join.wait();
        frames_.clear();
    }
    /// Timers of every CPU do what they have to.
    static void sleep(Duration span) { sync::sleep(span); }

private:
    TcpScript script_;
    std::vector<Bytes> frames_;
};

void on_three_cpus(const std::function<void()>& body) {
    for (u64 seed = 1; seed <= 20; ++seed) EXPECT_TRUE(simulate({.cpus = 3, .seed = seed}, body)) << "seed " << seed;
}

TEST(TcpBatches, DataOfOneConnectionMayComeOnAnyCpu) {
    on_three_cpus([] {
        auto& machine = *new Machine({.sack = true});  // its end is the process's
        auto& s = machine.script();
        constexpr u32 count = 50, size = 1000;
        for (u32 i = 0; i < count; ++i) machine.add(psh().seq(1 + i * size).ack(1).win(65535).data(size));
        machine.deliver();
        s.read(count * size);
        Machine::sleep(100_ms);
        u32 acknowledged = 0;
        for (auto& seg : s.take()) acknowledged = std::max(acknowledged, *seg.acknowledgement);
        EXPECT_EQ(acknowledged, 1 + count * size);
    });
}

TEST(TcpBatches, AcknowledgementsMayComeOnAnyCpu) {
    on_three_cpus([] {
        auto& machine = *new Machine({});
        auto& s = machine.script();
        constexpr u32 count = 10, mss = 1460;
        s.write(count * mss);
        s.take();
        for (u32 i = 1; i <= count; ++i) machine.add(ack().seq(1).ack(1 + i * mss).win(65535));
        machine.deliver();
        EXPECT_EQ(s.connection->unacknowledged(), 0u);
        Machine::sleep(2_s);
        EXPECT_TRUE(s.take().empty()) << "nothing is sent again";
    });
}

TEST(TcpBatches, AnEndOnOneCpuMeetsDataOnAnother) {
    on_three_cpus([] {
        auto& machine = *new Machine({});
        auto& s = machine.script();
        for (u32 i = 0; i < 20; ++i) machine.add(psh().seq(1 + i * 100).ack(1).win(65535).data(100));
        machine.add(rst().seq(1 + 20 * 100));
        for (u32 i = 0; i < 5; ++i) machine.add(psh().seq(1 + 20 * 100 + i * 100).ack(1).win(65535).data(100));
        machine.deliver();
        // Whatever came first; the connection has ended, or refused a RST that was not next [RFC 5961 3.2] and can be closed.
        s.connection->close();
        s.connection = nullptr;
        Machine::sleep(1_s);
    });
}

}  // namespace
}  // namespace spore::net::tcp
