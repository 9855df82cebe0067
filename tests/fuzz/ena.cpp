// An ENA device whose answers, events and completions say what the input says, at any time. The driver must neither read nor write what is not its own,
// nor lose memory, and what it hands to the stack must be whole; what it resets it must be able to use again.
#include "kernel/drivers/net/ena/device.hpp"
#include "tests/fakes/ena.hpp"
#include "tests/fuzz/watched_card.hpp"

using namespace spore;
using namespace spore::fakes;
using fuzz::Input;
using namespace wire::ena;

namespace {

class Scene : public fuzz::WatchedCard<Scene, EnaCard, drivers::ena::Device> {
public:
    explicit Scene(Input& input) : WatchedCard(input) {
        u8 shape = input.byte();
        card_.plain = shape & 1;
        card_.messages = 3 - (shape >> 1 & 1);
        card_.limits.send_descriptors = static_cast<u16>(3 + input.byte() % 30);
        card_.limits.receive_descriptors = static_cast<u16>(1 + input.byte() % 30);
        if (shape & 4) {
            bool wide = shape & 8;
            card_.device_memory = {.queues = 1, .depth = 512, .header_places = 1, .header_place = 0, .entry_sizes = 5, .entry_size = 0, .before_header = 2,
                                   .before_header_chosen = 0, .strides = 2, .stride = 0, .version = 1, .recommended_entry_size = wide ? u8{entry_of_256} : u8{0}, .large_depth = 256,
                                   .modes = static_cast<u16>(shape >> 4 & 3), .most_burst = static_cast<u16>(1024 + input.byte() * 8), .reserved = 0};
        }
        if (shape & 64) card_.offloads.send = input.half();
        if (shape & 128) {
            card_.far.doorbell = input.byte() & 1 ? EnaCard::register_space + input.half() : 0;
            card_.far.entries = input.half() | u32{input.half()} << 16;
            card_.far_unmask = input.byte() & 1 ? EnaCard::register_space + input.half() : 0;
            card_.keep_alive_ms = input.half();
        }
        start(card_.hardware(), EnaCard::register_space, drivers::ena::Memory{card_.memory(), EnaCard::memory_size}, card_.plain);
    }

    static constexpr u32 largest_received = 0x1'0000;
    void receive() { (void)card_.receive(Bytes(14 + input_.half() % 1500, 0xff), input_.half(), 1600, input_.byte()); }
    Received completion() {
        return {.status = input_.word(), .size = input_.half(), .request = input_.half(), .hash = 0, .queue = 0, .offset = input_.byte(), .reserved = 0};
    }
    void fill(Received found, u16 buffer) {
        found.request = buffer;
        card_.complete_receive(found);
    }
    void complete_send() { card_.complete_send(input_.byte()); }
    void tell() { card_.event(static_cast<EventGroup>(input_.byte() % 10), input_.byte() % 4, {input_.half(), input_.half()}); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    return fuzz::play<Scene>(data, size);
}
