// What a connection costs that does nothing: counted by the sanitizer's allocator, which serves the kernel's `new` here, and by the frames that are gone.
#include <gtest/gtest.h>
#include <sanitizer/allocator_interface.h>

#include "kernel/memory/frame.hpp"
#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

TEST(TcpIdle, AConnectionTakesLittle) {
    constexpr u32 count = 200, limit = 1536;
    TcpScript s;
    s.alone = false;
    s.listen({}, count);
    std::vector<Shared<Connection>> all(count);
    auto converse = [&](u32 i) {
        s.next_incarnation(1000);
        s.inject(syn().seq(0).win(10'000).mss(1460).sack_ok().ts(1, 0));
        s.take();
        auto stamp = s.last_stamp();
        s.inject(psh().seq(1).ack(1).data(100).win(10'000).ts(2, stamp));
        all[i] = *s.listener->accept();
        StreamSink sink(0);
        EXPECT_EQ(all[i]->receive(sink, 1000, ReceiveFlags::none), 100u);
        StreamSource source(0);
        EXPECT_EQ(all[i]->send(source, 600, SendFlags::none), 600u);
        s.take();
        s.inject(ack().seq(101).ack(601).win(10'000).ts(3, stamp));
        EXPECT_EQ(all[i]->unacknowledged(), 0u);
        ++s.peer_port;
    };
    converse(0);
    s.after(5_s).take();
    auto bytes = __sanitizer_get_current_allocated_bytes();
    auto frames = memory::memory_use().free;
    for (u32 i = 1; i < count; ++i) converse(i);
    s.after(5_s).take();
    EXPECT_LE(__sanitizer_get_current_allocated_bytes() - bytes, u64{count - 1} * limit);
    EXPECT_LE(frames - memory::memory_use().free, 64u << 10);  // the kernel's heap may have taken slabs
    for (auto& one : all) {
        auto options = one->options();
        options.linger = true;
        one->set_options(options);
        one->close();
    }
    all.clear();
    s.take();
}

}  // namespace
}  // namespace spore::net::tcp
