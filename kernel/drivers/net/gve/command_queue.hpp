// Commands to the device, one at a time: a page of them, in which it writes how they went, and a register that counts those that it has carried out.
#pragma once

#include "kernel/drivers/net/gve/registers.hpp"

namespace spore::drivers::gve {

class CommandQueue {
public:
    explicit CommandQueue(Registers& registers) : registers_(registers) {}

    /// Makes the page and tells the device of it, which has just been reset. no_memory.
    Result<void> open();

    /// Carries it out. timed_out: no answer, and none to any later command. not_supported, or io: the device refused, or broke the rules.
    template <typename Body>
    Result<void> run(wire::gve::Opcode opcode, const Body& body) {
        static_assert(sizeof(Body) <= sizeof(wire::gve::Command::body));
        return run_bytes(opcode, bytes_of(body));
    }

    static constexpr u32 size = page_size / sizeof(wire::gve::Command);

private:
    Result<void> run_bytes(wire::gve::Opcode opcode, ByteSpan body);

    Registers& registers_;
    memory::FrameRef page_;
    u32 next_ = 0;  ///< counts commands
    bool dead_ = true;
};

}  // namespace spore::drivers::gve
