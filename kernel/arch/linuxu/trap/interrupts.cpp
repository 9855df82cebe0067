#include "interrupts.hpp"

#include <fcntl.h>

#include <array>

#include "../cpu/local.hpp"
#include "../cpu/timer.hpp"
#include "../host/call.hpp"
#include "../../isa/x86_64/mmu/flush.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/task/thread.hpp"
#include "signals.hpp"

namespace spore::arch {
namespace {

struct Connection {
    int descriptor;
    InterruptHandler handler;
    void* context;
};
constexpr u32 most_connections = 16;
constinit std::array<Connection, most_connections> connections{};
constinit u32 connection_count = 0;

bool own_signals_of(int descriptor) { return host::call(SYS_fcntl, descriptor, F_SETOWN, local().processes.number()) >= 0; }

}  // namespace

void handle_news() {
    // Whoever sent news wrote before what they are of; pairs with kick() and ask().
    u32 got = local().news.exchange(0, std::memory_order_acquire);
    core::trace(core::TracePoint::interrupt, got);
    if (got & news::flush) serve_flushes();
    if (got & news::device)
        for (u32 i = 0; i < connection_count; ++i) connections[i].handler(connections[i].context);
    if (got & news::timer && timer_is_due()) task::on_timer();
    if (got & news::kick) task::on_kick();
}

Result<void> connect_descriptor(int descriptor, InterruptHandler handler, void* context) {
    if (connection_count == most_connections) return fail(Error::busy);
    connections[connection_count++] = {descriptor, handler, context};
    i64 flags = host::call(SYS_fcntl, descriptor, F_GETFL);
    if (flags < 0 || !own_signals_of(descriptor)) return fail(Error::invalid);
    if (host::call(SYS_fcntl, descriptor, F_SETFL, flags | O_ASYNC) < 0) return fail(Error::invalid);
    local().news.fetch_or(news::device, std::memory_order_relaxed);  // what was there before
    return {};
}

void redirect_descriptors() {
    for (u32 i = 0; i < connection_count; ++i) own_signals_of(connections[i].descriptor);
}

// There are no lines and no messages: devices are files.
Result<void> connect_line(u32, Trigger, InterruptHandler, void*) { return fail(Error::not_supported); }
Result<Message> connect_message(PciAddress, u32, InterruptHandler, void*) { return fail(Error::not_supported); }

}  // namespace spore::arch
