// An adapter: one ring of requests and one of completions, for all of its targets.
#pragma once

#include "kernel/device/block.hpp"
#include "kernel/drivers/bus/hardware.hpp"
#include "kernel/drivers/request_slots.hpp"
#include "kernel/memory/frame.hpp"
#include "wire/pvscsi.hpp"
#include "wire/scsi.hpp"

namespace spore::drivers::pvscsi {

class Adapter final : private RequestSlots {
public:
    using Pieces = std::span<const device::TransferPiece>;
    enum class Direction : u8 { to_host, to_device };

    explicit Adapter(Owned<Hardware> hardware) : RequestSlots(disk_patience), hardware_(std::move(hardware)) {}

    /// Sets up the rings and adds a disk for each target that is one. Lives as long as the machine, whether it starts or not, since there may be
    /// interrupts that lead to it.
    Result<void> open();

    /// Sleeps until the target has done it. no_device where there is none; read_only, out_of_range or io as the target says.
    Result<void> run(u8 target, const wire::scsi::Command& command, Pieces pieces, u32 bytes, Direction direction);

private:
    using Register = wire::pvscsi::Register;
    enum class Verdict : u8 { good, again, failed };

    Result<void> start();
    Result<void> make_rings();
    Result<void> connect();
    Result<void> add_disk(u8 target);
    Result<u32> run_once(u16 slot, u8 target, const wire::scsi::Command& command, Pieces pieces, u32 bytes, Direction direction);
    static void on_interrupt(void* self);

    void reap() override;
    bool broken() const override { return dead_; }
    bool listen() override { return has_news(); }
    void give_up() override;

    bool has_news() const { return state().completions_made != taken_; }
    void write(Register r, u32 value) { hardware_->write(static_cast<u32>(r), value); }
    volatile wire::pvscsi::State& state() const { return *reinterpret_cast<volatile wire::pvscsi::State*>(state_.bytes()); }
    u8* sense(u16 slot) const { return reinterpret_cast<u8*>(senses_.bytes()) + slot * wire::scsi::sense_size; }

    Owned<Hardware> hardware_;
    memory::FrameRef state_, requests_, completions_, senses_, lists_;
    u32 made_ = 0, taken_ = 0;
    bool dead_ = false;
};

}  // namespace spore::drivers::pvscsi
