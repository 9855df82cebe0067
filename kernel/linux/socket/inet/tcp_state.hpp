// TCP's states as Linux numbers them [linux/tcp_states.h].
#pragma once

#include "kernel/net/tcp/connection.hpp"

namespace spore::linux {

constexpr u8 tcp_state_number(net::tcp::State state) {
    using enum net::tcp::State;
    switch (state) {
    case established: return 1;
    case syn_sent: return 2;
    case syn_received: return 3;
    case fin_wait_1: return 4;
    case fin_wait_2: return 5;
    case time_wait: return 6;
    case closed: return 7;
    case close_wait: return 8;
    case last_ack: return 9;
    case listen: return 10;
    case closing: return 11;
    }
    return 7;
}

}  // namespace spore::linux
