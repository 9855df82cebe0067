// Messages between hosts and multicast routers: IGMP [RFC 1112 A, 2236, 3376] and MLD [RFC 2710, 3810], which differ in the size of addresses and in numbers.
#pragma once

#include "base/bytes.hpp"

namespace spore::wire {

/// A report of IGMP's version 3 or MLD's version 2, with one record and no sources.
template <typename Group>
struct GroupReport {
    u8 type, reserved;
    be16 checksum;
    be16 reserved2, records;
    u8 change, auxiliary;
    be16 sources;
    Group group;
};

namespace igmp {

inline constexpr u8 protocol = 2;
inline constexpr u8 query = 0x11, report_1 = 0x12, report_2 = 0x16, leave_2 = 0x17, report_3 = 0x22;

/// A query, and the reports of versions 1 and 2.
struct Message {
    u8 type;
    u8 response_code;  ///< in tenths of a second; 0 in version 1
    be16 checksum;
    be32 group;
};
static_assert(sizeof(Message) == 8 && alignof(Message) == 1);
inline constexpr u32 query_3_size = 12;

/// [RFC 3376 4.1.1]: from 128 on a number with an exponent.
constexpr u32 response_tenths(u8 code) { return code < 128 ? code : ((code & 0xfu) | 0x10) << ((code >> 4 & 7) + 3); }

using Report3 = GroupReport<be32>;
static_assert(sizeof(Report3) == 16 && alignof(Report3) == 1);

}  // namespace igmp

namespace mld {

inline constexpr u8 query = 130, report_1 = 131, done_1 = 132, report_2 = 143;

/// A query, and the messages of version 1.
struct Message {
    u8 type, code;
    be16 checksum;
    be16 response_code;  ///< in milliseconds
    be16 reserved;
    u8 group[16];
};
static_assert(sizeof(Message) == 24 && alignof(Message) == 1);
inline constexpr u32 query_2_size = 28;

/// [RFC 3810 5.1.3]
constexpr u32 response_ms(u16 code) { return code < 32768 ? code : ((code & 0xfffu) | 0x1000) << ((code >> 12 & 7) + 3); }

using Report2 = GroupReport<u8[16]>;
static_assert(sizeof(Report2) == 28 && alignof(Report2) == 1);

}  // namespace mld

/// What a record says of its group; from everybody, as no sources are named [RFC 3376 4.2.12].
inline constexpr u8 is_exclude = 2, to_include = 3, to_exclude = 4;

}  // namespace spore::wire
