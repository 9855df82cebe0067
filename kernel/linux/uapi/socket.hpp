// Numbers of the socket calls [asm-generic/socket.h, linux/socket.h]; the same on x86-64 and arm64.
#pragma once

#include "base/types.hpp"

namespace spore::linux {

enum AddressFamily : u16 { family_unspecified = 0, family_unix = 1, family_inet = 2, family_inet6 = 10, family_netlink = 16, family_packet = 17 };
enum SocketType : u16 { socket_stream = 1, socket_datagram = 2, socket_raw = 3, socket_messages = 5 };
inline constexpr u32 socket_type_mask = 0xf;

enum MessageFlag : u32 {
    msg_oob = 1, msg_peek = 2, msg_ctrunc = 8, msg_trunc = 0x20, msg_dontwait = 0x40, msg_eor = 0x80, msg_waitall = 0x100,
    msg_errqueue = 0x2000, msg_nosignal = 0x4000, msg_more = 0x8000, msg_waitforone = 0x10000, msg_zerocopy = 0x400'0000,
    msg_fastopen = 0x2000'0000, msg_cmsg_cloexec = 0x4000'0000,
};

inline constexpr i32 level_socket = 1;
enum SocketOption : i32 {
    so_debug = 1, so_reuse_address = 2, so_type = 3, so_error = 4, so_dont_route = 5, so_broadcast = 6, so_send_buffer = 7,
    so_receive_buffer = 8, so_keep_alive = 9, so_oob_inline = 10, so_no_check = 11, so_priority = 12, so_linger = 13, so_reuse_port = 15,
    so_pass_credentials = 16, so_peer_credentials = 17, so_receive_low = 18, so_send_low = 19, so_receive_timeout = 20, so_send_timeout = 21,
    so_timestamp = 29, so_accepting = 30, so_peer_security = 31, so_send_buffer_force = 32, so_receive_buffer_force = 33,
    so_bind_to_device = 25, so_attach_filter = 26, so_detach_filter = 27, so_pass_security = 34, so_timestamp_ns = 35, so_mark = 36, so_protocol = 38, so_domain = 39, so_tell_drops = 40,
    so_peek_offset = 42, so_lock_filter = 44, so_busy_poll = 46, so_max_pacing_rate = 47, so_incoming_cpu = 49, so_attach_chooser = 51, so_peer_groups = 59,
    so_cookie = 57, so_zerocopy = 60, so_bind_to_interface = 62, so_detach_chooser = 68,
};

enum ControlType : i32 { control_rights = 1, control_credentials = 2 };

struct MessageHeader {
    u64 name;
    u32 name_size, padding0;
    u64 pieces, piece_count;
    u64 control, control_size;
    u32 flags, padding1;
};
static_assert(sizeof(MessageHeader) == 56);
struct MessageAndSize {
    MessageHeader header;
    u32 size, padding;
};
static_assert(sizeof(MessageAndSize) == 64);

/// struct sock_fprog: a program for SO_ATTACH_FILTER, which getsockopt gives back under the same number (SO_GET_FILTER).
struct FilterProgram {
    u16 count;
    u8 padding[6];
    u64 instructions;
};
static_assert(sizeof(FilterProgram) == 16);

struct ControlHeader {
    u64 size;
    i32 level, type;
};
static_assert(sizeof(ControlHeader) == 16);

}  // namespace spore::linux
