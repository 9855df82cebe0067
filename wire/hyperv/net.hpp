// Hyper-V's network cards: what is said through their channel ("NVSP"), about two buffers that both sides share and about the RNDIS messages within
// them [openvmm vm/devices/net/netvsp; linux drivers/net/hyperv/hyperv_net.h]. Of version 5, which every host since Windows Server 2016 speaks.
#pragma once

#include "wire/hyperv/vmbus.hpp"

namespace spore::wire::hyperv {

inline constexpr Guid network_card{0xf8615163, 0xdf3e, 0x46c5, {0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e}};

enum class NetKind : u32 {
    init = 1,
    init_answer = 2,
    ndis_version = 100,
    receive_buffer = 101,
    receive_buffer_answer = 102,
    send_buffer = 104,
    send_buffer_answer = 105,
    packet = 107,
    packet_answer = 108,
    ndis_config = 125,
};
inline constexpr u32 net_version = 5 << 16, ndis_major = 6, ndis_minor = 30;
inline constexpr u32 net_success = 1;
/// Each message takes so many bytes, whatever it says. A completion need not.
inline constexpr u32 net_message_size = 28;

struct NetInit {
    NetKind kind;
    u32 version, same_version;
};
struct NetInitAnswer {
    NetKind kind;
    u32 reserved, most_ranges, status;  ///< ranges of memory with one packet
};

struct NdisConfig {
    NetKind kind;
    u32 frame_size, reserved;  ///< without the checksum, with the link's header
    u32 capabilities[2];
};
struct NdisVersion {
    NetKind kind;
    u32 major, minor;
};

struct NetBuffer {
    NetKind kind;
    u32 memory;  ///< the number that it is shared under
    u16 id, reserved;
};
inline constexpr u16 receive_buffer_id = 0xcafe, send_buffer_id = 0;
/// What the host makes of the receive buffer.
struct ReceiveSections {
    u32 offset, size, count, end;
};
struct ReceiveBufferAnswer {
    NetKind kind;
    u32 status, lists;
    ReceiveSections sections;
};
static_assert(sizeof(ReceiveBufferAnswer) == net_message_size);
/// The send buffer consists of sections of one size, which are told of by their number.
struct SendBufferAnswer {
    NetKind kind;
    u32 status, section_size;
};

/// An RNDIS message: in a section of the send buffer, in memory that the packet comes with, or in ranges of the receive buffer.
struct NetPacket {
    NetKind kind;
    u32 channel, section, section_bytes;
};
inline constexpr u32 net_data = 0, net_control = 1, no_section = ~0u;
struct NetPacketAnswer {
    NetKind kind;
    u32 status;
};
static_assert(sizeof(NetPacket) == 16 && sizeof(NetPacketAnswer) == 8 && sizeof(NdisConfig) == 20 && sizeof(NetBuffer) == 12);

}  // namespace spore::wire::hyperv
