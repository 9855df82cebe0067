// What SIOCETHTOOL tells of an interface [linux/ethtool.h].
#pragma once

#include "kernel/linux/user.hpp"
#include "kernel/net/interface.hpp"

namespace spore::linux {

/// The command and its structure lie at `data`. not_supported for what nobody can tell or change.
Result<void> answer_ethtool(const net::Interface& interface, u64 data);

}  // namespace spore::linux
