// A vmxnet3 card whose completions, events and settings say what the input says, at any time. The driver must neither read nor write what is not its
// own, nor lose memory, and what it hands to the stack must be whole.
#include <optional>

#include "kernel/drivers/net/vmxnet3/device.hpp"
#include "tests/fakes/vmxnet3.hpp"
#include "tests/fuzz/card.hpp"

using namespace spore;
using namespace spore::fakes;
using fuzz::Input;
using fuzz::must;

namespace {

class Scene {
public:
    explicit Scene(Input& input) : input_(input), shape_(input.byte()), card_(shape_ & 3) {
        card_.masks_itself = shape_ & 4;
        card_.wants_updates = shape_ & 8;
        card_.revisions = shape_ & 16 ? 7 : shape_ >> 6;
        card_.refuses_interrupts = shape_ >> 4 == 3;
        driver_.emplace(card_.queues(), card_.control());
        if (driver_->open()) driver_->start(sink_);
        else driver_.reset();
    }
    void run() {
        while (driver_ && card_.active && !input_.empty()) step();
    }

private:
    wire::vmxnet3::Completion completion() {
        auto word = [&] { return input_.half() | u32{input_.half()} << 16; };
        return {{word(), word(), word(), word()}};
    }
    void step() {
        switch (input_.byte() % 9) {
        case 0: (void)card_.receive(Bytes(14 + input_.half() % 1500, 0xff), {{0, 0, 0, u32{input_.half()} << 16}}); break;
        case 1: card_.complete_receive(completion()); break;
        case 2: card_.complete_send(input_.half()); break;
        case 3: {  // anywhere
            auto& queue = card_.send_queue();
            auto address = input_.byte() & 1 ? card_.receive_queue().completions : queue.completions;
            static_cast<wire::vmxnet3::Completion*>(arch::direct({address}))[input_.byte() % 128] = completion();
            break;
        }
        case 4: card_.hold(); break;
        case 5: card_.resume(); break;
        case 6: fuzz::send_any(input_, *driver_); break;
        case 7: card_.event(u32{1} << input_.byte() % 32); break;
        case 8: card_.set_link(input_.byte() & 1); break;
        }
        device::run_scheduled_jobs();
        fuzz::check_received(sink_.packets, page_size);
        (void)card_.take_sent();
    }

    Input& input_;
    u8 shape_;
    Vmxnet3Card card_;
    NetSink sink_;
    std::optional<drivers::vmxnet3::Device> driver_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    return fuzz::play<Scene>(data, size);
}
