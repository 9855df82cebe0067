// A network device that is stopped when it fails, reset and set up anew: what is the same for all of them, whatever they are told and how. It fails when
// it breaks the rules, reports an error, asks for it, or a look once a second finds that something is wrong.
#pragma once

#include "kernel/device/net.hpp"
#include "kernel/drivers/bus/hardware.hpp"
#include "kernel/drivers/net/waiter.hpp"

namespace spore::drivers {

class WatchedDevice : public device::NetDevice {
public:
    /// A driver has called halt() before, and the device does nothing more.
    ~WatchedDevice() override = default;

    device::MacAddress mac() const final { return identity_.mac; }
    u16 mtu() const final { return identity_.mtu; }
    const device::NetFeatures& features() const final { return identity_.features; }
    bool link_up() const final { return link_up_.load(std::memory_order_relaxed) && !stopped(); }
    u16 queue_pairs() const final { return 1; }
    void start(device::NetSink& sink) final;

    /// It is in use no more, and recover() would help.
    bool has_trouble() const { return trouble_.load(std::memory_order_acquire) != Trouble::none; }
    /// Resets it and sets it up anew; without success its interface stays down. From a thread of CPU 0, which may sleep.
    void recover();
    /// Who is called when there is trouble, in any context.
    struct Helper {
        void (*call)(void* context) = nullptr;
        void* context = nullptr;
    };
    void set_helper(Helper helper) { helper_ = helper; }
    /// How it passes time from now on.
    void set_pause(Waiter::Pause pause) { waiter_.set_pause(pause); }

protected:
    /// By what the stack knows it.
    struct Identity {
        device::MacAddress mac;
        u16 mtu = 0;
        device::NetFeatures features;
        /// Whether the stack may go on with it as with the one `before`.
        bool stands_for(const Identity& before) const;
    };
    /// Why it is reset.
    enum class Trouble : u8 { none, does_not_start, breaks_rules_sending, breaks_rules_receiving, silent, reported };

    /// `hardware` reaches its registers, and interrupts.
    WatchedDevice(Owned<Hardware> hardware, Waiter::Pause pause) : hardware_(std::move(hardware)), waiter_(pause) {}

    // ---- what each driver does in its own way ----

    /// Makes the memory that stays, and connects interrupts. Once.
    virtual Result<void> prepare() = 0;
    /// Afterwards the device uses none of our memory.
    virtual Result<void> reset(Trouble why) = 0;
    /// From its reset until identity_ is known.
    virtual Result<void> set_up() = 0;
    virtual Result<void> make_queues() = 0;
    /// Lets go of what was to be sent: the device reads it no more.
    virtual void close_queues() = 0;
    /// It is in use: it may interrupt from here on.
    virtual void begin() = 0;
    /// The interrupt of what is not of its queues.
    virtual void see_news() = 0;
    /// What is wrong with it, asked about once a second; or null.
    virtual const char* find_fault() = 0;

    // ---- for them ----

    bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
    void fail(Trouble why, const char* how);
    void set_link(bool up);
    /// The stack and the watch are done with it.
    void halt();
    /// Handler of the interrupt that see_news() is for; `self` is the WatchedDevice.
    static void on_management(void* self);

    Owned<Hardware> hardware_;
    Waiter waiter_;
    Identity identity_;
    device::NetSink* sink_ = nullptr;
    u64 interrupts_ = 0;
    std::atomic<bool> link_up_ = false;

private:
    struct Watchdog : time::Timer {
        explicit Watchdog(WatchedDevice& watched) : Timer(on_time), device(watched) {}
        static void on_time(time::Timer& timer);
        WatchedDevice& device;
    };

    void go();
    void give_up();
    Result<void> set_up_anew(const Identity& before);

    Watchdog watchdog_{*this};
    Helper helper_;
    std::atomic<Trouble> trouble_ = Trouble::none;
    std::atomic<bool> stopped_ = true;
};

}  // namespace spore::drivers
