// An e1000 controller whose descriptors say what the input says: lengths, states and errors of what was received, and what was sent when. The
// driver must neither read nor write what is not its own, nor lose memory, and what it hands to the stack must be whole.
#include <optional>

#include "kernel/drivers/net/e1000/device.hpp"
#include "tests/fakes/e1000.hpp"
#include "tests/fuzz/card.hpp"

using namespace spore;
using namespace spore::fakes;
using fuzz::Input;
using fuzz::must;
using wire::e1000::Register;

namespace {

class Scene {
public:
    explicit Scene(Input& input) : input_(input) {
        u8 shape = input.byte();
        auto kind = shape & 1 ? E1000Card::Kind::old : E1000Card::Kind::with_messages;
        Owned<E1000Card> own(new E1000Card(kind));
        card_ = own.get();
        card_->loads_address = shape & 2;
        card_->eeprom[0] = input.half();
        card_->refuses_interrupts = shape >> 2 == 1;
        driver_.emplace(Owned<drivers::e1000::Hardware>(own.release()), *drivers::e1000::find_model(shape & 1 ? 0x100e : 0x10d3));
        if (driver_->open()) driver_->start(sink_);
        else driver_.reset();
    }
    void run() {
        while (driver_ && driver_->link_up() && !input_.empty()) step();
    }

private:
    u32 size_of_ring(Register length) { return card_->registers[length] / 16; }
    void step() {
        using wire::e1000::Received;
        switch (input_.byte() % 9) {
        case 0: (void)card_->receive(Bytes(14 + input_.half() % 1500, 0xff), input_.byte(), input_.byte()); break;
        case 1: card_->write_back({input_.half(), input_.half(), input_.half(), input_.byte(), input_.byte(), input_.half()}); break;
        case 2: {  // anywhere
            auto* ring = static_cast<Received*>(arch::direct({card_->registers[Register::receive_base_low]}));
            auto& one = ring[input_.byte() % size_of_ring(Register::receive_length)];
            one.length = input_.half(), one.status = input_.byte(), one.errors = input_.byte();
            break;
        }
        case 3: {
            auto* ring = static_cast<wire::e1000::Transmit*>(arch::direct({card_->registers[Register::transmit_base_low]}));
            ring[input_.byte() % size_of_ring(Register::transmit_length)].high ^= wire::e1000::transmit_done;
            break;
        }
        case 4: card_->hold(); break;
        case 5: card_->resume(); break;
        case 6: fuzz::send_any(input_, *driver_); break;
        case 7: card_->cause(u32{1} << input_.byte() % 25); break;
        case 8: card_->set_link(input_.byte() & 1); break;
        }
        device::run_scheduled_jobs();
        fuzz::check_received(sink_.packets, wire::e1000::receive_buffer_size);
        (void)card_->take_sent();
    }

    Input& input_;
    E1000Card* card_ = nullptr;
    NetSink sink_;
    std::optional<drivers::e1000::Device> driver_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    return fuzz::play<Scene>(data, size);
}
