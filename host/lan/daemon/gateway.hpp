// The way out of a network of machines, as the switch sees it.
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "host/plan/network.hpp"

struct pollfd;

namespace spore::host::lan {

/// What poll(2) is to wait for.
using Waits = std::vector<pollfd>;

class Gateway {
public:
    virtual ~Gateway() = default;
    virtual void take(ByteSpan frame) = 0;
    /// A port of this machine leads to a member from now on. False with errno when it cannot.
    virtual bool open(const PortForward& port, unsigned member) = 0;
    virtual void close(const PortForward& port) = 0;
    /// Adds what it waits for; the time that it waits at most, in milliseconds, is `patience` or less afterwards.
    virtual void add_waits(Waits& waits, u32& patience) = 0;
    /// `waits` as poll(2) left them, with those of add_waits() where that put them.
    virtual void serve(const Waits& waits) = 0;
};

}  // namespace spore::host::lan
