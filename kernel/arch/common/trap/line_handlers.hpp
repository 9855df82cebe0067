// Handlers of interrupt lines, which several devices may share.
#pragma once

#include "arch/interrupts.hpp"

namespace spore::arch {

/// One device's. A line is known by a pointer to its first, and a line without handlers by a null one.
struct LineHandler {
    InterruptHandler function = nullptr;
    void* context = nullptr;
    LineHandler* next = nullptr;
};

inline void run_handlers(LineHandler* const& line) {
    for (auto* handler = __atomic_load_n(&line, __ATOMIC_ACQUIRE); handler; handler = handler->next) handler->function(handler->context);
}

/// Room for so many handlers. Callers lock; run_handlers() does not need to.
template <u32 size>
class LineHandlers {
public:
    /// The first handler of a line is there before route() lets the interrupt arrive, and gone again when that fails. busy when there is no room.
    template <typename Route>
    Result<void> add(LineHandler*& line, InterruptHandler function, void* context, Route&& route) {
        if (used_ == size) return fail(Error::busy);
        auto* first = line;
        handlers_[used_] = {function, context, first};
        __atomic_store_n(&line, &handlers_[used_], __ATOMIC_RELEASE);
        if (!first) {
            if (auto routed = route(); !routed) {
                line = nullptr;
                return routed;
            }
        }
        ++used_;
        return {};
    }

private:
    LineHandler handlers_[size];
    u32 used_ = 0;
};

}  // namespace spore::arch
