// The gVNIC driver over a fake device, for its tests.
#pragma once

#include "kernel/drivers/net/gve/device.hpp"
#include "tests/fakes/gve.hpp"
#include "tests/unit/kernel/drivers/watched_card_rig.hpp"

namespace spore::drivers::gve {

/// Types of packets, as the fake device numbers them.
inline constexpr u16 tcp4 = 512 + 2 * 8 + 2, udp4 = tcp4 + 1, icmp4 = tcp4 + 2, tcp6 = tcp4 + 8, udp6 = udp4 + 8;

/// By revision, and by the sizes of rings and buffers.
enum class Kind : u8 { first, smallest, later };

/// A driver, its card and its stack.
class Rig : public fakes::WatchedCardRig<Device, fakes::GveCard> {
public:
    explicit Rig(Kind kind) : WatchedCardRig(1200) {
        if (kind == Kind::smallest) card.send_entries = card.receive_entries = least_entries, card.buffer_size = 0;
        if (kind == Kind::later) card.revision = 1;
    }
    void make() override { make_driver(card.hardware(), card.doorbells(), fakes::GveCard::doorbell_count, card.revision); }
    bool receive(fakes::Bytes frame, const fakes::GveCard::How& how = {}) { return card.receive(as_broadcast(std::move(frame)), how); }
};

class GveCase : public testing::TestWithParam<Kind>, protected Rig {
protected:
    GveCase() : Rig(GetParam()) {}
};
inline auto kinds() { return testing::Values(Kind::first, Kind::smallest, Kind::later); }
inline std::string name_of(const testing::TestParamInfo<Kind>& kind) {
    constexpr const char* names[] = {"First", "Smallest", "Later"};
    return names[static_cast<u32>(kind.param)];
}

}  // namespace spore::drivers::gve
