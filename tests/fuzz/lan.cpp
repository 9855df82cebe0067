// What reaches the process behind a network of machines: greetings, and frames that ask for names. An answer is a sound frame to who asked.
#include "host/lan/addresses.hpp"
#include "host/lan/greeting.hpp"
#include "host/lan/names.hpp"
#include "host/lan/sender.hpp"
#include "tests/fuzz/input.hpp"
#include "wire/net/ethernet.hpp"
#include "wire/net/ipv4.hpp"

using namespace spore;
using namespace spore::host;
using spore::fuzz::must;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    if (auto arrival = lan::Arrival::from_line(text)) must(lan::Arrival::from_line(arrival->to_line()).has_value());
    if (auto welcome = lan::Welcome::from_line(text)) must(welcome->number >= lan::first_member && welcome->number <= lan::last_member);

    static const lan::Names names = [] {
        lan::Names made;
        made.add("a", 16), made.add("db.shop", 17);
        return made;
    }();
    auto frame = std::as_bytes(std::span(data, size));
    // A query behind sound headers is what the parser of messages needs to be reached.
    std::vector<std::byte> wrapped;
    if (size < 1400) {
        wire::ethernet::Header ethernet{};
        ethernet.type = wire::ethernet::type_ipv4;
        wire::ipv4::Header ip{};
        ip.version_and_size = 0x45, ip.protocol = 17, ip.total_size = static_cast<u16>(28 + size), ip.destination = lan::name_server_v4;
        ip.checksum = wire::checksum_of(std::as_bytes(std::span(&ip, 1)));
        be16 udp[4]{};
        udp[1] = u16{53}, udp[2] = static_cast<u16>(8 + size);
        for (auto part : {ByteSpan(std::as_bytes(std::span(&ethernet, 1))), ByteSpan(std::as_bytes(std::span(&ip, 1))), ByteSpan(std::as_bytes(std::span(udp))), frame}) wrapped.insert(wrapped.end(), part.begin(), part.end());
    }
    // One member's frame is never another's.
    must(!lan::speaks_for_itself(frame, 16) || !lan::speaks_for_itself(frame, 17));
    if (wrapped.size() > 14) {
        for (u16 type : {u16{wire::ethernet::type_ipv4}, u16{wire::ethernet::type_arp}, u16{wire::ethernet::type_ipv6}}) {
            wire::ethernet::Header ethernet{};
            auto mac = lan::member_mac(16);
            std::copy(mac.begin(), mac.end(), ethernet.source);
            ethernet.type = type;
            std::vector<std::byte> whole(sizeof ethernet + size);
            std::memcpy(whole.data(), &ethernet, sizeof ethernet);
            std::copy(frame.begin(), frame.end(), whole.begin() + sizeof ethernet);
            (void)lan::speaks_for_itself(whole, 16);
        }
    }
    for (auto asked : {frame, ByteSpan(wrapped)})
        if (auto answer = names.answer(asked)) {
            auto whole = wire::ethernet::parse(*answer);
            must(whole && wire::ipv4::parse(ByteSpan(*answer).subspan(14), static_cast<u32>(answer->size() - 14)).has_value());
        }
    return 0;
}
