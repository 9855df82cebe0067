// How the driver reaches a controller: its registers, and its interrupts. Each access to a register leaves the virtual machine.
#pragma once

#include "arch/interrupts.hpp"
#include "wire/e1000.hpp"

namespace spore::drivers::e1000 {

using wire::e1000::Register;

class Hardware {
public:
    virtual ~Hardware() = default;

    /// `index` counts 32-bit words from the register.
    virtual u32 read(Register r, u32 index = 0) = 0;
    virtual void write(Register r, u32 value, u32 index = 0) = 0;

    enum class Signals : u8 {
        shared,    ///< one interrupt for everything: the cause register tells, and reading it acknowledges
        messages,  ///< one for the queues, and one for the rest, of which the first acknowledges and masks itself
    };
    struct Handlers {
        arch::InterruptHandler shared, queues, other;
        void* context;
    };
    virtual Result<Signals> connect(const Handlers& handlers) = 0;
};

}  // namespace spore::drivers::e1000
