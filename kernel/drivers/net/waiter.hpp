// Waiting for what a device does soon, by looking again and again.
#pragma once

#include "kernel/time/timer.hpp"

namespace spore::drivers {

class Waiter {
public:
    /// How a wait passes the time until it looks again.
    using Pause = void (*)();

    explicit Waiter(Pause pause) : pause_(pause) {}
    void set_pause(Pause pause) { pause_ = pause; }

    /// Until done() or for so long; whether it is.
    template <typename Done>
    bool wait(Duration patience, Done&& done) const {
        for (auto deadline = time::now() + patience; !done(); pause_())
            if (time::now() >= deadline) return false;
        return true;
    }

private:
    Pause pause_;
};

}  // namespace spore::drivers
