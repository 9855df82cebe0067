#include "/tmp/tcpt/wire.hpp"
#include <gtest/gtest.h>
#include <random>
#include <vector>
#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/tcp/control_block.hpp"
#include "kernel/net/tcp/listener.hpp"
#include "tests/fakes/mmu.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/cpu.hpp"
#include "kernel/time/timer.hpp"
#include "wire/net/tcp.hpp"
using namespace spore; using namespace spore::net; 
static std::mt19937 rng(1);
struct Src : ByteSource { const std::vector<std::byte>& v; size_t at; Src(const std::vector<std::byte>& v, size_t at):v(v),at(at){} Result<void> take(MutableByteSpan into) override { std::memcpy(into.data(), v.data()+at, into.size()); at += into.size(); return {}; } };
struct Snk : ByteSink { std::vector<std::byte>& v; Snk(std::vector<std::byte>& v):v(v){} Result<void> put(ByteSpan b) override { v.insert(v.end(), b.begin(), b.end()); return {}; } };
static u64 clock_ns = 1000000000;
static void advance(u64 ns) { clock_ns += ns; fakes::set_time(clock_ns); if (fakes::armed_deadline() <= clock_ns) time::run_expired(); }
static bool verbose = getenv("V");
static u64 sent_packets;
static u32 last_seq, last_ack;
struct Impair { int loss=0, dup=0, reorder=0; };
static void deliver(Wired w) {
  alignas(16) static char ifbuf[8192]; auto& iface = *reinterpret_cast<Interface*>(ifbuf);
  auto& p = *w.packet;
  if (verbose) { auto& h = *(wire::tcp::Header*)p.head().data(); printf("%8.3f %u>%u seq %u ack %u f %02x win %u len %u%s\n", clock_ns/1e6, (u32)h.source_port,(u32)h.destination_port,(u32)h.sequence,(u32)h.acknowledgement,h.flags,(u32)h.window,p.size()-h.size(), p.segmentation!=device::Segmentation::none?" tso":""); }
  Arrival a{iface, w.source, w.destination, 6, 64, w.tc, false};
  p.mark(device::Layer::transport);
  tcp::input(std::move(w.packet), a);
}
// cuts TSO packets to segments, as a device would
static std::vector<Wired> cut(Wired w) {
  std::vector<Wired> out; auto& p = *w.packet;
  auto& h = *(wire::tcp::Header*)p.head().data(); u32 hs = h.size(), mss = p.segment_size ? p.segment_size : 65535; u32 total = p.size()-hs;
  if (total <= mss) { // copy, as a device does
    mss = std::max(total,1u); }
  for (u32 at = 0; at == 0 || at < total; at += mss) {
    u32 n = std::min(mss, total-at);
    auto q = *device::Packet::create(0); auto hd = q->append(hs); std::memcpy(hd.data(), p.head().data(), hs);
    auto& nh = *(wire::tcp::Header*)hd.data(); nh.sequence = h.sequence + at; if (at + n < total) nh.flags &= ~(wire::tcp::fin|wire::tcp::psh);
    if (n) { if (n <= 200) { p.copy_out(hs+at, q->append(n)); } else { auto fr = memory::allocate_frames(n>4096?4:0); if (!fr) continue; auto f = memory::FrameRef::adopt(*fr); p.copy_out(hs+at, {f.bytes(), n}); EXPECT_TRUE(q->add({f,0,n})); } }
    q->checksum = device::Checksum::verified; out.push_back({std::move(q), w.source, w.destination, w.tc});
  }
  return out;
}
static void pump(Impair im = {}, int rounds = 1000) {
  while (!the_wire.empty() && rounds--) {
    std::deque<Wired> now; now.swap(the_wire); std::vector<Wired> all;
    for (auto& w : now) { ++sent_packets; for (auto& s : cut(std::move(w))) all.push_back(std::move(s)); }
    for (size_t i = 0; i + 1 < all.size(); ++i) if (im.reorder && (int)(rng()%100) < im.reorder) std::swap(all[i], all[std::min(all.size()-1, i+1+rng()%6)]);
    advance(50000);
    for (auto& w : all) { if (im.loss && (int)(rng()%100) < im.loss) continue; 
      if (im.dup && (int)(rng()%100) < im.dup) { deliver({*w.packet->clone(), w.source, w.destination, w.tc}); }
      deliver(std::move(w)); }
    tcp::end_of_batch();
  }
}
struct T : testing::Test { void SetUp() override { fakes::reset_memory(512_MiB); fakes::set_time(clock_ns); the_wire.clear(); } void TearDown() override { for (int i=0;i<400;++i) { advance(1000000000); pump(); } the_wire.clear(); } };
struct Pair { Shared<tcp::Listener> l; Shared<tcp::Connection> c, s; };
static Pair open(Impair im = {}, tcp::Options o = {}) {
  static u16 port = 1000; ++port;
  Pair p; p.l = *tcp::Listener::create(make_binding({IpAddress::any_v4(), port}), 16, o, nullptr);
  p.c = *tcp::Connection::connect({}, {IpAddress::v4(0x0a000002), port}, o, nullptr);
  for (int i=0;i<400 && !p.s;++i) { pump(im); if (auto s = p.l->accept()) p.s = *s; else advance(100000000); }
  return p;
}
static void drain(Pair& p) { p.l->close(); }
TEST_F(T, Opens) { auto p = open(); ASSERT_TRUE(p.s); EXPECT_EQ(p.c->state(), tcp::State::established); EXPECT_EQ(p.s->state(), tcp::State::established); p.c->close(); p.s->close(); pump(); drain(p); }
static void transfer(Impair im, size_t size, tcp::Options o = {}) {
  auto p = open(im, o); ASSERT_TRUE(p.s);
  std::vector<std::byte> data(size), got; for (auto& b : data) b = (std::byte)rng();
  size_t sent=0; u64 idle=0; u64 start = clock_ns; sent_packets=0;
  while (got.size() < size) {
    size_t before = got.size()+sent;
    if (sent < size) { Src src(data, sent); auto r = p.c->send(src, std::min<size_t>(size-sent, 100000), tcp::SendFlags::none); if (r) sent += *r; else ASSERT_EQ(r.error(), Error::would_block); }
    pump(im, 1);
    Snk snk(got); auto r = p.s->receive(snk, 1u<<20, tcp::ReceiveFlags::none); if (!r) ASSERT_EQ(r.error(), Error::would_block);
    if (got.size()+sent == before) { if (the_wire.empty()) advance(5000000); if (++idle > 20000) { FAIL() << "stuck at " << got.size() << " sent " << sent; } } else idle=0;
  }
  EXPECT_TRUE(got == data);
  auto i = p.c->info(); printf("%zu bytes in %.1f ms, rtx %u, packets %llu, cwnd %u\n", size, (clock_ns-start)/1e6, i.total_retransmits, (unsigned long long)sent_packets, i.congestion_window);
  p.c->close(); for (int k=0;k<50;++k) { pump(im); advance(200000000); }
  std::vector<std::byte> rest; Snk snk(rest); auto r = p.s->receive(snk, 10, tcp::ReceiveFlags::none); EXPECT_TRUE(r && *r == 0) << (r ? (int)*r : (int)r.error());
  p.s->close(); for (int k=0;k<50;++k) { pump(im); advance(200000000); } drain(p);
}
TEST_F(T, Transfers) { transfer({}, 10000000); }
TEST_F(T, TransfersLoss1) { transfer({1,0,0}, 3000000); }
TEST_F(T, TransfersLoss5) { transfer({5,0,0}, 1000000); }
TEST_F(T, TransfersReorder) { transfer({0,0,10}, 3000000); }
TEST_F(T, TransfersAll) { transfer({3,3,5}, 1000000); }
TEST_F(T, TransfersReno) { tcp::Options o; o.congestion = tcp::CongestionControl::new_reno; transfer({2,1,2}, 1000000, o); }
TEST_F(T, RequestResponse) {
  auto p = open(); std::vector<std::byte> q(40), a(600), got; sent_packets = 0; pump(); 
  for (int i=0;i<100;++i) { Src s(q,0); ASSERT_TRUE(p.c->send(s, 40, tcp::SendFlags::none)); pump({},1); got.clear(); Snk k(got); auto r = p.s->receive(k, 1000, tcp::ReceiveFlags::none); ASSERT_TRUE(r); EXPECT_EQ(*r, 40u);
    Src s2(a,0); ASSERT_TRUE(p.s->send(s2, 600, tcp::SendFlags::none)); pump({},1); got.clear(); r = p.c->receive(k, 1000, tcp::ReceiveFlags::none); ASSERT_TRUE(r); EXPECT_EQ(*r, 600u); }
  EXPECT_LE(sent_packets, 203u); p.c->close(); p.s->close(); pump(); drain(p);
}
TEST_F(T, ManyConnections) { static u16 port=5000; auto l = *tcp::Listener::create(make_binding({IpAddress::any_v4(), port}), 16, {}, nullptr);
  for (int i=0;i<40000;++i) { auto c = *tcp::Connection::connect({}, {IpAddress::v4(0x0a000002), port}, {}, nullptr); pump(); auto s = l->accept(); ASSERT_TRUE(s) << i; (*s)->close(); pump(); c->close(); pump(); if (i%1000==0) advance(2000000000); }
  l->close(); }
TEST_F(T, Cookies) { static u16 port=6000; auto l = *tcp::Listener::create(make_binding({IpAddress::any_v4(), port}), 200, {}, nullptr); l->set_backlog(2);
  std::vector<Shared<tcp::Connection>> c, s; for (int i=0;i<40;++i) c.push_back(*tcp::Connection::connect({}, {IpAddress::v4(0x0a000002), port}, {}, nullptr));
  { std::deque<Wired> now; now.swap(the_wire); for (auto& w : now) for (auto& q : cut(std::move(w))) deliver(std::move(q)); tcp::end_of_batch(); }
  l->set_backlog(200); 
  pump(); while (auto a = l->accept()) s.push_back(*a);
  EXPECT_EQ(s.size(), 40u); int scaled=0; for (auto& x : s) scaled += x->info().sack; EXPECT_EQ(scaled, 40);
  std::vector<std::byte> d(5000), got; for (auto& x : c) { Src q(d,0); ASSERT_TRUE(x->send(q, 5000, tcp::SendFlags::none)); } pump(); for (auto& x : s) { got.clear(); Snk k(got); auto r = x->receive(k, 9000, tcp::ReceiveFlags::none); EXPECT_TRUE(r && *r == 5000); }
  for (auto& x : c) x->close(); for (auto& x : s) x->close(); pump(); l->close(); }
TEST_F(T, ZeroWindow) { auto p = open(); std::vector<std::byte> d(3000000), got; for (auto& b : d) b = (std::byte)rng(); size_t sent=0;
  for (int i=0;i<400;++i) { if (sent<d.size()) { Src q(d,sent); auto r = p.c->send(q, d.size()-sent, tcp::SendFlags::none); if (r) sent += *r; } pump(); advance(100000000); }
  EXPECT_LT(sent, d.size()); EXPECT_EQ(p.c->state(), tcp::State::established);
  for (int i=0;i<20000 && got.size()<d.size();++i) { Snk k(got); (void)p.s->receive(k, 100000, tcp::ReceiveFlags::none); pump(); if (sent<d.size()) { Src q(d,sent); auto r = p.c->send(q, d.size()-sent, tcp::SendFlags::none); if (r) sent += *r; } pump(); advance(1000000); }
  EXPECT_TRUE(got==d) << got.size(); p.c->close(); p.s->close(); pump(); drain(p); }
TEST_F(T, ResetOnUnread) { auto p = open(); std::vector<std::byte> d(100); Src q(d,0); ASSERT_TRUE(p.c->send(q,100,tcp::SendFlags::none)); pump(); p.s->close(); pump(); std::vector<std::byte> g; Snk k(g); auto r = p.c->receive(k,10,tcp::ReceiveFlags::none); EXPECT_FALSE(r); if(!r) EXPECT_EQ(r.error(), Error::connection_reset); p.c->close(); drain(p); }
TEST_F(T, Refused) { auto c = *tcp::Connection::connect({}, {IpAddress::v4(0x0a000002), 9}, {}, nullptr); pump(); auto e = c->take_error(); EXPECT_FALSE(e); if(!e) EXPECT_EQ(e.error(), Error::connection_refused); c->close(); }
TEST_F(T, AllocationFails) { for (u64 n=1;n<120;++n) { auto p = open(); ASSERT_TRUE(p.s); std::vector<std::byte> d(200000), got; for (auto& b : d) b=(std::byte)rng(); size_t sent=0; memory::fail_allocation(n);
  for (int i=0;i<3000 && got.size()<d.size();++i) { if (sent<d.size()) { Src q(d,sent); auto r = p.c->send(q, std::min<size_t>(7001,d.size()-sent), tcp::SendFlags::none); if (r) sent += *r; } pump({},2); Snk k(got); (void)p.s->receive(k, 100000, tcp::ReceiveFlags::none); advance(1000000); }
  ASSERT_TRUE(got==d) << n << " " << got.size(); memory::fail_allocation(0); p.c->close(); pump(); p.s->close(); pump(); drain(p);} }
TEST_F(T, Garbage) { auto p = open(); for (int i=0;i<200000;++i) { auto q = *device::Packet::create(0); u32 hs = 20+4*(rng()%11); auto h = q->append(hs); for (auto& b : h) b=(std::byte)rng(); auto& H = *(wire::tcp::Header*)h.data(); auto* cb = static_cast<tcp::ControlBlock*>(p.c.get()); H.source_port = p.c->remote().port; H.destination_port = p.c->local().port; H.data_offset = hs/4<<4; if (rng()%8) H.flags = (H.flags | 16) & ~6; 
   if (i%2) { H.sequence = (u32)(last_seq + rng()%2000); H.acknowledgement = (u32)(last_ack - rng()%2000 + rng()%3000); } if (rng()%2) q->append(rng()%40); q->checksum = device::Checksum::verified; (void)cb;
   Wired w{std::move(q), p.c->remote().address, p.c->local().address, (u8)(rng()&3)}; deliver(std::move(w)); if (rng()%4==0) tcp::end_of_batch(); if (rng()%50==0) { tcp::end_of_batch(); for (auto& x : the_wire) { auto& hh = *(wire::tcp::Header*)x.packet->head().data(); if ((u16)hh.source_port == p.c->local().port) last_seq = hh.acknowledgement, last_ack = hh.sequence; } the_wire.clear(); advance(30000000); std::vector<std::byte> g; Snk k(g); (void)p.c->receive(k, 100000, tcp::ReceiveFlags::none); std::vector<std::byte> d(3000); Src s(d,0); (void)p.c->send(s, 3000, tcp::SendFlags::none); if (p.c->state()==tcp::State::closed) { p.c->close(); p.s->close(); pump(); drain(p); p = open(); ASSERT_TRUE(p.s); } } }
  tcp::end_of_batch(); the_wire.clear(); p.c->close(); p.s->close(); pump(); drain(p); }
int main(int n, char** v) { if (getenv("SEED")) rng.seed(atoi(getenv("SEED"))); testing::InitGoogleTest(&n, v); return RUN_ALL_TESTS(); }
