// An adapter: one ring of requests and one of completions, for all of its targets.
#pragma once

#include "kernel/drivers/block/scsi/bus.hpp"
#include "kernel/drivers/bus/hardware.hpp"
#include "kernel/drivers/request_slots.hpp"
#include "kernel/memory/frame.hpp"
#include "wire/pvscsi.hpp"

namespace spore::drivers::pvscsi {

class Adapter final : public scsi::Bus, private RequestSlots {
public:
    explicit Adapter(Owned<Hardware> hardware) : RequestSlots(disk_patience), hardware_(std::move(hardware)) {}

    /// Sets up the rings and adds a disk for each target that is one. Lives as long as the machine, whether it starts or not, since there may be
    /// interrupts that lead to it.
    Result<void> open();

private:
    using Register = wire::pvscsi::Register;
    enum class Verdict : u8 { good, again, failed };

    Result<void> start();
    Result<void> make_rings();
    Result<void> connect();
    Result<scsi::Answer> run_once(const scsi::Order& order) override;
    Result<u32> show(u16 slot, const scsi::Order& order);
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
