// Commands to the device, one at a time: a ring of them, and a ring of answers that is looked at until one comes.
#pragma once

#include <bit>
#include <optional>

#include "kernel/drivers/net/ena/registers.hpp"

namespace spore::drivers::ena {

class CommandQueue {
public:
    explicit CommandQueue(Registers& registers) : registers_(registers) {}

    /// Makes the rings and tells the device of them, which has just been reset. no_memory.
    Result<void> open(Duration patience);

    /// Carries it out; `Words` are behind the head, and `Found` what begins behind the answer's. timed_out: no answer, and none to any later
    /// command. not_supported, or io: the device refused, or broke the rules.
    template <typename Found, typename Words>
    Result<Found> run(wire::ena::Opcode opcode, const Words& words) {
        static_assert(sizeof(Words) == sizeof(wire::ena::Command::words) && sizeof(Found) <= sizeof(wire::ena::Answer::words));
        auto answer = TRY(run_words(opcode, std::bit_cast<Block>(words)));
        Found found;
        __builtin_memcpy(&found, answer.words, sizeof found);
        return found;
    }
    template <typename Found>
    Result<Found> get(wire::ena::Feature feature, u8 version = 0) {
        return run<Found>(wire::ena::Opcode::get_feature, wire::ena::FeatureCommand{.buffer = {}, .flags = 0, .feature = feature, .version = version, .reserved = 0, .words = {}});
    }
    template <typename Wanted>
    Result<void> set(wire::ena::Feature feature, const Wanted& wanted) {
        wire::ena::FeatureCommand command{.buffer = {}, .flags = 0, .feature = feature, .version = 0, .reserved = 0, .words = {}};
        static_assert(sizeof wanted <= sizeof command.words);
        __builtin_memcpy(command.words, &wanted, sizeof wanted);
        TRY(run<u32>(wire::ena::Opcode::set_feature, command));
        return {};
    }

    static constexpr u32 size = 32;

private:
    struct Block {
        u32 words[15];
    };
    Result<wire::ena::Answer> run_words(wire::ena::Opcode opcode, const Block& block);

    Registers& registers_;
    memory::FrameRef commands_, answers_;
    Duration patience_{};
    u16 next_ = 0;  ///< counts commands
    std::optional<Error> dead_;  ///< why
};

}  // namespace spore::drivers::ena
