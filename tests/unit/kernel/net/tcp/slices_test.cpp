// Pages that are sent as they are (sendfile): they go without a copy, again when they are lost, and are given back once the peer has them.
#include <gtest/gtest.h>

#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

/// The stream's bytes from `offset` on, in a page of their own, behind `before` bytes of something else.
device::Slice slice_of(u64 offset, u32 size, u32 before = 0) {
    auto frame = memory::FrameRef::adopt(*memory::allocate_frames());
    auto bytes = stream_bytes(Side::stack, offset, size);
    std::memset(frame.bytes(), 0xee, page_size);
    std::memcpy(frame.bytes() + before, bytes.data(), size);
    return {std::move(frame), before, size};
}
u32 owners(const device::Slice& slice) { return slice.frame.get()->references.load(); }

TEST(TcpSlices, GoAsOneStream) {
    TcpScript s;
    s.open();
    const device::Slice slices[] = {slice_of(0, 1000, 7), slice_of(1000, 1, 4095), slice_of(1001, 4000)};
    EXPECT_EQ(s.connection->send_slices(slices, SendFlags::none), 5001u);
    s.expect(ack().seq(1).data(1460));
    s.expect(ack().seq(1461).data(1460));
    s.expect(ack().seq(2921).data(1460));
    s.inject(ack().seq(1).ack(4381));
    s.expect(psh().seq(4381).data(621));
    s.inject(ack().seq(1).ack(5002));
}

TEST(TcpSlices, BelongToTheConnectionUntilThePeerHasThem) {
    TcpScript s;
    s.open();
    const device::Slice slices[] = {slice_of(0, 1460), slice_of(1460, 1460)};
    EXPECT_EQ(s.connection->send_slices(slices, SendFlags::none), 2920u);
    s.take();
    EXPECT_GT(owners(slices[0]), 1u);
    s.inject(ack().seq(1).ack(1461));
    EXPECT_EQ(owners(slices[0]), 1u);
    EXPECT_GT(owners(slices[1]), 1u);
    s.after(250_ms);
    bool again = false;
    for (auto& seg : s.take()) again = again || (seg.sequence == 1461u && seg.size == 1460);  // whose bytes the script compares
    EXPECT_TRUE(again);
    s.inject(ack().seq(1).ack(2921));
    EXPECT_EQ(owners(slices[1]), 1u);
}

TEST(TcpSlices, AreGivenBackWhenTheConnectionEnds) {
    auto slice = slice_of(0, 4000);
    {
        TcpScript s;
        s.open({.win = 1000});
        EXPECT_EQ(s.connection->send_slices({&slice, 1}, SendFlags::none), 4000u);
        s.take();
        s.inject(rst().seq(1));
        EXPECT_EQ(owners(slice), 1u);
        EXPECT_EQ(s.connection->send_slices({&slice, 1}, SendFlags::none).error(), Error::connection_reset);
        EXPECT_EQ(s.connection->send_slices({&slice, 1}, SendFlags::none).error(), Error::broken_pipe);
    }
    EXPECT_EQ(owners(slice), 1u);
}

TEST(TcpSlices, FillTheBufferAndNoMore) {
    TcpScript s;
    Options options;
    options.send_buffer = 10'000;
    s.open({.win = 0, .options = options});
    std::vector<device::Slice> slices;
    for (u64 i = 0; i < 16; ++i) slices.push_back(slice_of(i * page_size, page_size));
    u64 sent = *s.connection->send_slices(slices, SendFlags::none);
    EXPECT_GT(sent, 0u);
    EXPECT_LT(sent, 16 * page_size);
    EXPECT_EQ(s.connection->send_slices(slices, SendFlags::none).error(), Error::would_block);
    EXPECT_FALSE(any(s.connection->ready() & Ready::out));
    EXPECT_EQ(s.connection->send_slices({}, SendFlags::none), 0u);
    s.inject(ack().seq(1).ack(1).win(65535));
    s.after(300_ms);
    u32 got = 0;
    for (auto& seg : s.take()) got = std::max(got, *seg.sequence - 1 + seg.size);
    s.inject(ack().seq(1).ack(1 + got).win(65535));
    for (int i = 0; i < 10 && got < sent; ++i) {
        for (auto& seg : s.take()) got = std::max(got, *seg.sequence - 1 + seg.size);
        s.inject(ack().seq(1).ack(1 + got).win(65535));
    }
    EXPECT_EQ(got, sent);
    EXPECT_TRUE(any(s.connection->ready() & Ready::out));
}

TEST(TcpSlices, WaitForMoreWhenMoreFollows) {
    TcpScript s;
    s.open();
    auto first = slice_of(0, 100), second = slice_of(100, 200);
    EXPECT_EQ(s.connection->send_slices({&first, 1}, SendFlags::more), 100u);
    s.expect_nothing();
    EXPECT_EQ(s.connection->send_slices({&second, 1}, SendFlags::none), 200u);
    s.expect(psh().seq(1).data(300));
    s.inject(ack().seq(1).ack(301));
}

TEST(TcpSlices, AreCopiedBehindAHeaderWhenTheyAreSmall) {
    TcpScript s;
    s.open();
    s.write(300, SendFlags::more);
    auto small = slice_of(300, 600), large = slice_of(900, 1500);
    EXPECT_EQ(s.connection->send_slices({&small, 1}, SendFlags::none), 600u);
    EXPECT_EQ(owners(small), 1u);
    s.expect(psh().seq(1).data(900));
    EXPECT_EQ(s.connection->send_slices({&large, 1}, SendFlags::none), 1500u);
    EXPECT_GT(owners(large), 1u);
    s.expect(ack().seq(901).data(1460));
    s.inject(ack().seq(1).ack(2361));
    s.expect(psh().seq(2361).data(40));
    s.inject(ack().seq(1).ack(2401));
}

}  // namespace
}  // namespace spore::net::tcp
