// The other side of the PVSCSI driver: an adapter with disks in memory.
#pragma once

#include "arch/mmu.hpp"
#include "kernel/drivers/bus/hardware.hpp"
#include "tests/fakes/scsi.hpp"
#include "wire/pvscsi.hpp"

namespace spore::fakes {

class PvscsiAdapter final : public drivers::Hardware, public ScsiUnits {
public:
    u32 read(u32 offset) override;
    void write(u32 offset, u32 value) override;
    Result<u16> connect_message(u32, arch::InterruptHandler function, void* context) override {
        if (!messages) return fail(Error::not_supported);
        handler = function, handler_context = context;
        return u16{0};
    }
    Result<void> connect_shared(arch::InterruptHandler function, void* context) override {
        handler = function, handler_context = context;
        return {};
    }
    void cut_off() override { is_cut_off = true; }

    /// Carries out what was asked for, and interrupts.
    void work();
    bool has_work() const { return !silent && rings_.state_page && state().requests_made != state().requests_taken; }
    /// Says that a request is done, whatever the rules say.
    void complete(u64 context, u16 host = 0, u8 status = 0);
    /// Says that so many more are done.
    void claim(u32 count) { state().completions_made = state().completions_made + count; }
    void interrupt() { handler(handler_context); }

    bool messages = true, silent = false, refuses_rings = false, interrupts = true, is_cut_off = false;
    arch::InterruptHandler handler = nullptr;
    void* handler_context = nullptr;

private:
    volatile wire::pvscsi::State& state() const { return *static_cast<volatile wire::pvscsi::State*>(arch::direct({rings_.state_page << page_shift})); }
    void carry_out(const wire::pvscsi::Request& request);

    u32 command_ = 0, words_ = 0;
    wire::pvscsi::Rings rings_{.state_page = 0};
};

}  // namespace spore::fakes
