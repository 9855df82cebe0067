// What lies on the program's stack while a handler runs, arm64 ([linux] arch/arm64/include/uapi/asm/{sigcontext,ucontext}.h). What belongs to
// optional parts of the CPU follows the registers as records, each with a head that says what it is; a head of zeros ends them.
#pragma once

#include "kernel/linux/signal/signals.hpp"

namespace spore::linux {

struct alignas(16) SignalContext {
    u64 fault_address;
    u64 x[31];
    u64 sp, pc, pstate;
};
static_assert(sizeof(SignalContext) == 288);

struct UserContext {
    u64 flags;
    u64 link;
    SignalStack stack;
    SignalSet mask;
    u8 rest_of_mask[120];  ///< so that a mask of 1024 signals would fit
    SignalContext registers;
};
static_assert(sizeof(UserContext) == 464 && offsetof(UserContext, registers) == 176);

struct RecordHead {
    u32 magic, size;
};
struct VectorRecord {
    static constexpr u32 magic = 0x4650'8001;
    RecordHead head;
    u32 status, control;
    u8 registers[32][16];
};
static_assert(sizeof(VectorRecord) == 528);
/// The syndrome of the last fault, for those who decode it.
struct SyndromeRecord {
    static constexpr u32 magic = 0x4553'5201;
    RecordHead head;
    u64 syndrome;
};

/// At the stack pointer when the handler begins. Room for records follows, up to records_size.
struct SignalFrame {
    UserSignalInfo info;
    UserContext context;
    VectorRecord vectors;
    SyndromeRecord syndrome;
    RecordHead end;
};
static_assert(offsetof(SignalFrame, vectors) == 592);
inline constexpr std::size_t records_offset = offsetof(SignalFrame, vectors), records_size = 4096;
inline constexpr std::size_t signal_frame_size = records_offset + records_size;

/// Above the frame, for those who walk the stack [arm/aapcs64 6.4.6].
struct FrameRecord {
    u64 frame_pointer, link;
};

}  // namespace spore::linux
