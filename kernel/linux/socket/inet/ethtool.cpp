#include "kernel/linux/socket/inet/ethtool.hpp"

#include <algorithm>

#include "kernel/linux/system.hpp"

namespace spore::linux {

namespace {

enum Command : u32 { get_settings = 0x1, get_driver = 0x3, get_link = 0xa, get_link_settings = 0x4c };
// What a virtual card does not know.
constexpr u32 speed_unknown = ~u32{0};
constexpr u8 duplex_unknown = 0xff, port_other = 0xff;

/// struct ethtool_drvinfo
struct DriverInfo {
    u32 command;
    char driver[32], version[32], firmware_version[32], bus_info[32], rom_version[32], reserved[12];
    u32 private_flags, statistics, test_results, memory_size, registers_size;
};
static_assert(sizeof(DriverInfo) == 196);

/// struct ethtool_value
struct Value {
    u32 command, data;
};

/// struct ethtool_cmd
struct Settings {
    u32 command, supported, advertised;
    u16 speed;
    u8 duplex, port, address, transceiver, negotiation, mdio;
    u32 most_sent, most_received;
    u16 speed_high;
    u8 crossing, crossing_control;
    u32 partner_advertised, reserved[2];
};
static_assert(sizeof(Settings) == 44);

/// struct ethtool_link_settings, and three masks of so many words as it says
constexpr i8 mask_words = 4;
struct LinkSettings {
    u32 command, speed;
    u8 duplex, port, address, negotiation, mdio, crossing, crossing_control;
    i8 words;
    u8 transceiver, reserved_small[3];
    u32 reserved[7], masks[3 * mask_words];
};
static_assert(sizeof(LinkSettings) == 48 + 4 * 3 * mask_words);

/// By Linux's name for it.
template <std::size_t N>
void set_text(char (&to)[N], std::string_view text) {
    auto end = std::ranges::replace_copy(text.substr(0, N - 1), to, '-', '_').out;
    std::fill(end, to + N, '\0');
}

}  // namespace

Result<void> answer_ethtool(const net::Interface& interface, u64 data) {
    auto* device = interface.device();
    u32 command = TRY(UserIn<u32>{{data}}.read());
    if (command == get_link) return UserOut<Value>{{data}}.write({command, interface.up()});
    if (!device) return fail(Error::not_supported);
    switch (command) {
    case get_driver: {
        DriverInfo info{.command = command};
        set_text(info.driver, device->driver());
        release.copy(info.version, sizeof info.version - 1);
        return UserOut<DriverInfo>{{data}}.write(info);
    }
    case get_settings: {
        Settings settings{.command = command, .speed = 0xffff, .duplex = duplex_unknown, .port = port_other, .speed_high = 0xffff};
        return UserOut<Settings>{{data}}.write(settings);
    }
    case get_link_settings: {
        // Who does not know how many words the masks have is told, and asks again.
        struct Head {
            u32 command, speed;
            u8 before[7];
            i8 words;
        };
        if (TRY(UserIn<Head>{{data}}.read()).words != mask_words) {
            Head head{.command = command, .speed = 0, .before = {}, .words = -mask_words};
            return UserOut<Head>{{data}}.write(head);
        }
        LinkSettings settings{.command = command, .speed = speed_unknown, .duplex = duplex_unknown, .port = port_other, .words = mask_words};
        return UserOut<LinkSettings>{{data}}.write(settings);
    }
    default: return fail(Error::not_supported);
    }
}

}  // namespace spore::linux
