// Integration services: what Hyper-V's host asks of a machine as a whole [openvmm vm/devices/hyperv_ic_protocol]. A message is a packet's data.
#pragma once

#include "wire/hyperv/vmbus.hpp"

namespace spore::wire::hyperv {

inline constexpr Guid service_shutdown{0x0e0b6031, 0x5213, 0x4934, {0x81, 0x8b, 0x38, 0xd9, 0x0c, 0xed, 0x39, 0xdb}};
inline constexpr Guid service_heartbeat{0x57164f39, 0x9115, 0x4e78, {0xab, 0x55, 0x38, 0x2f, 0x3b, 0xd5, 0x42, 0x2d}};
inline constexpr Guid service_time{0x9527e630, 0xd0ae, 0x497b, {0xad, 0xce, 0xe8, 0x0a, 0xb0, 0x17, 0x5c, 0xaf}};

struct ServiceVersion {
    u16 major, minor;
    friend bool operator==(const ServiceVersion&, const ServiceVersion&) = default;
};

enum class ServiceMessage : u16 { versions = 0, heartbeat = 1, shutdown = 3, time = 4 };
inline constexpr u32 service_done = 0, service_failed = 0x8000'4005;
inline constexpr u8 service_transaction = 1, service_request = 2, service_response = 4;

struct ServiceHead {
    u32 pipe_kind, pipe_bytes;  ///< 1, and those that follow
    ServiceVersion framework;
    ServiceMessage kind;
    ServiceVersion version;
    u16 bytes;                  ///< behind the head
    u32 status;
    u8 transaction, flags;
    u8 reserved[2];
} __attribute__((packed));
static_assert(sizeof(ServiceHead) == 28);
inline constexpr u32 service_pipe_bytes = 8;  ///< of the head, that its `pipe_bytes` does not count

/// Of ServiceMessage::versions, as a question followed by so many of each; in an answer by one of each.
struct ServiceVersions {
    u16 frameworks, messages;
    u32 reserved;
};

struct Heartbeat {
    u64 number;
    u32 state, reserved;
};

struct ShutdownRequest {
    u32 reason, seconds, flags;
};
inline constexpr u32 shutdown_forced = 1, shutdown_restarts = 2, shutdown_hibernates = 4;

/// Wall clock, in ticks since 1601; from version 4 on with the machine's reference count then. Of what follows the flags nothing is used.
struct TimeSample {
    u64 wall, reference;
    u8 flags;
} __attribute__((packed));
/// Before version 4.
struct OldTimeSample {
    u64 wall, own, round_trip;
    u8 flags;
} __attribute__((packed));
static_assert(sizeof(TimeSample) == 17 && sizeof(OldTimeSample) == 25);
inline constexpr u8 time_must_be_taken = 1;

}  // namespace spore::wire::hyperv
