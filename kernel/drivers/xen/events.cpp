#include "kernel/drivers/xen/events.hpp"

#include <bit>

namespace spore::drivers::xen {

using namespace wire::xen;

constinit detail::Channels detail::channels;

namespace {

constinit auto& channels = detail::channels;

void dispatch(u32 port) {
    for (u32 i = 0; i < __atomic_load_n(&channels.count, __ATOMIC_ACQUIRE); ++i)
        if (auto& one = channels.all[i]; one.port == port) one.handler(one.context);
}

/// Each level is cleared before what it stands for is looked at, so that what comes meanwhile is seen, now or by another call.
void on_upcall(void*) {
    auto& shared = arch::xen::shared_info();
    auto& self = shared.processors[0];
    __atomic_store_n(&self.upcall_pending, u8{0}, __ATOMIC_SEQ_CST);
    for (u64 words = __atomic_exchange_n(&self.pending_words, u64{0}, __ATOMIC_SEQ_CST); words; words &= words - 1) {
        auto word = static_cast<u32>(std::countr_zero(words));
        u64 masked = __atomic_load_n(&shared.masked[word], __ATOMIC_RELAXED);
        for (u64 bits = __atomic_fetch_and(&shared.pending[word], masked, __ATOMIC_SEQ_CST) & ~masked; bits; bits &= bits - 1)
            dispatch(word * 64 + static_cast<u32>(std::countr_zero(bits)));
    }
}

}  // namespace

Result<void> start_events() { return arch::xen::connect_events(on_upcall, nullptr); }

Result<u32> allocate_event(u16 remote) {
    AllocateEvent asked{own_domain, remote, 0};
    if (arch::xen::call(Call::events, events_allocate, reinterpret_cast<u64>(&asked)) < 0) return fail(Error::no_space);
    return asked.port;
}

Result<void> connect_event(u32 port, arch::InterruptHandler handler, void* context) {
    if (channels.count == channels.most || port >= event_ports) return fail(Error::no_space);
    channels.all[channels.count] = {port, handler, context};
    __atomic_store_n(&channels.count, channels.count + 1, __ATOMIC_RELEASE);
    // What has come already is delivered by this.
    if (arch::xen::call(Call::events, events_unmask, reinterpret_cast<u64>(&port)) < 0) return fail(Error::not_supported);
    return {};
}

void send_event(u32 port) { arch::xen::call(Call::events, events_send, reinterpret_cast<u64>(&port)); }

}  // namespace spore::drivers::xen
