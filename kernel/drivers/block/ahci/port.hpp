// A port with an ATA disk. Commands go through the disk's own queue where it has one. An error aborts all commands in flight: then the link is reset,
// and each is tried again alone, so that the one at fault is known.
#pragma once

#include "kernel/drivers/block/disk.hpp"
#include "kernel/drivers/bus/hardware.hpp"
#include "kernel/drivers/request_slots.hpp"
#include "kernel/memory/frame.hpp"
#include "wire/ahci.hpp"

namespace spore::drivers::ahci {

class Port final : public Disk, private RequestSlots {
public:
    Port(Hardware& hardware, u32 number) : RequestSlots(disk_patience), hardware_(hardware), number_(number) {}
    ~Port();

    /// The controller was reset; what is there has been detected until `link_deadline`. `capabilities` are the controller's. no_device where there is no ATA disk, not_supported for old ones, io when it does not answer.
    Result<void> open(u32 capabilities, Instant link_deadline);
    /// The controller has an interrupt of this port's.
    void interrupted();

private:
    using PortRegister = wire::ahci::PortRegister;
    using Command = wire::ahci::Command;
    enum class Way : u8 { beside_others, alone };

    Result<void> carry_out(Operation operation, u64 first, Pieces pieces, u32 bytes) override;
    Result<u32> run(u16 slot, Way way);
    void prepare(u16 slot, Command command, u64 block, u32 blocks, Pieces pieces, bool to_device);
    Result<memory::FrameRef> list_of(u64 block, u32 blocks);
    void fail_flight();
    Result<void> recover();

    Result<void> make_memory();
    Result<void> start();
    Result<void> stop();
    Result<void> identify(u32 capabilities);
    Result<void> wait_for_bits(PortRegister r, u32 mask, u32 wanted, Duration patience);
    void end();

    void reap() override;
    bool broken() const override { return dead_; }
    bool is_alive() override { return (get(PortRegister::link) & wire::ahci::link_detection) == wire::ahci::link_established; }
    void give_up() override;

    u32 get(PortRegister r) { return hardware_.read(wire::ahci::offset_of(number_, r)); }
    void set(PortRegister r, u32 value) { hardware_.write(wire::ahci::offset_of(number_, r), value); }
    wire::ahci::CommandHeader& header(u16 slot) { return reinterpret_cast<wire::ahci::CommandHeader*>(page_.bytes())[slot]; }
    wire::ahci::CommandTable& table(u16 slot) { return *reinterpret_cast<wire::ahci::CommandTable*>(tables_.bytes() + slot * table_space); }

    static constexpr u32 table_space = 512;

    Hardware& hardware_;
    u32 number_;
    u32 block_shift_ = 9;
    memory::FrameRef page_, tables_;  ///< the command list and what the device tells; a table for each slot
    u32 flight_ = 0;                  ///< slots that the device has
    u32 waiting_alone_ = 0;
    bool queues_ = false, has_cache_ = true;
    bool alone_ = false;              ///< the only slot in flight is not in the disk's queue
    bool needs_recovery_ = false, dead_ = false;
};

}  // namespace spore::drivers::ahci
