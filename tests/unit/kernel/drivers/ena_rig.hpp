// The ENA driver over a fake device, for its tests.
#pragma once

#include "kernel/drivers/net/ena/device.hpp"
#include "tests/fakes/ena.hpp"
#include "tests/unit/kernel/drivers/watched_card_rig.hpp"

namespace spore::drivers::ena {

enum class Queues : u8 { host, host_one_interrupt, memory, memory_wide };

inline wire::ena::DeviceMemory memory_of(Queues queues) {
    using namespace wire::ena;
    DeviceMemory memory{.queues = 8, .depth = 1024, .header_places = 3, .header_place = 0, .entry_sizes = 7, .entry_size = 0, .before_header = 0xf, .before_header_chosen = 0,
                        .strides = 3, .stride = 0, .version = 1, .recommended_entry_size = 0, .large_depth = 512, .modes = 0, .most_burst = 0, .reserved = 0};
    if (queues == Queues::memory_wide) {
        memory.recommended_entry_size = entry_of_256;
        memory.modes = mode_no_stored_meta | mode_bursts;
        memory.most_burst = 8 * 256;
    }
    return memory;
}

/// A driver, its card and its stack.
class Rig : public fakes::WatchedCardRig<Device, fakes::EnaCard> {
public:
    explicit Rig(Queues queues) : WatchedCardRig(600) {
        if (queues == Queues::host_one_interrupt) card.messages = 2;
        if (queues >= Queues::memory) card.device_memory = memory_of(queues);
    }
    void make() override { make_driver(card.hardware(), fakes::EnaCard::register_space, Memory{card.memory(), fakes::EnaCard::memory_size}, card.plain); }
    void start() {
        WatchedCardRig::start();
        card.set_link(true);
    }
    bool receive(fakes::Bytes frame, u32 status = 0, u32 piece = 4096, u8 offset = 0) { return card.receive(as_broadcast(std::move(frame)), status, piece, offset); }
};

class EnaCase : public testing::TestWithParam<Queues>, protected Rig {
protected:
    EnaCase() : Rig(GetParam()) {}
    bool in_memory() const { return GetParam() >= Queues::memory; }
};
inline auto all_queues() { return testing::Values(Queues::host, Queues::host_one_interrupt, Queues::memory, Queues::memory_wide); }
inline std::string name_of(const testing::TestParamInfo<Queues>& queues) {
    constexpr const char* names[] = {"Host", "HostOneInterrupt", "Memory", "MemoryWide"};
    return names[static_cast<u32>(queues.param)];
}

}  // namespace spore::drivers::ena
