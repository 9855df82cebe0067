// The connections for which a batch of received packets brought something. Each is finished once, when the batch ends: one acknowledgement, one burst of
// data, one notice to the program. A CPU has its own.
#pragma once

#include "base/time.hpp"
#include "kernel/net/tcp/control_block.hpp"

namespace spore::net::tcp {

class Batch {
public:
    /// The time of the whole batch.
    Instant time();
    ControlBlock* last() const { return last_; }
    /// A segment for a connection of which the caller gives a reference away.
    void deliver(ControlBlock& block, Segment& segment, Owned<device::Packet> packet);
    void finish();

private:
    ControlBlock* first_ = nullptr;
    ControlBlock* last_ = nullptr;
    Instant now_{};
};
Batch& local_batch();

/// Lets go of a connection from where it must not be destroyed (its timer's callback).
void release_later(ControlBlock& block);

}  // namespace spore::net::tcp
