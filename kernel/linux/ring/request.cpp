#include "kernel/linux/ring/request.hpp"

#include "kernel/linux/poll/waiter.hpp"
#include "kernel/linux/ring/ring.hpp"

namespace spore::linux::ring {

bool Request::Tie::notify(fs::Ready what) {
    if (!any(what & wanted)) return false;
    heard.fetch_or(static_cast<u32>(what & wanted), std::memory_order_relaxed);
    return request->ring.make_ready(*request);
}

void Request::Alarm::expire(time::Timer& timer) {
    auto& request = static_cast<Alarm&>(timer).owner;
    request.expired.store(true, std::memory_order_release);
    request.ring.make_ready(request);
}

void Request::attach(unsigned index, fs::Ready wanted) {
    auto* source = files[index] ? files[index]->poll_source() : nullptr;
    if (!source || ties[index].source) return;
    auto& tie = ties[index];
    tie.request = this, tie.source = source, tie.wanted = wanted | always_told | fs::Ready::read_hang_up;
    source->attach(tie);
}

void Request::stop_waiting() {
    for (auto& tie : ties)
        if (auto* source = std::exchange(tie.source, nullptr)) source->detach(tie);
    alarm.cancel();
}

}  // namespace spore::linux::ring
