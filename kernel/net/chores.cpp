#include "kernel/net/chores.hpp"

#include <algorithm>

#include "kernel/core/per_cpu.hpp"
#include "kernel/net/dhcp/dhcp.hpp"
#include "kernel/net/dhcp6/dhcp6.hpp"
#include "kernel/net/ip/duplicate.hpp"
#include "kernel/net/ip/group_reports.hpp"
#include "kernel/net/ip/neighbour.hpp"
#include "kernel/net/ip/path_mtu.hpp"
#include "kernel/net/ip/reassembly.hpp"
#include "kernel/net/ip/router_discovery.hpp"
#include "kernel/net/outbox.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net {

namespace {

constexpr Instant (*chores[])(Instant) = {neighbours::expire, ip::expire_fragments, path_mtu::expire, expire_detection, dhcp::expire, dhcp6::expire,
                                        router_discovery::expire, group_reports::expire};

void run_chores(time::Timer&);

struct Alarm {
    time::Timer timer{run_chores};
    bool running = false;
    Instant next = Instant::never();  ///< while running: the earliest that somebody asked for
};
PER_CPU(Alarm, alarm);

void run_chores(time::Timer&) {
    auto& here = *alarm;
    here.running = true;
    here.next = Instant::never();
    {
        Collecting collecting;
        auto now = time::now();
        for (auto chore : chores) {
            auto next = chore(now);  // may lower here.next itself
            here.next = std::min(here.next, next);
        }
    }
    here.running = false;
    here.timer.arm(here.next);
}

}  // namespace

void wake_chores_at(Instant time) {
    auto& here = *alarm;
    if (here.running) here.next = std::min(here.next, time);
    else if (!here.timer.armed() || time < here.timer.deadline()) here.timer.arm(time);
}

}  // namespace spore::net
