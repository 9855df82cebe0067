// What a traced guest sent: its frames, checked, as one row of events in the order of their times.
#pragma once

#include <map>
#include <vector>

#include "abi/trace.hpp"

namespace spore::host {

struct TracedEvent {
    u64 nanoseconds;       ///< since the kernel's first instruction
    u32 ring;              ///< the processor, or abi::trace_ring_of_threads
    u32 thread;
    abi::TracePoint point;
    u64 arguments[3];
};

class Recording {
public:
    /// Takes the payload of a frame, or an answer of several. What is none is left out and counted: the guest is not believed.
    void add(ByteSpan payload);

    /// All of them.
    std::vector<TracedEvent> events() const;
    /// Those that were overwritten before the guest could send them.
    u64 lost() const { return lost_; }
    u64 damaged() const { return damaged_; }

private:
    /// The number of bytes that it took; 0 when there is no sense in them, nor in what follows.
    u64 add_piece(ByteSpan payload);

    std::map<u32, std::vector<TracedEvent>> rings_;
    u64 lost_ = 0, damaged_ = 0;
};

}  // namespace spore::host
