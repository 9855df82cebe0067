// What a domain and the hypervisor Xen share: hypercalls, the shared page, grant tables. As 64-bit guests see it
// [xen/include/public/{xen,arch-x86/xen,memory,event_channel,grant_table,sched,hvm/hvm_op,hvm/params}.h].
#pragma once

#include "base/types.hpp"

namespace spore::wire::xen {

enum class Call : u32 { memory = 12, console = 18, schedule = 29, events = 32, machine = 34 };

inline constexpr u16 own_domain = 0x7ff0;  ///< DOMID_SELF

// ---- memory ----
inline constexpr u32 memory_add = 7;  ///< XENMEM_add_to_physmap
enum class Space : u32 { shared_info = 0, grant_table = 1 };
struct AddMemory {
    u16 domain, size;
    Space space;
    u64 index, frame;
};
static_assert(sizeof(AddMemory) == 24);

// ---- what the machine was given ----
inline constexpr u32 parameter_set = 0, parameter_get = 1;
enum class Parameter : u32 { callback = 0, store_frame = 1, store_port = 2, console_frame = 17, console_port = 18 };
struct ParameterValue {
    u16 domain, padding;
    Parameter index;
    u64 value;
};
static_assert(sizeof(ParameterValue) == 16);
inline constexpr u64 callback_by_vector = u64{2} << 56;

// ---- the machine's end ----
inline constexpr u32 schedule_shutdown = 2;
enum class Shutdown : u32 { power_off = 0, reboot = 1, crash = 3 };

// ---- event channels, in two levels ----
inline constexpr u32 events_send = 4, events_allocate = 6, events_unmask = 9;
struct AllocateEvent {
    u16 domain, remote;
    u32 port;
};
inline constexpr u32 event_words = 64, event_ports = event_words * 64;

/// How time is told from the TSC [xen/include/public/xen.h]; KVM took it over [linux Documentation/virt/kvm/x86/msr.rst].
struct SystemTime {
    u32 version, padding;
    u64 tsc_timestamp, system_time;
    u32 multiplier;
    i8 shift;
    u8 flags, padding2[2];
};
static_assert(sizeof(SystemTime) == 32);

struct ProcessorInfo {
    u8 upcall_pending, upcall_mask;
    u64 pending_words;
    u64 architecture[2];
    SystemTime time;
};
static_assert(sizeof(ProcessorInfo) == 64);

struct SharedInfo {
    ProcessorInfo processors[32];
    u64 pending[event_words];
    u64 masked[event_words];
    u32 wall_version, wall_seconds, wall_nanoseconds, wall_seconds_high;
};
static_assert(__builtin_offsetof(SharedInfo, wall_version) == 3072);

// ---- grants, version 1 ----
struct Grant {
    u16 flags, domain;
    u32 frame;
};
inline constexpr u16 grant_access = 1, grant_read_only = 1 << 2, grant_in_use = 3 << 3;
inline constexpr u32 reserved_grants = 8;  ///< the first ones are the tools'

}  // namespace spore::wire::xen
