#include "kernel/net/tcp/syn_cookie.hpp"

#include <atomic>

#include "base/time.hpp"
#include "kernel/net/tcp/secret.hpp"

namespace spore::net::tcp {
namespace {

// A cookie: 5 bits of a clock, 3 bits that choose the segment size, 24 bits of MAC.
constexpr u64 tick_ns = 64'000'000'000;
constexpr u32 ticks_valid = 2;
constexpr u16 sizes_v4[8] = {216, 536, 1024, 1200, 1360, 1440, 1460, 8960};
constexpr u16 sizes_v6[8] = {216, 1024, 1220, 1280, 1360, 1420, 1440, 8940};
// In the timestamp: 4 bits of scale (15: none), then SACK, then ECN.
constexpr u32 timestamp_bits = 6, no_scale = 15;

/// When the last cookie was given, 0: never. Acknowledgements that belong to nothing are not even looked at otherwise.
constinit std::atomic<u64> last_given = 0;

u32 ticks(Instant now) { return static_cast<u32>(now.nanoseconds / tick_ns); }

u32 mac(const Endpoint& local, const Endpoint& remote, u32 irs, u32 tick, u32 size) {
    return static_cast<u32>(cookie_mac(local, remote, u64{irs} << 32 | u64{tick & 0x1fff'ffff} << 3 | size)) & 0xff'ffff;
}

}  // namespace

void make_cookie(Handshake& handshake, const Endpoint& local, const Endpoint& remote, Instant now) {
    auto& sizes = remote.address.is_v4() ? sizes_v4 : sizes_v6;
    u32 size = 0;
    u32 wanted = handshake.peer_mss ? handshake.peer_mss : remote.address.is_v4() ? default_mss_v4 : default_mss_v6;
    while (size + 1 < 8 && sizes[size + 1] <= wanted) ++size;
    u32 tick = ticks(now);
    handshake.iss = (tick & 31) << 27 | size << 24 | mac(local, remote, handshake.irs, tick, size);
    last_given.store(now.nanoseconds | 1, std::memory_order_relaxed);
    if (!handshake.timestamps) {  // then there is no place for these
        handshake.scaling = handshake.sack = handshake.ecn = false;
        handshake.send_scale = handshake.receive_scale = 0;
        return;
    }
    u32 bits = (handshake.scaling ? handshake.send_scale : no_scale) | (handshake.sack ? 1u << 4 : 0) | (handshake.ecn ? 1u << 5 : 0);
    u32 clock = static_cast<u32>(now.nanoseconds / 1'000'000) + handshake.timestamp_offset;
    u32 stamp = (clock & ~((1u << timestamp_bits) - 1)) | bits;
    if (static_cast<i32>(stamp - clock) > 0) stamp -= 1u << timestamp_bits;  // never ahead of later ones
    handshake.timestamp_offset = stamp;
}

bool check_cookie(const Segment& segment, const Endpoint& local, const Endpoint& remote, Instant now, u8 our_scale, Handshake& handshake) {
    u64 given = last_given.load(std::memory_order_relaxed);
    if (given == 0 || now.nanoseconds - given > ticks_valid * tick_ns) return false;
    u32 cookie = segment.acknowledgement - 1, irs = segment.sequence - 1;
    u32 size = cookie >> 24 & 7, tick = ticks(now);
    u32 age = (tick - (cookie >> 27)) & 31;
    if (age >= ticks_valid || mac(local, remote, irs, tick - age, size) != (cookie & 0xff'ffff)) return false;
    handshake = {.iss = cookie, .irs = irs};
    handshake.peer_mss = (remote.address.is_v4() ? sizes_v4 : sizes_v6)[size];
    handshake.receive_window = initial_receive_window;
    handshake.timestamp_offset = timestamp_offset(local, remote);
    if (!segment.options.timestamps) return true;
    u32 bits = segment.options.echo;
    u32 scale = bits & 15;
    handshake.timestamps = true;
    handshake.recent_timestamp = segment.options.timestamp;
    handshake.scaling = scale != no_scale;
    handshake.send_scale = static_cast<u8>(handshake.scaling ? std::min<u32>(scale, max_scale) : 0);
    handshake.receive_scale = handshake.scaling ? our_scale : 0;
    handshake.sack = bits >> 4 & 1;
    handshake.ecn = bits >> 5 & 1;
    return true;
}

}  // namespace spore::net::tcp
