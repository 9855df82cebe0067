// Whether somebody else on the link uses an address of ours [RFC 4862 5.4, 5227].
#pragma once

#include "kernel/net/interface.hpp"

namespace spore::net {

/// Asks for a tentative address; when nobody answers in a second it is ours to use.
void detect_duplicates(Interface& interface, const IpAddress& address);
/// Another host has shown that it uses the address: a tentative one is given up, one in use is defended.
void address_conflict(Interface& interface, const IpAddress& address);
/// A chore: tentative addresses that nobody claimed become usable.
Instant expire_detection(Instant now);
/// Only for tests.
void forget_detection();

}  // namespace spore::net
