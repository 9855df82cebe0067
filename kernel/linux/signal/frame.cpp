#include "kernel/linux/signal/frame.hpp"

namespace spore::linux {

HandlerStack choose_handler_stack(const Task& task, VirtAddr stack_pointer, const SignalAction& action, u64 red_zone) {
    auto& own = task.signal_stack;
    bool there_already = own.holds(stack_pointer - 1);
    bool switches = (action.flags & sa_onstack) && !(own.flags & SignalStack::disabled) && !there_already;
    HandlerStack stack{switches ? own.base + own.size : stack_pointer.value - red_zone, switches || there_already, own};
    if (there_already) stack.described.flags |= SignalStack::on_stack;
    return stack;
}

void enter_handler_stack(Task& task) {
    if (static_cast<u32>(task.signal_stack.flags) & SignalStack::auto_disarm) task.signal_stack = {};
}

void leave_handler_stack(Task& task, SignalStack saved, VirtAddr stack_pointer) {
    saved.flags &= ~SignalStack::on_stack;
    if (!task.signal_stack.holds(stack_pointer - 1)) task.signal_stack = saved;
}

}  // namespace spore::linux
