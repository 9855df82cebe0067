// A gVNIC whose description, answers and completions say what the input says, at any time. The driver must neither read nor write what is not its own,
// nor lose memory, and what it hands to the stack must be whole; what it resets it must be able to use again.
#include <optional>

#include "kernel/drivers/net/gve/device.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/gve.hpp"
#include "tests/fuzz/card.hpp"

using namespace spore;
using namespace spore::fakes;
using fuzz::Input;
using fuzz::must;
using namespace wire::gve;

namespace {

void pause() { set_time(time::now().nanoseconds + 50'000'000); }

class Scene {
public:
    explicit Scene(Input& input) : input_(input) {
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
        driver_.emplace(card_.hardware(), card_.doorbells(), GveCard::doorbell_count, card_.revision, pause);
        if (driver_->open()) driver_->start(sink_);
        else driver_.reset();
    }
    void run() {
        while (driver_ && card_.active && !input_.empty()) step();
    }

private:
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
    void step() {
        switch (input_.byte() % 12) {
        case 0: (void)card_.receive(Bytes(14 + input_.half() % 8900, 0xff), {.piece = 1600, .type = input_.half(), .status = input_.byte(), .any_order = true}); break;
        case 1: card_.complete_receive(completion()); break;
        case 2: {
            auto found = completion();
            if (!card_.buffers()) break;
            found.id = card_.take_buffer();
            card_.complete_receive(found);
            break;
        }
        case 3: card_.complete_send(static_cast<SentType>(input_.byte() % 8), input_.byte()); break;
        case 4: {  // anywhere
            auto rings = card_.rings();
            auto* bytes = static_cast<u8*>(arch::direct({rings[input_.byte() % rings.size()]}));
            bytes[input_.half() % 2048] = input_.byte();
            break;
        }
        case 5: card_.hold(); break;
        case 6:
            card_.path = static_cast<GveCard::Path>(input_.byte() % 3);
            card_.resume(input_.byte() & 1);
            break;
        case 7: fuzz::send_any(input_, *driver_); break;
        case 8: card_.set_link(input_.byte() & 1); break;
        case 9:
            set_time(time::now().nanoseconds + input_.half() * u64{100'000});
            time::run_expired();
            break;
        case 10: card_.answers_commands = input_.byte() % 8; break;
        case 11: card_.ask_for_reset(); break;
        }
        device::run_scheduled_jobs();
        fuzz::check_received(sink_.packets, 0x1'2000);
        (void)card_.take_sent();
        driver_->recover();
    }

    Input& input_;
    GveCard card_;
    NetSink sink_;
    std::optional<drivers::gve::Device> driver_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    return fuzz::play<Scene>(data, size);
}
