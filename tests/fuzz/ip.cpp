// The IP layer, with what configures it, and a wire that carries what the input says: frames of any kind, whole ones with right checksums too, and time
// that passes. Nothing may be read or written beside its bounds, no lock be kept, and no memory be lost.
#include <algorithm>

#include <gtest/gtest.h>

#include "kernel/memory/frame.hpp"
#include "kernel/net/automatic.hpp"
#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/start.hpp"
#include "kernel/net/ping/ping.hpp"
#include "tests/fakes/net/stack.hpp"
#include "tests/fuzz/input.hpp"

using namespace spore;
using namespace spore::fakes;
using fuzz::Input;
using fuzz::must;

namespace {

/// One frame: the kind says how much of it is made right, so that what follows is looked at.
Bytes frame_of(Input& input, const Stack& stack) {
    u8 kind = input.byte();
    auto body = input.bytes(input.byte() * 4u);
    bool v4 = kind & 1, group = kind & 2;
    const device::MacAddress everybody{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    auto mac = group ? everybody : stack.device.mac();
    auto source = v4 ? stack.peer_v4 : kind & 4 ? ip("fe80::99") : stack.peer_v6;
    auto destination = group ? ip(v4 ? "255.255.255.255" : "ff02::1") : v4 ? stack.own_v4 : stack.own_v6;
    IpFields fields{.source = source, .destination = destination, .protocol = input.byte(), .hop_limit = 255};
    switch (kind >> 4) {
    case 0: return body;
    case 1: return ethernet_frame(mac, stack.peer.mac, 0x0806, body);
    case 2: return ethernet_frame(mac, stack.peer.mac, v4 ? 0x0800 : 0x86dd, body);
    case 3: {  // a message of ICMP or neighbour discovery
        u8 type = v4 ? fields.protocol : static_cast<u8>(fields.protocol & 0x80 ? 128 + fields.protocol % 10 : fields.protocol % 5);
        auto code = static_cast<u8>(kind & 8 ? input.byte() : 0);
        fields.protocol = v4 ? 1 : 58;
        if (kind & 4) fields.hop_limit = 1;  // as MLD has it
        return ethernet_frame(mac, stack.peer.mac, v4 ? 0x0800 : 0x86dd, ip_packet(fields, icmp_message(source, destination, type, code, 64u << 24 | 1800, body)));
    }
    case 4: {  // a datagram to the DHCP client
        fields.protocol = 17;
        u16 from = v4 ? 67 : 547;
        return ethernet_frame(mac, stack.peer.mac, v4 ? 0x0800 : 0x86dd, ip_packet(fields, udp_datagram(source, from, destination, v4 ? 68 : 546, body)));
    }
    case 5: {  // fragments, or other headers in between
        fields.identification = kind & 8;
        fields.more_fragments = input.byte() & 1;
        fields.fragment_offset = input.byte() * 8u;
        if (!v4) fields.options = input.bytes(input.byte() & 0x78), fields.protocol = static_cast<u8>((const u8[]){0, 43, 44, 60}[fields.protocol & 3]);
        return ethernet_frame(mac, stack.peer.mac, v4 ? 0x0800 : 0x86dd, ip_packet(fields, body));
    }
    default: return ethernet_frame(mac, stack.peer.mac, v4 ? 0x0800 : 0x86dd, ip_packet(fields, body));
    }
}

void run(Input& input) {
    Stack stack;
    net::udp::start();
    net::ping::start();
    net::configure_automatically(*stack.interface, "fuzzed");
    while (!input.empty()) {
        u8 what = input.byte();
        if (what < 32) stack.advance(Duration::ms(what * what * 100));
        else if (auto frame = frame_of(input, stack); !frame.empty()) stack.device.receive(frame);
        // What it sends is whole and right: take() would say so.
        (void)stack.peer.take();
    }
    (void)net::resolver();
}

/// The fakes report to gtest what the stack sends wrongly.
bool nothing_failed() { return !testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed(); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    Input warm_up(nullptr, 0);
    static bool once = (run(warm_up), true);  // what is allocated once and kept
    (void)once;
    u64 free = memory::memory_use().free;
    Input input(data, std::min<std::size_t>(size, 2000));
    run(input);
    must(memory::memory_use().free == free);
    must(nothing_failed());
    return 0;
}
