// DHCP messages: whatever comes is read within its bounds, and names that are taken from it are names.
#include <cstdlib>
#include <string_view>

#include "wire/net/dhcp.hpp"

using namespace spore;
using namespace spore::wire::dhcp;

namespace {
void must(bool condition) {
    if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto bytes = std::as_bytes(std::span(data, size));
    char names[64];
    auto written = write_names(bytes, names);
    must(written <= sizeof names);
    for (char c : std::string_view(names, written)) must(c == ' ' || is_domain_name(std::string_view(&c, 1)));
    (void)for_each_route(bytes, [](u32 destination, u8 length, u32) { must(length <= 32 && (length == 32 || (destination & ~u32{0} >> length) == 0)); });

    // The header is made right, so that what follows is looked at.
    std::byte whole[1500] = {};
    auto& header = *reinterpret_cast<Header*>(whole);
    header.operation = reply, header.hardware_type = ethernet, header.hardware_size = 6, header.cookie = magic;
    size = std::min(size, sizeof whole - sizeof header);
    std::memcpy(whole + sizeof header, data, size);
    auto part = std::min<std::size_t>(size, sizeof header.file);
    std::memcpy(header.file, data, part);
    std::memcpy(header.server_name, data, std::min(part, sizeof header.server_name));
    auto message = Message::parse({whole, sizeof header + size});
    if (!message) return 0;
    for (unsigned code = 1; code < 255; ++code) {
        std::byte into[100];
        auto value = message->option(static_cast<u8>(code), into);
        must(!value || (value->data() == into && value->size() <= sizeof into));
        (void)message->number16(static_cast<u8>(code)), (void)message->number32(static_cast<u8>(code));
    }
    return 0;
}
