#include "kernel/drivers/net/ena/command_queue.hpp"

namespace spore::drivers::ena {

using namespace wire::ena;

Result<void> CommandQueue::open(Duration patience) {
    static_assert(size * sizeof(Command) <= page_size && size * sizeof(Answer) <= page_size);
    commands_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    answers_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    patience_ = patience;
    next_ = 0;
    dead_.reset();
    registers_.write_address(Register::commands_low, Register::commands_high, commands_.address());
    registers_.write_address(Register::answers_low, Register::answers_high, answers_.address());
    registers_.write(Register::commands_shape, shape(size, sizeof(Command)));
    registers_.write(Register::answers_shape, shape(size, sizeof(Answer)));
    return {};
}

Result<Answer> CommandQueue::run_words(Opcode opcode, const Block& block) {
    if (dead_) return fail(*dead_);
    u32 slot = next_ % size;
    u8 phase = next_ / size % 2 ? 0 : phase_bit;
    auto number = static_cast<u16>(next_ & command_number_mask);
    auto& command = reinterpret_cast<Command*>(commands_.bytes())[slot];
    command.head = {.number = number, .opcode = opcode, .flags = phase};
    __builtin_memcpy(command.words, block.words, sizeof command.words);
    std::atomic_thread_fence(std::memory_order_release);  // the command before the doorbell; pairs with the device's read
    registers_.write(Register::commands_doorbell, ++next_);
    auto& place = reinterpret_cast<volatile Answer*>(answers_.bytes())[slot];
    if (!registers_.wait(patience_, [&] { return (place.head.flags & phase_bit) == phase; })) {
        dead_ = Error::timed_out;
        return fail(*dead_);
    }
    std::atomic_thread_fence(std::memory_order_acquire);  // the phase before the rest; pairs with the device's write
    Answer answer;
    answer.head.number = place.head.number;
    answer.head.status = place.head.status;
    for (u32 i = 0; i < std::size(answer.words); ++i) answer.words[i] = place.words[i];
    if ((answer.head.number & command_number_mask) != number) {
        dead_ = Error::io;
        return fail(*dead_);
    }
    if (answer.head.status) return fail(answer.head.status == status_unsupported ? Error::not_supported : Error::io);
    return answer;
}

}  // namespace spore::drivers::ena
