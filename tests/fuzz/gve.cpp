// A gVNIC whose description, answers and completions say what the input says, at any time. The driver must neither read nor write what is not its own,
// nor lose memory, and what it hands to the stack must be whole; what it resets it must be able to use again.
#include "kernel/drivers/net/gve/device.hpp"
#include "tests/fakes/gve.hpp"
#include "tests/fuzz/watched_card.hpp"

using namespace spore;
using namespace spore::fakes;
using fuzz::Input;
using namespace wire::gve;

namespace {

class Scene : public fuzz::WatchedCard<Scene, GveCard, drivers::gve::Device> {
public:
    explicit Scene(Input& input) : WatchedCard(input) {
        u8 shape = input.byte();
        card_.revision = shape & 1;
        card_.send_entries = static_cast<u16>(256 << (shape >> 1 & 3));
        card_.receive_entries = static_cast<u16>(256 << (shape >> 3 & 3));
        if (shape & 32) card_.buffer_size = input.half();
        if (shape & 64) {
            card_.mtu = input.half();
            card_.jumbo_mtu = input.half();
            card_.counters = input.half();
            card_.features = input.half();
            card_.option_count_more = input.byte();
            card_.option_size_less = input.byte() % 9;
            card_.size_more = input.half();
        }
        if (shape & 128) {
            card_.far_queue = input.half();
            card_.far_interrupt = input.half();
        }
        start(card_.hardware(), card_.doorbells(), GveCard::doorbell_count, card_.revision);
    }

    static constexpr u32 largest_received = 0x1'2000;
    void receive() { (void)card_.receive(Bytes(14 + input_.half() % 8900, 0xff), {.piece = 1600, .type = input_.half(), .status = input_.byte(), .any_order = true}); }
    Received completion() {
        Received found{};
        found.origin = input_.byte() & 7;
        found.type = input_.half();
        found.size = input_.half();
        found.header = input_.byte() % 4 ? u16{0} : input_.half();
        found.status = input_.byte();
        found.id = input_.half();
        return found;
    }
    void fill(Received found, u16 buffer) {
        found.id = buffer;
        card_.complete_receive(found);
    }
    void complete_send() { card_.complete_send(static_cast<SentType>(input_.byte() % 8), input_.byte()); }
    void tell() {
        switch (input_.byte() % 3) {
        case 0: return card_.set_link(input_.byte() & 1);
        case 1: return card_.ask_for_reset();
        case 2: card_.path = static_cast<GveCard::Path>(input_.byte() % 3); return;
        }
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    return fuzz::play<Scene>(data, size);
}
