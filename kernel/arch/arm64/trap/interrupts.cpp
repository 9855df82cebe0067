#include "interrupts.hpp"

#include "../../common/trap/line_handlers.hpp"
#include "../clock/timer.hpp"
#include "../mmu/active_table.hpp"
#include "arch/interrupts.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/sync/spin.hpp"
#include "kernel/task/thread.hpp"

namespace spore::arch {
namespace {

constinit LineHandler* by_line[interrupt::last_line + 1] = {};
constinit LineHandlers<192> handlers;
constinit sync::Spin lock;  ///< for who connects

void handle(Acknowledged interrupt) {
    u32 id = interrupt.id();
    core::trace(core::TracePoint::interrupt, id);
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
    else if (id >= interrupt::first_line) run_handlers(by_line[id]);
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
    return handlers.add(by_line[line], function, context, [&] { return enable_line(line, trigger, cpu); });
}

}  // namespace spore::arch
