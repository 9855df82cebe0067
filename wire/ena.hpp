// What drivers and Amazon's Elastic Network Adapter share: registers, commands with their answers, events, and the descriptors of its queues. Everything is
// little-endian, as are the CPUs that this runs on. The source are the definitions that Amazon publishes with its open drivers [amzn-drivers, ena_*_defs.h], and
// what those drivers say of them; addresses have 48 bits.
#pragma once

#include <cstddef>

#include "base/types.hpp"

namespace spore::wire::ena {

/// Of BAR 0. The device gives away where the doorbells of queues are, in the same BAR.
enum class Register : u32 {
    version = 0x00, controller_version = 0x04, capabilities = 0x08, commands_low = 0x10, commands_high = 0x14, commands_shape = 0x18, answers_low = 0x20,
    answers_high = 0x24, answers_shape = 0x28, commands_doorbell = 0x2c, events_shape = 0x34, events_low = 0x38, events_high = 0x3c, events_doorbell = 0x40,
    interrupt_mask = 0x4c, control = 0x54, status = 0x58, read_request = 0x5c, read_answer_low = 0x60, read_answer_high = 0x64,
};
inline constexpr u32 reads_registers = 1 << 0;  ///< in PCI's revision: registers are read plainly, not by request
inline constexpr u32 least_controller_version = 1;  ///< subminor in the lowest byte, minor, major; above them whose make it is

struct Capabilities {
    u32 value;
    u32 reset_timeout() const { return value >> 1 & 0x1f; }    ///< in units of 100 ms
    u32 address_width() const { return value >> 8 & 0xff; }    ///< bits
    u32 command_timeout() const { return value >> 16 & 0xf; }  ///< in units of 100 ms; 0: not said
};
/// Of the queues of commands, answers and events: how many entries, and how large those are.
constexpr u32 shape(u32 entries, u32 bytes) { return entries | bytes << 16; }

inline constexpr u32 control_reset = 1 << 0, control_reason_shift = 28;
enum class ResetReason : u32 { start = 0, no_keep_alive = 1, no_answer = 2, bad_receive = 4, bad_sent = 5, initialisation = 7, stop = 11, other = 13 };
inline constexpr u32 status_ready = 1 << 0, status_resetting = 1 << 3, status_fatal = 1 << 5;
inline constexpr u32 management_interrupt_masked = 1 << 0;

/// Where registers are not read: the request's number and the register go to read_request, and the device writes this.
struct ReadAnswer {
    u16 request, offset;
    u32 value;
};
static_assert(sizeof(ReadAnswer) == 8);

struct Address {
    u32 low;
    u16 high, reserved;
};
constexpr Address address_of(u64 place) { return {static_cast<u32>(place), static_cast<u16>(place >> 32), 0}; }
constexpr u64 place_of(const Address& address) { return address.low | u64{address.high} << 32; }

// ---- commands ----

enum class Opcode : u8 { create_submission = 1, destroy_submission = 2, create_completion = 3, destroy_completion = 4, get_feature = 8, set_feature = 9 };
enum class Feature : u8 { attributes = 1, queue_limits = 2, hints = 3, device_memory = 4, queue_limits_2 = 7, offloads = 11, mtu = 14, events = 26, host = 28 };
inline constexpr u32 always_supported = 1u << static_cast<u32>(Feature::attributes);
inline constexpr u8 phase_bit = 1 << 0;  ///< in the flags of commands, answers and events: begins with 1, and flips each time around
inline constexpr u16 command_number_mask = 0xfff;

struct CommandHead {
    u16 number;
    Opcode opcode;
    u8 flags;
};
struct Command {
    CommandHead head;
    u32 words[15];
};
struct AnswerHead {
    u16 number;
    u8 status;  ///< 0: done
    u8 flags;
    u16 extended_status, consumed;
};
struct Answer {
    AnswerHead head;
    u32 words[14];
};
static_assert(sizeof(Command) == 64 && sizeof(Answer) == 64);
inline constexpr u8 status_unsupported = 3, status_illegal = 5;

/// Behind the head of get_feature and set_feature.
struct FeatureCommand {
    u32 buffer[3];  ///< none
    u8 flags;
    Feature feature;
    u8 version, reserved;
    u32 words[11];
};
static_assert(sizeof(FeatureCommand) == 60);

struct Attributes {
    u32 implementation, version;
    u32 features;  ///< a bit for each
    u32 abilities, physical_width, virtual_width;
    u8 address[6];
    u16 steering_entries;
    u32 most_mtu;  ///< without the link header
};
static_assert(sizeof(Attributes) == 36);
/// Feature::queue_limits; one kind of queue is like the other.
struct QueueLimits {
    u32 submissions, submission_depth, completions, completion_depth, old_memory_queues, old_memory_depth, header_size;
    u16 send_descriptors, receive_descriptors;  ///< of one packet
};
/// Feature::queue_limits_2, its version 1.
struct QueueLimits2 {
    u8 version, reserved[3];
    u32 send_submissions, send_completions, receive_submissions, receive_completions;
    u32 send_depth, send_completion_depth, receive_depth, receive_completion_depth;
    u32 header_size;
    u16 send_descriptors, receive_descriptors;
};
static_assert(sizeof(QueueLimits) == 32 && sizeof(QueueLimits2) == 44);
inline constexpr u8 queue_limits_2_version = 1;

struct Hints {
    u16 read_timeout, keep_alive_timeout;  ///< ms; 0: the driver's own
    u16 others[14];
};
static_assert(sizeof(Hints) == 32);
inline constexpr u16 no_timeout = 0xffff;

struct Offloads {
    u32 send, receive, receive_enabled;
};
inline constexpr u32 sends_checksum4 = 1 << 1, sends_checksum6 = 1 << 3, sends_segments4 = 1 << 5, sends_segments6 = 1 << 6;  ///< sums on top of the pseudo-header's
inline constexpr u32 receives_checksum4 = 1 << 1, receives_checksum6 = 1 << 2;

struct EventGroups {
    u32 supported, enabled;
};

/// Feature::device_memory: queues of what is sent lie in BAR 2, in entries that begin with descriptors and the packet's first bytes.
struct DeviceMemory {
    u32 queues, depth;
    u16 header_places, header_place, entry_sizes, entry_size, before_header, before_header_chosen, strides, stride;  ///< what there is, and what is chosen
    u8 version, recommended_entry_size;
    u16 large_depth;
    u16 modes;  ///< that the device wants, or that are chosen
    u16 most_burst;  ///< bytes between two doorbells
    u32 reserved;
};
static_assert(sizeof(DeviceMemory) == 36);
inline constexpr u8 device_memory_version = 1;
inline constexpr u16 header_in_entry = 1 << 0, entry_of_128 = 1 << 0, entry_of_256 = 1 << 2, two_before_header = 1 << 1, several_per_entry = 1 << 1;
inline constexpr u16 mode_no_stored_meta = 1 << 0, mode_bursts = 1 << 1;

struct HostAttributes {
    Address page, debug;
    u32 debug_size;
};
struct HostPage {
    u32 system;
    char distribution[128];
    u32 distribution_number;
    char kernel[32];
    u32 kernel_number, driver_version, network_features[2];
    u16 specification, function, cpus, reserved;
    u32 abilities;
};
static_assert(sizeof(HostPage) == 196 && offsetof(HostPage, specification) == 184);
inline constexpr u32 system_linux = 1, host_sends_checksum6 = 1 << 7;
inline constexpr u16 specification = 2 << 8;

/// The words of create_completion, and of its answer.
struct CreateCompletion {
    u8 interrupts, entry_words;
    u16 depth;
    u32 vector;
    Address ring;
    u32 reserved[11];
};
inline constexpr u8 with_interrupts = 1 << 5;
struct CompletionCreated {
    u16 number, depth;
    u32 node_register, head_register, unmask_register;
    u32 reserved[10];
};
struct CreateSubmission {
    u8 direction, reserved0, policies, contiguous;
    u16 completion, depth;
    Address ring, head;
    u32 reserved1[9];
};
inline constexpr u8 direction_send = 1 << 5, direction_receive = 2 << 5, in_host_memory = 1, in_device_memory = 3;
struct SubmissionCreated {
    u16 number, reserved0;
    u32 doorbell, entries, headers;  ///< offsets in BAR 0, and BAR 2
    u32 reserved1[10];
};
static_assert(sizeof(CreateCompletion) == 60 && sizeof(CreateSubmission) == 60 && sizeof(CompletionCreated) == 56 && sizeof(SubmissionCreated) == 56);

// ---- events ----

struct Event {
    u16 group, syndrome;
    u8 flags, reserved[3];
    u32 time[2];
    u32 words[12];

    static constexpr u32 phase_word = 1, phase = phase_bit;
};
static_assert(sizeof(Event) == 64);
enum class EventGroup : u16 { link = 0, fatal = 1, warning = 2, notification = 3, keep_alive = 4, reset_request = 7 };
inline Hints hints_of(const Event& event) {
    Hints hints;
    __builtin_memcpy(&hints, event.words, sizeof hints);
    return hints;
}
constexpr u32 group_bit(EventGroup group) { return 1u << static_cast<u32>(group); }
inline constexpr u32 link_up = 1 << 0;             ///< in the first word of a link event
inline constexpr u16 syndrome_new_hints = 2;       ///< of a notification, whose words are hints

// ---- queues ----

struct SendDescriptor {
    u32 low, what, address, high;
};
static_assert(sizeof(SendDescriptor) == 16);
/// `low`: the piece's size, without what an entry in device memory holds of it; the request's upper bits.
inline constexpr u32 send_phase = 1 << 24, send_first = 1 << 26, send_last = 1 << 27, send_report = 1 << 28, send_meta = 1 << 23;
inline constexpr u32 request_high_shift = 16, request_high_bits = 10;
inline constexpr u32 largest_piece = 0x8000;  ///< fits into 16 bits
/// `what`, of a packet's first piece.
inline constexpr u32 ip4 = 8, ip6 = 11, no_fragments = 1 << 4, cut_segments = 1 << 7, tcp = 12 << 8, udp = 13 << 8, sum_ip = 1 << 13, sum_transport = 1 << 14,
                     has_pseudo_sum = 1 << 17;
inline constexpr u32 request_low_shift = 22;
/// `high`: the upper 16 bits of the address; how many bytes of headers there are.
inline constexpr u32 header_size_shift = 24, most_header_size = 0xff;

/// Goes before: where headers are, and how large segments are.
constexpr SendDescriptor meta_descriptor(u32 network, u32 network_size, u32 transport_words, u32 segment) {
    constexpr u32 has_places = 1 << 14, extended = 1 << 20, store = 1 << 21;
    return {.low = send_meta | has_places | extended | store | (segment >> 10 & 0xf) << 16, .what = 0,
            .address = (network_size & 0xff) | (network & 0xff) << 8 | (transport_words & 0x3f) << 16 | (segment & 0x3ff) << 22, .high = 0};
}

struct Sent {
    u16 request;
    u8 status, flags;
    u16 queue, head;

    static constexpr u32 phase_word = 0, phase = 1 << 24;
};
static_assert(sizeof(Sent) == 8);

struct Buffer {
    u16 size;  ///< 0: 64 KiB
    u8 reserved0, control;
    u16 request, reserved1;
    u32 address;
    u16 address_high, reserved2;
};
static_assert(sizeof(Buffer) == 16);
inline constexpr u8 buffer_phase = 1 << 0, buffer_first = 1 << 2, buffer_last = 1 << 3, buffer_report = 1 << 4;

struct Received {
    u32 status;
    u16 size, request;
    u32 hash;
    u16 queue;
    u8 offset, reserved;

    static constexpr u32 phase_word = 0, phase = 1 << 24, first = 1 << 26, last = 1 << 27;
    static constexpr u32 ip_wrong = 1 << 13, transport_wrong = 1 << 14, fragment = 1 << 15, transport_checked = 1 << 16;
    bool is_first() const { return status & first; }
    bool is_last() const { return status & last; }
    /// Of the last of a packet: the checksums of TCP or UDP, and of IPv4 where there is one, are right.
    bool is_verified() const {
        u32 network = status & 0x1f, transport = status & 0x1f00;
        if (!(status & transport_checked) || status & (transport_wrong | fragment) || (transport != tcp && transport != udp)) return false;
        return network == ip6 || (network == ip4 && !(status & ip_wrong));
    }
};
static_assert(sizeof(Received) == 16);

/// Lets the interrupt of a completion queue come once more; delays stay as they are.
inline constexpr u32 unmask_interrupt = 1 << 30 | 1u << 31;

}  // namespace spore::wire::ena
