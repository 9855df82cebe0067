// Headers of Ethernet, ARP, IPv4, IPv6, UDP, ICMP and neighbour discovery: whatever comes is read within its bounds, and what is found lies there.
#include <cstdlib>

#include "wire/net/arp.hpp"
#include "wire/net/ethernet.hpp"
#include "wire/net/ipv4.hpp"
#include "wire/net/ipv6.hpp"
#include "wire/net/nd.hpp"
#include "wire/net/udp.hpp"

using namespace spore;
using namespace spore::wire;

namespace {

void must(bool condition) {
    if (!condition) std::abort();
}
bool within(ByteSpan bytes, const void* begin, std::size_t size) {
    auto* at = static_cast<const std::byte*>(begin);
    return at >= bytes.data() && at + size <= bytes.data() + bytes.size();
}

void read_link(ByteSpan bytes) {
    if (auto frame = ethernet::parse(bytes)) must(frame->header_size <= bytes.size() && frame->vlan < 4096);
    if (auto packet = arp::parse(bytes)) must(within(bytes, *packet, sizeof(arp::Packet)));
}

void read_v4(ByteSpan bytes) {
    auto size = static_cast<u32>(bytes.size());
    if (auto header = ipv4::parse(bytes, size)) {
        must((*header)->header_size() >= sizeof(ipv4::Header) && (*header)->header_size() <= size);
        must((*header)->total_size >= (*header)->header_size() && (*header)->total_size <= size);
        (void)ipv4::parse_options(bytes.first((*header)->header_size()).subspan(sizeof(ipv4::Header)));
    }
    (void)ipv4::parse_options(bytes);
    if (auto header = udp::Header::parse(bytes, size)) must((*header)->size >= sizeof(udp::Header) && (*header)->size <= size);
}

void read_v6(ByteSpan bytes) {
    auto size = static_cast<u32>(bytes.size());
    auto header = ipv6::parse(bytes, size);
    if (!header) return;
    must((*header)->payload_size + sizeof(ipv6::Header) <= size);
    auto seen = bytes.first(ipv6::walk_size(size));
    if (auto chain = ipv6::walk(seen)) {
        must(chain->size + sizeof(ipv6::Header) <= seen.size() && chain->size <= ipv6::max_extension_bytes);
        must(chain->next_field < seen.size() && static_cast<u8>(seen[chain->next_field]) == chain->protocol);
    }
}

void read_nd(ByteSpan bytes) {
    if (auto message = nd::parse_neighbour(bytes))
        must(within(bytes, message->message, sizeof(nd::Neighbour)) && (!message->link || within(bytes, message->link, 6)));
    if (auto message = nd::parse_router(bytes)) {
        std::size_t sum = 0;
        must(nd::for_each_option(message->options, [&](u8, ByteSpan option) {
                 must(option.size() >= 8 && within(bytes, option.data(), option.size()));
                 sum += option.size();
             }).has_value());
        must(sum == message->options.size());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto bytes = std::as_bytes(std::span(data, size));
    read_link(bytes), read_v4(bytes), read_v6(bytes), read_nd(bytes);
    return 0;
}
