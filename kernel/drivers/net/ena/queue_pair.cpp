#include "kernel/drivers/net/ena/queue_pair.hpp"

namespace spore::drivers::ena {

using namespace wire::ena;

Result<void> QueuePair::open(CommandQueue& commands, Hardware& registers, u32 register_space, const Memory& memory, const Shape& shape) {
    auto is_register = [&](u32 offset) { return offset % sizeof(u32) == 0 && offset <= register_space - sizeof(u32); };
    auto completions = TRY(commands.run<CompletionCreated>(
        Opcode::create_completion, CreateCompletion{.interrupts = with_interrupts, .entry_words = static_cast<u8>(shape.completion_size / sizeof(u32)),
                                                    .depth = shape.depth, .vector = shape.vector, .ring = address_of(shape.completions.value), .reserved = {}}));
    if ((completions.depth && completions.depth != shape.depth) || !is_register(completions.unmask_register)) return fail(Error::io);
    bool in_device = shape.memory_needed;
    auto submissions = TRY(commands.run<SubmissionCreated>(
        Opcode::create_submission, CreateSubmission{.direction = shape.direction, .reserved0 = 0, .policies = in_device ? in_device_memory : in_host_memory,
                                                    .contiguous = 1, .completion = completions.number, .depth = shape.depth,
                                                    .ring = address_of(shape.submissions.value), .head = {}, .reserved1 = {}}));
    if (!is_register(submissions.doorbell)) return fail(Error::io);
    if (in_device) {
        u32 at = submissions.entries;
        if (at % sizeof(u64) || shape.memory_needed > memory.size || at > memory.size - shape.memory_needed) return fail(Error::io);
        memory_offset_ = at;
    }
    registers_ = &registers;
    doorbell_ = submissions.doorbell;
    unmask_ = completions.unmask_register;
    return {};
}

}  // namespace spore::drivers::ena
