// What drivers and virtio's SCSI adapters share [virtio 1.2 5.6].
#pragma once

#include "base/types.hpp"

namespace spore::wire::virtio::scsi {

/// Of the configuration: pieces of memory and 512-byte sectors (0: no limit) in one request, and the last target's number.
inline constexpr u32 config_most_pieces = 4, config_max_sectors = 8, config_max_target = 30;
/// The queues of control and of events come first; neither needs to be there for requests.
inline constexpr u16 request_queue = 2;

/// Before the data that the device reads.
struct Request {
    u8 lun[8];
    u64 id;
    u8 attribute, priority, crn;
    u8 command[32];  ///< so many bytes after a reset, as the sense data below
} __attribute__((packed));
static_assert(sizeof(Request) == 51);

/// Before the data that the device writes.
struct Response {
    u32 sense_size;
    u32 residual;  ///< bytes that were not transferred
    u16 qualifier;
    u8 status;
    u8 response;
    u8 sense[96];
};
static_assert(sizeof(Response) == 108);

enum class Outcome : u8 { ok = 0, overrun = 1, aborted = 2, bad_target = 3, reset = 4, busy = 5, transport_failure = 6, target_failure = 7, nexus_failure = 8, failure = 9 };

}  // namespace spore::wire::virtio::scsi
