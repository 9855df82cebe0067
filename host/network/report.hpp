// A guest's network for people and for programs.
#pragma once

#include "host/network/guest_network.hpp"

namespace spore::host {

/// `listening`: of connections only how many there are in each state.
enum class Sockets : u8 { listening, all };
std::string as_text(const GuestNetwork& network, Sockets which);
std::string as_json(const GuestNetwork& network);

}  // namespace spore::host
