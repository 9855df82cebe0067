#include "kernel/net/tcp/secret.hpp"

#include <atomic>
#include <bit>

#include "base/locked.hpp"
#include "kernel/core/random.hpp"
#include "kernel/sync/spin.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net::tcp {
namespace {

enum class Purpose : u8 { table, sequence, timestamp, cookie, fast_open, port, count };

struct Keys {
    std::atomic<bool> drawn = false;
    sync::Spin lock;
    std::array<SipKey, static_cast<u32>(Purpose::count)> keys{};
};
constinit Keys keys;

const SipKey& key(Purpose purpose) {
    if (!keys.drawn.load(std::memory_order_acquire)) [[unlikely]] {  // pairs with the release below
        Guard guard(keys.lock);
        if (!keys.drawn.load(std::memory_order_relaxed)) {
            core::fill_random(std::as_writable_bytes(std::span(keys.keys)));
            keys.drawn.store(true, std::memory_order_release);
        }
    }
    return keys.keys[static_cast<u32>(purpose)];
}

struct SipState {
    u64 v0, v1, v2, v3;

    void round() {
        v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
        v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
    }
};

template <int compression, int finalization>
u64 sip_hash(const SipKey& key, std::span<const u64> words) {
    SipState state{key.a ^ 0x736f'6d65'7073'6575, key.b ^ 0x646f'7261'6e64'6f6d, key.a ^ 0x6c79'6765'6e65'7261, key.b ^ 0x7465'6462'7974'6573};
    auto absorb = [&](u64 word) {
        state.v3 ^= word;
        for (int i = 0; i < compression; ++i) state.round();
        state.v0 ^= word;
    };
    for (u64 word : words) absorb(word);
    absorb(u64{words.size() * 8} << 56);
    state.v2 ^= 0xff;
    for (int i = 0; i < finalization; ++i) state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

u64 flow_mac(Purpose purpose, const Endpoint& local, const Endpoint& remote, u64 what) {
    FlowWords flow(local.address, local.port, remote.address, remote.port);
    std::array<u64, 6> words;
    for (u32 i = 0; i < flow.count; ++i) words[i] = flow.words[i];
    words[flow.count] = what;
    return sip_hash<2, 4>(key(purpose), std::span(words).first(flow.count + 1));
}

}  // namespace

u64 sip_hash_1_3(const SipKey& k, std::span<const u64> words) { return sip_hash<1, 3>(k, words); }
u64 sip_hash_2_4(const SipKey& k, std::span<const u64> words) { return sip_hash<2, 4>(k, words); }

FlowWords::FlowWords(const IpAddress& local, u16 local_port, const IpAddress& remote, u16 remote_port) {
    u64 a[2], b[2];
    std::memcpy(a, local.bytes().data(), 16);
    std::memcpy(b, remote.bytes().data(), 16);
    u64 ports = u64{local_port} << 16 | remote_port;
    if (remote.is_v4()) {  // the interesting halves of both addresses in one word
        words[0] = (a[1] & 0xffff'ffff'0000'0000) | b[1] >> 32;
        words[1] = ports;
        count = 2;
        return;
    }
    words = {a[0], a[1], b[0], b[1], ports};
    count = 5;
}

u32 flow_hash(const IpAddress& local, u16 local_port, const IpAddress& remote, u16 remote_port) {
    FlowWords flow(local, local_port, remote, remote_port);
    return static_cast<u32>(sip_hash<1, 3>(key(Purpose::table), flow.span()));
}

u32 initial_sequence(const Endpoint& local, const Endpoint& remote) {
    return static_cast<u32>(flow_mac(Purpose::sequence, local, remote, 0)) + static_cast<u32>(time::now().nanoseconds >> 6);
}

u32 timestamp_offset(const Endpoint& local, const Endpoint& remote) {
    return static_cast<u32>(flow_mac(Purpose::timestamp, local, remote, 0));
}

u64 cookie_mac(const Endpoint& local, const Endpoint& remote, u64 what) { return flow_mac(Purpose::cookie, local, remote, what); }

u64 fast_open_mac(const IpAddress& local, const IpAddress& remote) {
    FlowWords flow(local, 0, remote, 0);
    return sip_hash<2, 4>(key(Purpose::fast_open), flow.span());
}

u32 port_offset(const IpAddress& local, const Endpoint& remote) {
    FlowWords flow(local, 0, remote.address, remote.port);
    return static_cast<u32>(sip_hash<2, 4>(key(Purpose::port), flow.span()));
}

}  // namespace spore::net::tcp
