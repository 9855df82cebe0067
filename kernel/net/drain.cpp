#include "kernel/net/drain.hpp"

#include "kernel/net/interface.hpp"
#include "kernel/net/ip/neighbour.hpp"
#include "kernel/net/tcp/orphans.hpp"
#include "kernel/sync/sleep.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net {

namespace {
/// Looked at again, rather than told by everybody who sends: this happens once.
constexpr Duration interval = Duration::ms(2);
}  // namespace

u64 undelivered() {
    u64 sum = tcp::undelivered_of_orphans() + neighbours::waiting();
    for (u32 index = Interfaces::loopback().index() + 1; auto* one = interface(index); ++index) sum += one->device()->untaken();
    return sum;
}

bool drain(Duration patience, Duration limit) {
    auto begin = time::now(), moved = begin;
    u64 least = ~u64{0};
    while (u64 left = undelivered()) {
        auto now = time::now();
        if (left < least) least = left, moved = now;
        if (now - moved >= patience || now - begin >= limit) return false;
        sync::sleep(interval);
    }
    return true;
}

}  // namespace spore::net
