// What a virtual machine and the hypervisor Hyper-V share: registers, hypercalls, messages and events. As guests on x86-64 see it [TLFS 6.0b; "section"
// numbers below are its].
#pragma once

#include "base/types.hpp"

namespace spore::wire::hyperv {

// ---- who is there [2.4] ----
inline constexpr u32 leaf_name = 0x4000'0000, leaf_interface = 0x4000'0001, leaf_features = 0x4000'0003;
inline constexpr u32 interface_signature = 0x3123'7648;  ///< "Hv#1"
/// EAX of leaf_features: which registers there are.
inline constexpr u32 has_reference_count = 1 << 1, has_interrupts = 1 << 2, has_hypercalls = 1 << 5, has_frequencies = 1 << 11;
/// EBX: what the machine may ask for.
inline constexpr u32 may_post_messages = 1 << 4, may_signal_events = 1 << 5;
/// EDX.
inline constexpr u32 tells_frequencies = 1 << 8;

// ---- model-specific registers ----
inline constexpr u32 msr_guest_id = 0x4000'0000, msr_hypercall = 0x4000'0001, msr_reference_count = 0x4000'0020, msr_tsc_frequency = 0x4000'0022,
                     msr_control = 0x4000'0080, msr_event_page = 0x4000'0082, msr_message_page = 0x4000'0083, msr_end_of_message = 0x4000'0084, msr_source = 0x4000'0090;
/// Of msr_hypercall, msr_control and the pages' registers; the rest of these is a frame's address.
inline constexpr u64 enable = 1;
/// An open source system [2.6], of none of the kinds that have a number.
inline constexpr u64 guest_id = u64{1} << 63 | u64{0x7f} << 56;

// ---- hypercalls [3] ----
inline constexpr u64 call_post_message = 0x5c, call_signal_event = 0x5d, call_fast = 1 << 16;
inline constexpr u16 status_success = 0, status_no_memory = 0x0b, status_no_connection = 0x12, status_no_buffers = 0x33;

inline constexpr u32 message_size = 240;
struct PostMessage {
    u32 connection, reserved, type, size;
    u8 bytes[message_size];
};
static_assert(sizeof(PostMessage) == 256);
inline constexpr u32 message_type = 1;  ///< of those that VMBus sends and takes

// ---- messages and events, a slot for each of 16 sources [11] ----
inline constexpr u32 source = 2;  ///< VMBus' own, as every guest has it
struct MessageSlot {
    u32 type;  ///< 0: empty
    u8 size, flags;
    u16 reserved;
    u64 port;
    u8 bytes[message_size];
};
static_assert(sizeof(MessageSlot) == 256);
inline constexpr u8 message_more = 1;  ///< flag: others wait for the slot

inline constexpr u32 event_words = 32, event_flags = event_words * 64;
struct EventFlags {
    u64 words[event_words];
};
static_assert(sizeof(EventFlags) == 256);

/// Units of the reference count, which begins with the machine, and of wall clocks, which begin with 1601.
inline constexpr u64 nanoseconds_per_tick = 100;
inline constexpr u64 ticks_before_1970 = 116'444'736'000'000'000;

}  // namespace spore::wire::hyperv
