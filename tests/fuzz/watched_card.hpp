// What fuzzers of drivers do alike that reset their card when it breaks the rules.
#pragma once

#include <optional>

#include "kernel/time/timer.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fuzz/card.hpp"

namespace spore::fuzz {

/// A scene's card and driver, and what happens to them.
///
/// Scene:
///   largest_received             no packet has more bytes
///   void receive()               a frame comes in
///   Received completion()        anything
///   void fill(Received, u16)     completes with it the buffer of that number, which the card has taken
///   void complete_send()         completes anything
///   void tell()                  what else a card says
template <typename Scene, typename Card, typename Driver>
class WatchedCard {
public:
    void run() {
        while (driver_ && card_.active && !input_.empty()) {
            step();
            device::run_scheduled_jobs();
            check_received(sink_.packets, Scene::largest_received);
            (void)card_.take_sent();
            driver_->recover();
        }
    }

protected:
    explicit WatchedCard(Input& input) : input_(input) {}

    /// With the constructor's arguments, but for the last.
    template <typename... Args>
    void start(Args&&... args) {
        driver_.emplace(std::forward<Args>(args)..., [] { fakes::set_time(time::now().nanoseconds + 50'000'000); });
        if (driver_->open()) driver_->start(sink_);
        else driver_.reset();
    }

    Input& input_;
    Card card_;

private:
    Scene& self() { return static_cast<Scene&>(*this); }
    void step() {
        switch (input_.byte() % 11) {
        case 0: return self().receive();
        case 1: return card_.complete_receive(self().completion());
        case 2: {
            auto found = self().completion();
            if (card_.buffers()) self().fill(found, card_.take_buffer());
            return;
        }
        case 3: return self().complete_send();
        case 4: {  // anywhere
            auto rings = card_.rings();
            auto* bytes = static_cast<u8*>(arch::direct({rings[input_.byte() % rings.size()]}));
            bytes[input_.half() % 2048] = input_.byte();
            return;
        }
        case 5: return card_.hold();
        case 6: return card_.resume(input_.byte() & 1);
        case 7: return send_any(input_, *driver_);
        case 8: return self().tell();
        case 9:
            fakes::set_time(time::now().nanoseconds + input_.half() * u64{100'000});
            return time::run_expired();
        case 10: card_.answers_commands = input_.byte() % 8; return;
        }
    }

    fakes::NetSink sink_;
    std::optional<Driver> driver_;
};

}  // namespace spore::fuzz
