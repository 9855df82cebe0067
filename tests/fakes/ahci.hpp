// The other side of the AHCI driver: a controller with disks in memory, as the specification says [Serial ATA AHCI 1.3.1].
#pragma once

#include <cstring>
#include <map>
#include <vector>

#include "arch/mmu.hpp"
#include "kernel/drivers/bus/hardware.hpp"
#include "wire/ahci.hpp"

namespace spore::fakes {

class AhciController final : public drivers::Hardware {
public:
    struct Disk {
        std::vector<u8> bytes;
        u32 sector_size = 512;
        u32 depth = 32;             ///< of its queue; 0: it has none
        bool wide = true, cache = true, trims = true;
        u32 signature = wire::ahci::signature_disk;
        u32 bad_block = ~u32{0};    ///< reading or writing it is an error
        bool linked = true, silent = false, stuck = false;
    };
    struct Seen {
        wire::ahci::Command command;
        u32 slot;
        bool beside_others;         ///< of commands that were in flight at the same time
    };

    u32 read(u32 offset) override;
    void write(u32 offset, u32 value) override;
    Result<u16> connect_message(u32, arch::InterruptHandler, void*) override { return fail(Error::not_supported); }
    Result<void> connect_shared(arch::InterruptHandler function, void* context) override {
        handler = function, handler_context = context;
        return {};
    }
    void cut_off() override { is_cut_off = true; }

    /// Carries out all commands in flight, and interrupts.
    void work();
    bool has_work() const;
    /// A port's registers, whatever the rules say; and an interrupt that says to be of these ports.
    u32 get(u32 port, wire::ahci::PortRegister r) { return of(port, r); }
    void set(u32 port, wire::ahci::PortRegister r, u32 value) { of(port, r) = value; }
    void interrupt(u32 causes) {
        causes_ |= causes;
        if (handler) handler(handler_context);
    }

    std::map<u32, Disk> disks;
    u32 slots = 32;
    bool queues = true, wide_addresses = true, resets = true, interrupts = true;
    bool is_cut_off = false;
    unsigned link_resets = 0;
    std::vector<Seen> seen;
    arch::InterruptHandler handler = nullptr;
    void* handler_context = nullptr;

private:
    struct Port {
        std::map<wire::ahci::PortRegister, u32> registers;
    };
    u32& of(u32 port, wire::ahci::PortRegister r) { return ports_[port].registers[r]; }
    u32 read_port(u32 port, wire::ahci::PortRegister r);
    void write_port(u32 port, wire::ahci::PortRegister r, u32 value);
    void work_port(u32 port);
    /// Whether it went well.
    bool carry_out(u32 port, u32 slot);
    static bool trim(Disk& disk, const wire::ahci::CommandHeader& header, const wire::ahci::CommandTable& table);
    void identify(const Disk& disk, std::vector<u8>& answer);

    u32 control_ = 0, causes_ = 0;
    std::map<u32, Port> ports_;
};

}  // namespace spore::fakes
