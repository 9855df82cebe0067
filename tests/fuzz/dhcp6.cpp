// DHCPv6 messages: whatever comes is read within its bounds, and what is granted makes sense.
#include "tests/fuzz/input.hpp"
#include "wire/net/dhcp6.hpp"

using namespace spore;
using namespace spore::wire::dhcp6;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto bytes = std::as_bytes(std::span(data, size));
    auto message = Message::parse(bytes);
    if (!message) return 0;
    for (u16 code = 0; code < 100; ++code)
        if (auto value = message->option(code); value && !value->empty())
            fuzz::must(value->data() >= bytes.data() && value->data() + value->size() <= bytes.data() + bytes.size());
    for (u32 identity : {0u, 2u})
        if (auto grant = message->grant(identity)) fuzz::must(grant->valid > 0 && grant->preferred <= grant->valid);
    return 0;
}
