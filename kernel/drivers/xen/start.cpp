#include "kernel/drivers/xen/start.hpp"

#include "base/format.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/drivers/xen/block.hpp"
#include "kernel/drivers/xen/control.hpp"
#include "kernel/drivers/xen/events.hpp"
#include "kernel/drivers/xen/net/device.hpp"
#include "kernel/task/thread.hpp"

namespace spore::drivers::xen {
namespace {

constinit Store store;

void attach_all(std::string_view kind, Result<void> (*attach)(const Frontend&)) {
    char folder[32], names[512], path[64];
    auto list = store.list(format_to(folder, "device/{}", kind), names);
    if (!list) return;  // none
    for (auto rest = *list; !rest.empty();) {
        auto where = format_to(path, "device/{}/{}", kind, wire::xen::next_name(rest));
        auto end = Frontend::open(store, where);
        auto attached = end ? attach(*end) : fail(end.error());
        if (!attached) core::warn("{} does not start: error {}", where, attached.error());
    }
}

}  // namespace

void start() {
    if (!start_events()) return core::warn("Xen delivers no events: its devices stay unused");
    if (!store.open()) return core::warn("there is no way to Xen's store: devices stay unused");
    if constexpr (core::has(core::Part::disk) || core::has(core::Part::volumes)) attach_all("vbd", attach_block);
    if constexpr (core::has(core::Part::network)) attach_all("vif", attach_net);
}

void listen_for_stop() {
    if (!store.is_open()) return;
    auto thread = task::Thread::create("control", [](void*) { serve_control(store), task::end(); }, nullptr);
    if (thread) task::start(std::move(*thread));
    else core::warn("no memory to hear of xl shutdown");
}

}  // namespace spore::drivers::xen
