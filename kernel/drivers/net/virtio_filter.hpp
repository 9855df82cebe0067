// What a virtio-net device is to receive besides what is sent to its own address: frames of groups, or all [virtio 1.2 5.1.6.5.1, 5.1.6.5.2].
//
// The device takes commands when it comes to them, and only so many can wait. What did not fit is told later, so that a group joined last
// is not the one that stays unheard.
#pragma once

#include <atomic>
#include <optional>

#include "base/locked.hpp"
#include "kernel/device/net.hpp"
#include "kernel/drivers/net/virtio_control.hpp"

namespace spore::drivers {

class VirtioFilter {
public:
    void set_groups(std::span<const device::MacAddress> groups);
    void set_promiscuous(bool on);
    /// The device has not been told all of it.
    bool is_behind() const { return behind_.load(std::memory_order_relaxed); }
    /// Tells the device what it does not know yet, as far as it has room for commands.
    void tell(VirtioControl& control);

private:
    static constexpr u32 listed_groups = 64;
    struct Wanted {
        device::MacAddress groups[listed_groups];
        u32 count = 0;
        bool list_told = false;
        bool all_groups = false;  ///< there are more than can be listed
        bool promiscuous = false;
        std::optional<bool> told_all_groups, told_promiscuous;  ///< devices begin by receiving everything
    };
    static Result<void> tell_differences(Wanted& wanted, VirtioControl& control);

    Locked<Wanted, sync::Spin> wanted_;
    std::atomic<bool> behind_ = false;
};

}  // namespace spore::drivers
