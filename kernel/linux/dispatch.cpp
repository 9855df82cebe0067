// Where programs enter: the dispatch table and what surrounds a call.
#include "kernel/linux/dispatch.hpp"

#include <algorithm>
#include <array>

#include "arch/entry.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/machine/numbers.hpp"
#include "kernel/linux/process/task.hpp"
#include "kernel/linux/signal/deliver.hpp"
#include "kernel/linux/strace.hpp"

namespace spore::linux {

namespace {

struct Entry {
    CallInfo info;
    entry::SystemCall handler;  ///< null in a kernel that was tailored without it
};

#define CALL(name, x86_64, arm64, interrupt, status, arguments, note)                                      \
    Entry{detail::Wrap<&calls::name>::info(machine::number(x86_64, arm64), #name, Status::status, note),   \
          core::has_call(#name) ? &detail::Wrap<&calls::name>::enter<Interrupt::interrupt> : nullptr},
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

static_assert(static_cast<u64>(sorted.back().info.number) < entry::system_call_numbers, "the numbers are expected to be dense");

/// A call that is not there. Says so once for each; aloud when only tailoring took it away.
[[gnu::cold]] i64 unknown_call(void* owner, arch::TrapFrame& frame) {
    auto& task = task_of(owner);
    static constinit std::atomic<u64> reported[entry::system_call_numbers / 64] = {};
    u64 number = arch::system_call_number(frame);
    u64 bit = u64{1} << (number % 64);
    if (number < entry::system_call_numbers && !(reported[number / 64].fetch_or(bit, std::memory_order_relaxed) & bit)) {
        if (core::is_tailored && find_call(number))
            core::error("this kernel was tailored without the system call {}, and {} got ENOSYS: keep it with --keep", call_name(number), std::string_view(task.name));
        else core::warn("system call {} ({}) is not supported: {} got ENOSYS", call_name(number), number, std::string_view(task.name));
    }
    return failure(Errno::enosys);
}

constexpr auto handlers = [] {
    std::array<entry::SystemCall, entry::system_call_numbers> table;
    table.fill(&unknown_call);
    for (auto& entry : sorted)
        if (entry.handler) table[static_cast<u64>(entry.info.number)] = entry.handler;
    return table;
}();

/// These give their caller's registers to somebody else.
constexpr std::string_view with_all_registers[] = {"fork", "vfork", "clone", "clone3"};
constexpr bool takes_all_registers(const Entry& entry) { return entry.handler && std::ranges::contains(with_all_registers, entry.info.name); }

constexpr auto direct_handlers = [] {
    auto table = handlers;
    for (auto& entry : sorted)
        if (takes_all_registers(entry))
            table[static_cast<u64>(entry.info.number)] = &entry::system_call_with_all_registers;
    return table;
}();

constexpr std::size_t all_registers_count = std::ranges::count_if(sorted, takes_all_registers);
constexpr auto all_registers_handlers = [] {
    std::array<std::pair<u64, entry::SystemCall>, all_registers_count> table{};
    std::size_t at = 0;
    for (auto& entry : sorted)
        if (takes_all_registers(entry)) table[at++] = {static_cast<u64>(entry.info.number), entry.handler};
    return table;
}();

/// What the log and strace need of each call, in few bytes: all of these are in every image.
struct Shape {
    u16 number, name_at;
    u16 arguments[2];  ///< six ArgumentKinds of five bits
};
constexpr unsigned kind_bits = 5, kinds_in_word = 3;

constexpr std::size_t name_bytes = [] {
    std::size_t size = 0;
    for (auto& entry : sorted) size += entry.info.name.size() + 1;
    return size;
}();
constexpr auto names = [] {
    std::array<char, name_bytes> text{};
    std::size_t at = 0;
    for (auto& entry : sorted) at = static_cast<std::size_t>(std::ranges::copy(entry.info.name, text.begin() + static_cast<std::ptrdiff_t>(at)).out - text.begin()) + 1;
    return text;
}();
constexpr auto shapes = [] {
    std::array<Shape, present> table{};
    std::size_t at = 0;
    for (std::size_t i = 0; i < present; ++i) {
        auto& info = sorted[i].info;
        table[i] = {static_cast<u16>(info.number), static_cast<u16>(at), {}};
        for (unsigned k = 0; k < std::size(info.arguments); ++k)
            table[i].arguments[k / kinds_in_word] |= static_cast<u16>(static_cast<unsigned>(info.arguments[k]) << (k % kinds_in_word * kind_bits));
        at += info.name.size() + 1;
    }
    return table;
}();

}  // namespace

namespace detail {
/// Every call's wrapper would have a copy of it.
[[gnu::noinline]] i64 fail_call(Task& task, Error error, Interrupt interrupt) {
    if (error == Error::restart || (error == Error::interrupted && interrupt != Interrupt::fails)) {
        task.set_attention();
        if (interrupt == Interrupt::repeats) return static_cast<i64>(Again::always);
        bool unconditional = error == Error::restart || interrupt == Interrupt::restarts;
        return static_cast<i64>(unconditional ? Again::if_handler_restarts : Again::if_no_handler);
    }
    return failure(errno_of(error));
}
}  // namespace detail

std::optional<CallInfo> find_call(u64 number) {
    auto found = std::ranges::lower_bound(shapes, number, {}, [](const Shape& shape) { return u64{shape.number}; });
    if (found == shapes.end() || found->number != number) return std::nullopt;
    CallInfo info{.number = found->number, .name = names.data() + found->name_at, .status = {}, .arguments = {}, .note = {}};
    for (unsigned k = 0; k < std::size(info.arguments); ++k)
        info.arguments[k] = static_cast<ArgumentKind>(found->arguments[k / kinds_in_word] >> (k % kinds_in_word * kind_bits) & ((1u << kind_bits) - 1));
    return info;
}

void watch_calls(CallWatcher who, bool on) {
    static constinit bool watches[2] = {};
    watches[static_cast<std::size_t>(who)] = on;
    // Other CPUs read it meanwhile.
    std::atomic_ref(entry::direct_system_calls).store(watches[0] || watches[1] ? 0 : entry::system_call_numbers, std::memory_order_relaxed);
}

}  // namespace spore::linux

namespace spore::entry {

[[gnu::used]] constexpr std::array<SystemCall, system_call_numbers> system_calls = linux::direct_handlers;
[[gnu::used]] constinit u64 direct_system_calls = system_call_numbers;

[[gnu::used, gnu::cold]] i64 any_system_call(void* owner, arch::TrapFrame& frame) {
    u64 number = arch::system_call_number(frame);
    auto handler = number < system_call_numbers ? system_calls[number] : &linux::unknown_call;
    for (auto& [with_all, own] : linux::all_registers_handlers)
        if (number == with_all) handler = own;
    if (direct_system_calls) return handler(owner, frame);
    auto& task = linux::task_of(owner);
    linux::trace_begin(task, frame);
    core::trace(core::TracePoint::call_begin, number, arch::system_call_argument(frame, 0));
    i64 result = handler(owner, frame);
    core::trace(core::TracePoint::call_end, number, static_cast<u64>(result));
    linux::trace_end(task, frame, result);
    return result;
}

[[gnu::always_inline]] void leave_to_program(arch::TrapFrame& frame) {
    task::before_return_to_program();
    auto& task = linux::current_task();
    if (task.wants_attention()) [[unlikely]] linux::attend(task, frame);
}

}  // namespace spore::entry
