// Those that share a port (SO_REUSEPORT), numbered from 0 in the order in which they came; the last takes the number of one that leaves. A program of the
// user's may choose among them who gets what comes in (SO_ATTACH_REUSEPORT_CBPF) [socket(7)]. Without one, or where it names nobody, the flow's hash chooses.
#pragma once

#include "kernel/net/filter.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::net {

class PortGroup final : public Counted {
public:
    /// Null: the hash chooses.
    void set_chooser(Shared<const Filter> chooser) {
        Guard guard(lock_);
        std::swap(chooser_, chooser);  // the old one goes without the lock
        chooses_.store(static_cast<bool>(chooser_), std::memory_order_relaxed);
    }
    Shared<const Filter> chooser() const {
        if (!chooses_.load(std::memory_order_relaxed)) return nullptr;
        Guard guard(lock_);
        return chooser_;
    }

private:
    friend class PortTable;
    mutable sync::Spin lock_;
    Shared<const Filter> chooser_;
    std::atomic<bool> chooses_ = false;
    u32 members_ = 0;  ///< under the port table's lock
};

}  // namespace spore::net
