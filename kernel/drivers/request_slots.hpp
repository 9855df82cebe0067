// Requests that threads wait for, side by side: each takes a slot, which is its number for the device and stands for memory of the driver's. What shows
// requests to a device derives from this.
#pragma once

#include "base/time.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::drivers {

class RequestSlots {
public:
    static constexpr u16 most = 32;

    /// A free slot; sleeps until there is one. io when the device is used no more.
    Result<u16> take_slot();
    void give_slot(u16 slot);

    /// For devices that may take as long as they like, and for disks: longer than any needs to recover by itself.
    static constexpr Duration unlimited{}, disk_patience = Duration::seconds(30);

protected:
    explicit RequestSlots(Duration patience) : patience_(patience) {}
    ~RequestSlots() = default;

    // ---- for who derives; all with the lock held ----

    /// Calls finish() for what the device has finished.
    virtual void reap() = 0;
    /// The device broke the rules, or gave no answer: nothing is asked of it any more.
    virtual bool broken() const = 0;
    /// A thread will sleep unless this is true: something has finished already. With false, an interrupt must come for what finishes later, and
    /// calls look().
    virtual bool listen() { return false; }
    /// Asked once a second while a request takes long: whether it still may.
    virtual bool is_alive() { return true; }
    /// The patience is over, or the device is not alive: broken() is true from here on.
    virtual void give_up() {}

    /// False when the device has no such request.
    bool finish(u32 slot, u32 outcome);
    /// The device has the slot's request from here on.
    void shown(u16 slot) { states_[slot] = State::shown; }
    /// Sleeps until it has finished: the outcome. io when the device is used no more: the slot stays taken then.
    Result<u32> wait_for(u16 slot);
    /// reap(), and wakes those concerned.
    void look();
    u32 outcome(u16 slot) const { return outcomes_[slot]; }
    bool is_shown(u16 slot) const { return states_[slot] == State::shown; }

    sync::Spin lock_;
    sync::WaitQueue news_;
    u16 slots_ = most;

private:
    enum class State : u8 { free, taken, shown, done };
    Duration patience_;
    bool finished_ = false;
    State states_[most] = {};
    u32 outcomes_[most];
};

}  // namespace spore::drivers
