#include "interrupts.hpp"

#include "../clock/timer.hpp"
#include "../mmu/active_table.hpp"
#include "arch/interrupts.hpp"
#include "kernel/sync/spin.hpp"
#include "kernel/task/thread.hpp"

namespace spore::arch {
namespace {

struct Handler {
    InterruptHandler function = nullptr;
    void* context = nullptr;
    Handler* next = nullptr;  ///< others that share the line
};

// Written at boot under the lock, before the interrupt can arrive; read without it.
constinit Handler* by_line[interrupt::last_line + 1] = {};
constinit Handler handlers[192];
constinit u32 used = 0;
constinit sync::Spin lock;

void handle_device(u32 line) {
    for (auto* handler = by_line[line]; handler; handler = handler->next) handler->function(handler->context);
}

void handle(Acknowledged interrupt) {
    u32 id = interrupt.id();
    if (id == interrupt::kick) {
        end_interrupt(interrupt);
        return task::on_kick();
    }
    if (id == timer_interrupt()) {
        arm_timer(~u64{0});  // else it goes on asking
        end_interrupt(interrupt);
        return task::on_timer();
    }
    if (id == interrupt::stop) stop_here();
    if (id == interrupt::leave) leave_when_asked();
    else if (id >= interrupt::first_message) handle_message(id);
    else if (id >= interrupt::first_line) handle_device(id);
    end_interrupt(interrupt);
}

}  // namespace

void handle_interrupts() {
    while (true) {
        auto interrupt = acknowledge_interrupt();
        if (!interrupt.is_interrupt()) return;
        handle(interrupt);
    }
}

Result<void> connect_line(u32 line, Trigger trigger, InterruptHandler function, void* context) { return connect_line_to(0, line, trigger, function, context); }

Result<void> connect_line_to(u32 cpu, u32 line, Trigger trigger, InterruptHandler function, void* context) {
    if (line > interrupt::last_line) return fail(Error::not_found);
    Guard guard(lock);
    if (used == std::size(handlers)) return fail(Error::busy);
    auto& handler = handlers[used++];
    handler = {function, context, by_line[line]};
    bool first = !by_line[line];
    __atomic_store_n(&by_line[line], &handler, __ATOMIC_RELEASE);
    return first ? enable_line(line, trigger, cpu) : Result<void>{};
}

}  // namespace spore::arch
