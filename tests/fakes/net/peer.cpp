#include "tests/fakes/net/peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernel/device/poller.hpp"

namespace spore::fakes {

namespace {

constexpr u16 type_arp = 0x0806, type_v4 = 0x0800, type_v6 = 0x86dd;

/// xorshift64*, so that each direction has chances of its own.
u32 draw(u64& state, u64 seed, u32 below) {
    if (state <= 2) state = seed * 0x9e37'79b9'7f4a'7c15 + state;
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return static_cast<u32>((state * 0x2545'f491'4f6c'dd1d >> 33) % below);
}

bool is_group_report(const Parsed& parsed) {
    if (!parsed.is_ip) return false;
    if (parsed.ip.destination.is_v4()) return parsed.ip.protocol == 2;
    return !parsed.ip.options.empty() && !parsed.payload.empty() && (parsed.payload[0] == 143 || parsed.payload[0] == 131 || parsed.payload[0] == 132);
}

}  // namespace

Peer::Peer(NetDevice& device, const device::MacAddress& its_mac) : mac(its_mac), device_(device) {
    device_.on_frame = [this](Bytes frame) { from_.push_back(std::move(frame)); };
}

bool Peer::mine(const IpAddress& address) const { return std::find(addresses.begin(), addresses.end(), address) != addresses.end(); }

Bytes Peer::frame_of(const IpFields& fields, const Bytes& payload) const {
    return ethernet_frame(device_.mac(), mac, fields.destination.is_v4() ? type_v4 : type_v6, ip_packet(fields, payload));
}
void Peer::send(const IpFields& fields, const Bytes& payload) { send_frame(frame_of(fields, payload)); }
void Peer::send_frame(Bytes frame) {
    to_.push_back(std::move(frame));
    if (!running_) run();
}
void Peer::send_frames(std::vector<Bytes> frames) {
    for (auto& frame : frames) to_.push_back(std::move(frame));
    if (!running_) run();
}

/// What arrives of the frames that were sent.
void Peer::pass(std::deque<Bytes>& frames, const Faults& faults, u64& state, std::vector<Bytes>& into) {
    auto happens = [&](u32 per_mille) { return per_mille && draw(state, faults.seed, 1000) < per_mille; };
    while (!frames.empty()) {
        auto frame = std::move(frames.front());
        frames.pop_front();
        if (happens(faults.loss)) continue;
        if (happens(faults.corrupt)) frame[draw(state, faults.seed, static_cast<u32>(frame.size()))] ^= 1 << draw(state, faults.seed, 8);
        if (happens(faults.duplicate)) into.push_back(frame);
        bool swap = happens(faults.reorder) && !into.empty();
        into.push_back(std::move(frame));
        if (swap) std::swap(into[into.size() - 1], into[into.size() - 2]);
    }
}

void Peer::run() {
    running_ = true;
    for (int turns = 0; turns < 10'000; ++turns) {
        bool more = device::run_scheduled_jobs();
        if (from_.empty() && to_.empty() && !more) break;
        std::vector<Bytes> arrived;
        pass(from_, from_stack_, from_random_, arrived);
        for (auto& frame : arrived) handle(std::move(frame));
        arrived.clear();
        pass(to_, to_stack_, to_random_, arrived);
        if (!arrived.empty()) device_.receive(arrived);
    }
    running_ = false;
}

void Peer::handle(Bytes frame) {
    auto parsed = parse_frame(frame);
    if (!parsed) {
        EXPECT_TRUE(from_stack_.corrupt) << "the stack has sent a frame that breaks the rules";
        return;
    }
    if (parsed->to != mac && !(parsed->to.bytes[0] & 1)) return;
    if (answer_arp && parsed->type == type_arp && handle_arp(*parsed)) return;
    if (answer_nd && parsed->is_ip && parsed->ip.protocol == 58 && handle_nd(*parsed)) return;
    if (!show_group_reports && is_group_report(*parsed)) return;
    if (answer_echo && parsed->is_ip && handle_echo(*parsed)) return;
    received_.push_back(std::move(*parsed));
}

/// Requests for our addresses are answered; announcements are nobody's business.
bool Peer::handle_arp(const Parsed& parsed) {
    auto& p = parsed.payload;
    if (p.size() < 28 || read_big(p, 6, 2) != 1) return false;
    auto target = IpAddress::v4(static_cast<u32>(read_big(p, 24, 4)));
    if (!mine(target)) return read_big(p, 14, 4) == read_big(p, 24, 4);
    auto reply = big(1, 2) + big(type_v4, 2) + Bytes{6, 4, 0, 2} + Bytes(mac.bytes.begin(), mac.bytes.end()) + big(read_big(p, 24, 4), 4) +
                 Bytes(p.begin() + 8, p.begin() + 18);
    to_.push_back(ethernet_frame(parsed.from, mac, type_arp, reply));
    return true;
}

bool Peer::handle_nd(const Parsed& parsed) {
    auto& p = parsed.payload;
    if (p.size() < 24 || p[0] != 135) return p.size() >= 24 && p[0] == 136 && parsed.ip.destination == ip("ff02::1");
    std::array<u8, 16> bytes;
    std::copy_n(p.begin() + 8, 16, bytes.begin());
    auto target = IpAddress::v6(bytes);
    if (!mine(target)) return parsed.ip.source.is_unspecified();  // its own duplicate detection
    auto to = parsed.ip.source.is_unspecified() ? ip("ff02::1") : parsed.ip.source;
    auto body = Bytes(p.begin() + 8, p.begin() + 24) + Bytes{2, 1} + Bytes(mac.bytes.begin(), mac.bytes.end());
    auto message = icmp_message(target, to, 136, 0, parsed.ip.source.is_unspecified() ? 0x2000'0000 : 0x6000'0000, body);
    to_.push_back(frame_of({.source = target, .destination = to, .protocol = 58, .hop_limit = 255}, message));
    return true;
}

bool Peer::handle_echo(const Parsed& parsed) {
    auto& p = parsed.payload;
    bool v4 = parsed.ip.destination.is_v4();
    if (p.size() < 8 || parsed.ip.protocol != (v4 ? 1 : 58) || p[0] != (v4 ? 8 : 128)) return false;
    auto body = Bytes(p.begin() + 8, p.end());
    auto reply = icmp_message(parsed.ip.destination, parsed.ip.source, v4 ? 0 : 129, 0, static_cast<u32>(read_big(p, 4, 4)), body);
    to_.push_back(frame_of({.source = parsed.ip.destination, .destination = parsed.ip.source, .protocol = parsed.ip.protocol}, reply));
    return true;
}

std::vector<Parsed> Peer::take() {
    run();
    return std::exchange(received_, {});
}

Parsed Peer::take_one() {
    auto all = take();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Parsed{} : std::move(all.front());
}

}  // namespace spore::fakes
