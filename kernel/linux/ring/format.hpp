// What io_uring's calls exchange with programs [linux/io_uring.h].
#pragma once

#include <cstddef>

#include "base/types.hpp"

namespace spore::linux::ring {

/// struct io_uring_sqe. Fields that operations give meanings of their own are named after the most common one.
struct Submission {
    u8 operation, flags;
    u16 priority;          ///< also flags of socket operations
    i32 file;
    u64 offset;            ///< or a second address
    u64 address;
    u32 size;
    u32 operation_flags;
    u64 data;
    u16 buffer;            ///< the registered buffer's index, or the group of provided ones
    u16 personality;
    i32 file_index;        ///< where an opened file goes, or the second file
    u64 third, padding;
};
static_assert(sizeof(Submission) == 64 && offsetof(Submission, data) == 32 && offsetof(Submission, file_index) == 44);

enum SubmissionFlag : u8 { fixed_file = 1, drain = 2, linked = 4, hard_linked = 8, asynchronous = 16, select_buffer = 32, skip_success = 64, all_submission_flags = 127 };

/// struct io_uring_cqe
struct Completion {
    u64 data;
    i32 result;
    u32 flags;
};
static_assert(sizeof(Completion) == 16);
enum CompletionFlag : u32 { has_buffer = 1, more_follow = 2, is_notice = 8 };
inline constexpr unsigned buffer_shift = 16;

enum SetupFlag : u32 {
    setup_poller = 2, setup_poller_cpu = 4, setup_completion_size = 8, setup_clamp = 16, setup_attach = 32, setup_disabled = 64, setup_submit_all = 128, setup_cooperative = 256, setup_tell_work = 512,
    setup_large_submissions = 1024, setup_large_completions = 2048, setup_one_submitter = 4096, setup_deferred = 8192, setup_no_array = 0x10000,
    setup_known = 0x13ffe,
};
enum Feature : u32 {
    feature_single_mapping = 1, feature_no_drop = 2, feature_submit_stable = 4, feature_own_position = 8, feature_own_credentials = 16, feature_fast_poll = 32,
    feature_poll_32 = 64, feature_poller_any_file = 128, feature_extended_argument = 256, feature_native_workers = 512, feature_skip_completion = 2048, feature_linked_file = 4096,
    feature_registered_rings = 8192,
};
inline constexpr u32 features = feature_single_mapping | feature_no_drop | feature_submit_stable | feature_own_position | feature_own_credentials | feature_fast_poll |
                                feature_poll_32 | feature_poller_any_file | feature_extended_argument | feature_native_workers | feature_skip_completion | feature_linked_file |
                                feature_registered_rings;

/// struct io_sqring_offsets and io_cqring_offsets
struct SubmissionOffsets {
    u32 head, tail, mask, entries, flags, dropped, array, padding;
    u64 address;
};
struct CompletionOffsets {
    u32 head, tail, mask, entries, overflow, completions, flags, padding;
    u64 address;
};
/// struct io_uring_params
struct Parameters {
    u32 submissions, completions, flags, poller_cpu, poller_idle, features, attach_to, reserved[3];
    SubmissionOffsets submission;
    CompletionOffsets completion;
};
static_assert(sizeof(Parameters) == 120);

enum EnterFlag : u32 { enter_wait = 1, enter_wake_poller = 2, enter_wait_for_room = 4, enter_extended = 8, enter_registered = 16, enter_known = 31 };
/// struct io_uring_getevents_arg
struct EnterArgument {
    u64 mask;
    u32 mask_size, padding;
    u64 timeout;
};
static_assert(sizeof(EnterArgument) == 24);

/// Flags in the rings themselves.
enum SubmissionRingFlag : u32 { ring_poller_sleeps = 1, ring_overflow = 2, ring_has_work = 4 };
inline constexpr u32 ring_event_disabled = 1;

// Where a program maps the parts.
inline constexpr u64 map_submission_ring = 0, map_completion_ring = 0x800'0000, map_submissions = 0x1000'0000;

inline constexpr u32 most_submissions = 32'768, most_completions = 2 * most_submissions;

enum PollFlag : u32 { poll_many = 1, poll_update_events = 2, poll_update_data = 4, poll_level = 8 };
enum TimeoutFlag : u32 {
    timeout_absolute = 1, timeout_update = 2, timeout_boottime = 4, timeout_realtime = 8, timeout_update_linked = 16, timeout_is_success = 32, timeout_many = 64,
};
enum CancelFlag : u32 { cancel_all = 1, cancel_by_file = 2, cancel_any = 4, cancel_fixed_file = 8 };
/// In `priority`, of accept and of send and receive.
enum AcceptFlag : u16 { accept_many = 1 };
enum TransferFlag : u16 { transfer_poll_first = 1, receive_many = 2, send_fixed_buffer = 4, send_reports_use = 8 };
/// What a notice tells then.
inline constexpr u32 bytes_were_copied = 1u << 31;

/// struct io_uring_probe
struct Probe {
    u8 last, count;
    u16 reserved;
    u32 reserved_2[3];
};
struct ProbedOperation {
    u8 operation, reserved;
    u16 flags;
    u32 reserved_2;
};
static_assert(sizeof(Probe) == 16 && sizeof(ProbedOperation) == 8);

/// struct io_uring_recvmsg_out: what a buffer begins with that a message of many is received into; then the sender, what came beside the bytes, and they.
struct ReceivedMessage {
    u32 name_size, control_size, payload_size, flags;
};

/// struct io_uring_files_update and io_uring_rsrc_update(2)
struct Update {
    u32 offset, reserved;
    u64 data;
};
struct TaggedUpdate {
    u32 offset, reserved;
    u64 data, tags;
    u32 count, reserved_2;
};
/// struct io_uring_rsrc_register
struct TaggedRegister {
    u32 count, flags;
    u64 reserved, data, tags;
};
static_assert(sizeof(Update) == 16 && sizeof(TaggedUpdate) == 32 && sizeof(TaggedRegister) == 32);

/// struct io_uring_buf_reg and io_uring_buf
struct BufferRing {
    u64 address;
    u32 entries;
    u16 group, flags;
    u64 reserved[3];
};
struct ProvidedBuffer {
    u64 address;
    u32 size;
    u16 id, reserved;  ///< of the first, `reserved` is the ring's tail
};
static_assert(sizeof(BufferRing) == 40 && sizeof(ProvidedBuffer) == 16);

}  // namespace spore::linux::ring
