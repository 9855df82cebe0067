#include "kernel/drivers/xen/control.hpp"

#include "kernel/core/log.hpp"
#include "kernel/device/stop_request.hpp"

namespace spore::drivers::xen {
namespace {

constexpr std::string_view wish_path = "control/shutdown";

std::optional<device::AfterEnd> meaning_of(std::string_view wish) {
    if (wish == "poweroff" || wish == "halt") return device::AfterEnd::power_off;
    if (wish == "reboot") return device::AfterEnd::restart;
    return std::nullopt;
}

/// What is taken is answered by an empty value; the toolstack waits for that. What is not, stays: it gives up then.
void take_wish(Store& store) {
    char text[32];
    auto wish = store.read(wish_path, text);
    if (!wish || wish->empty()) return;
    auto after = meaning_of(*wish);
    if (!after) return core::warn("Xen's toolstack asks for '{}', which is not known", *wish);
    if (!store.write(wish_path, "")) core::warn("Xen's store does not take the answer to '{}'", *wish);
    device::request_stop(*after);
}

}  // namespace

void serve_control(Store& store) {
    for (auto path : {"control/feature-poweroff", "control/feature-reboot"}) (void)store.write(path, "1");  // older toolstacks have no such thing
    auto watched = store.watch(wish_path);
    while (watched && (watched = store.await_change())) take_wish(store);
    core::warn("Xen's store is not there any more: xl shutdown will not be heard");
}

}  // namespace spore::drivers::xen
