// The console's ring. Kernel messages and the program's output go there side by side.
#include <algorithm>

#include "../instructions.hpp"
#include "arch/cpu.hpp"
#include "kernel/sync/spin.hpp"
#include "wire/xen/console.hpp"
#include "xen.hpp"

namespace spore::arch::xen {

using namespace wire::xen;

namespace {

constexpr u64 patience_ns = 2'000'000'000;  // for the other side to take something

constinit ConsolePage* page = nullptr;
constinit u32 port = 0;
constinit sync::Spin output_lock, input_lock;

u32 seen(const u32& counter) { return __atomic_load_n(&counter, __ATOMIC_ACQUIRE); }
void show(u32& counter, u32 value) { __atomic_store_n(&counter, value, __ATOMIC_RELEASE); }  // pairs with the other side's load
void notify() { call(Call::events, events_send, reinterpret_cast<u64>(&port)); }

/// Waits until the other side has taken all but `left` bytes, as long as it takes any.
bool wait_for_reader(u32 left) {
    u64 give_up = monotonic_nanoseconds() + patience_ns;
    for (u32 before = seen(page->out_consumer); page->out_producer - seen(page->out_consumer) > left;) {
        if (u32 now = seen(page->out_consumer); now != before) before = now, give_up = monotonic_nanoseconds() + patience_ns;
        if (monotonic_nanoseconds() > give_up) return false;
        relax();
    }
    return true;
}

/// False when nobody takes it.
bool write_patiently(std::string_view text) {
    while (true) {
        text.remove_prefix(write_console(text));
        if (text.empty()) return true;
        if (!wait_for_reader(sizeof page->out - 1)) return false;
    }
}

}  // namespace

void start_console() {
    auto frame = parameter(Parameter::console_frame), channel = parameter(Parameter::console_port);
    if (!frame || !channel) return;
    auto mapped = map_frame(*frame);
    if (!mapped) return;
    port = static_cast<u32>(*channel);
    page = static_cast<ConsolePage*>(*mapped);
}

u32 console_port() { return port; }

std::size_t write_console(std::string_view text) {
    if (!page) return text.size();
    // A panic may have stopped the lock's holder for ever.
    bool locked = false;
    for (int spin = 0; spin < 1'000'000 && !(locked = output_lock.try_lock()); ++spin) relax();
    u32 end = page->out_producer, used = end - seen(page->out_consumer);
    u32 count = used > sizeof page->out ? 0 : static_cast<u32>(std::min(text.size(), sizeof page->out - used));
    for (u32 i = 0; i < count; ++i) page->out[(end + i) % sizeof page->out] = text[i];
    show(page->out_producer, end + count);
    if (locked) output_lock.unlock();
    if (count) notify();
    return count;
}

std::size_t console_input() {
    if (!page) return 0;
    u32 count = seen(page->in_producer) - page->in_consumer;
    return count > sizeof page->in ? 0 : count;  // the other side's counter makes no sense
}

std::size_t read_console(std::span<char> into) {
    Guard guard(input_lock);
    std::size_t count = std::min(into.size(), console_input());
    if (!count) return 0;
    u32 start = page->in_consumer;
    for (u32 i = 0; i < count; ++i) into[i] = page->in[(start + i) % sizeof page->in];
    show(page->in_consumer, start + static_cast<u32>(count));
    notify();
    return count;
}

bool write_early(std::string_view text) {
    if (!page) return false;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size());
        if (!write_patiently(line)) break;
        if (text.empty()) break;
        text.remove_prefix(1);
        if (!write_patiently("\r\n")) break;
    }
    return true;
}

void drain_console() {
    if (page) (void)wait_for_reader(0);
}

}  // namespace spore::arch::xen
