// Where programs enter: the dispatch table and what surrounds a call.
#include "kernel/linux/dispatch.hpp"

#include <algorithm>
#include <array>

#include "arch/entry.hpp"
#include "kernel/core/log.hpp"
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/machine/numbers.hpp"
#include "kernel/linux/process/task.hpp"
#include "kernel/linux/signal/deliver.hpp"
#include "kernel/linux/strace.hpp"

namespace spore::linux {

namespace {

struct Entry {
    CallInfo info;
    Handler handler;
};

#define CALL(name, x86_64, arm64, interrupt, status, arguments, note)                                      \
    Entry{detail::Wrap<&calls::name>::info(machine::number(x86_64, arm64), #name, Status::status, note),   \
          &detail::Wrap<&calls::name>::enter<Interrupt::interrupt>},
constexpr Entry declared[] = {
#include "kernel/linux/calls/all.list.hpp"
};
#undef CALL

constexpr std::size_t present = std::ranges::count_if(declared, [](const Entry& entry) { return entry.info.number != none; });

/// This machine's calls in order of their numbers.
constexpr auto sorted = [] {
    std::array<Entry, present> entries{};
    std::ranges::copy_if(declared, entries.begin(), [](const Entry& entry) { return entry.info.number != none; });
    std::ranges::sort(entries, {}, [](const Entry& entry) { return entry.info.number; });
    return entries;
}();
static_assert(std::ranges::adjacent_find(sorted, {}, [](const Entry& entry) { return entry.info.number; }) == sorted.end(),
              "two calls have the same number");

constexpr u64 table_size = static_cast<u64>(sorted.back().info.number) + 1;
static_assert(table_size < 512, "the numbers are expected to be dense");

/// A call that is not there. Says so once for each.
[[gnu::cold]] i64 unknown_call(Task& task, const arch::TrapFrame& frame) {
    static constinit std::atomic<u64> reported[8] = {};
    u64 number = arch::system_call_number(frame);
    u64 bit = u64{1} << (number % 64);
    if (number < 512 && !(reported[number / 64].fetch_or(bit, std::memory_order_relaxed) & bit))
        core::warn("system call {} ({}) is not supported: {} got ENOSYS", call_name(number), number, std::string_view(task.name));
    return failure(Errno::enosys);
}

constexpr auto handlers = [] {
    std::array<Handler, table_size> table;
    table.fill(&unknown_call);
    for (auto& entry : sorted) table[static_cast<u64>(entry.info.number)] = entry.handler;
    return table;
}();

constexpr auto infos = [] {
    std::array<CallInfo, present> table{};
    for (std::size_t i = 0; i < present; ++i) table[i] = sorted[i].info;
    return table;
}();

/// Numbers below this go straight to their handlers: one comparison finds both those that are too large, and strace.
constinit u64 direct_calls = table_size;

[[gnu::cold]] i64 call_indirectly(Task& task, const arch::TrapFrame& frame) {
    u64 number = arch::system_call_number(frame);
    auto handler = number < table_size ? handlers[number] : &unknown_call;
    if (direct_calls == table_size) return handler(task, frame);
    trace_begin(task, frame);
    i64 result = handler(task, frame);
    trace_end(task, frame, result);
    return result;
}

}  // namespace

namespace detail {
i64 fail_call(Task& task, Error error, Interrupt interrupt) {
    if (error == Error::restart || (error == Error::interrupted && interrupt != Interrupt::fails)) {
        task.set_attention();
        bool unconditional = error == Error::restart || interrupt == Interrupt::restarts;
        return static_cast<i64>(unconditional ? Again::if_handler_restarts : Again::if_no_handler);
    }
    return failure(errno_of(error));
}
}  // namespace detail

std::span<const CallInfo> all_calls() { return infos; }

const CallInfo* find_call(u64 number) {
    auto found = std::ranges::lower_bound(infos, static_cast<i64>(number), {}, [](const CallInfo& info) { return i64{info.number}; });
    return found != infos.end() && static_cast<u64>(found->number) == number ? &*found : nullptr;
}

void set_strace(bool on) { direct_calls = on ? 0 : table_size; }

}  // namespace spore::linux

namespace spore::entry {

[[gnu::used]] i64 system_call(arch::TrapFrame& frame) {
    auto& task = linux::current_task();
    u64 number = arch::system_call_number(frame);
    if (number >= linux::direct_calls) [[unlikely]] return linux::call_indirectly(task, frame);
    return linux::handlers[number](task, frame);
}

void leave_to_program(arch::TrapFrame& frame) {
    task::before_return_to_program();
    auto& task = linux::current_task();
    if (task.wants_attention()) [[unlikely]] linux::attend(task, frame);
}

}  // namespace spore::entry
