// The manifest: what to run and how, as records one after another. The header is followed by `record_count` records;
// each is a RecordHeader and its payload, padded with zeros to a multiple of 8.
//
// Strings are UTF-8 without a terminating zero and may not contain one. An unknown tag with the `required` flag stops the boot with a message; without it, the record is skipped.
// Written by host/image, read by kernel/main; wire/manifest checks and iterates.
#pragma once

#include "abi/groups.hpp"
#include "base/bytes.hpp"

namespace spore::abi {

inline constexpr u64 manifest_magic = 0x5453'464d'4552'5053;  // "SPREMFST"
inline constexpr u32 manifest_version = 1;

struct ManifestHeader {
    le64 magic;
    le32 version;
    le32 record_count;
    le32 total_size;  ///< bytes, this header included
    le32 reserved;
};
static_assert(sizeof(ManifestHeader) == 24);

struct RecordHeader {
    le16 tag;    ///< a Tag
    le16 flags;  ///< a set of RecordFlag
    le32 size;   ///< bytes of payload, without padding
};
static_assert(sizeof(RecordHeader) == 8);

enum class RecordFlag : u16 { required = 1 };

enum class Tag : u16 {
    program = 1,     ///< string: absolute path of the program in the root
    argument = 2,    ///< string: one argument, in order, argv[0] first
    environment = 3, ///< string: one "KEY=value"
    directory = 4,   ///< string: the working directory
    hostname = 5,    ///< string
    mode = 6,        ///< u32: a Mode
    log_level = 7,   ///< u32: a LogLevel
    root_source = 8, ///< u32: a RootSource
    channel = 9,     ///< u32: a ChannelKind
    read_only = 10,  ///< string: an absolute path in the root; what lies there cannot be written. "/": nothing of the root can
    terminal = 11,   ///< TerminalRecord: the program's console is a terminal of this size
    strace = 12,     ///< u32: 1 = report every system call of the program on the channel
    limit = 13,      ///< LimitRecord: a resource limit (RLIMIT_*)
    user = 14,       ///< UserRecord, then the user's other groups, le32 each, at most most_groups: identity of the program
    interface = 16,  ///< InterfaceRecord, then its AddressRecords: the next network device, in the order in which they are found
    name_server = 17, ///< 16 bytes: an IP address in its IPv6 form
    search_domain = 18, ///< string: where names without a dot are looked for
    share = 19,      ///< string: an absolute path in the root, where a share lies: that of the device whose name is "share" and this record's place among its like, from 0
    timeline = 20,   ///< u32: 1 = tell at the end when boot came to what
    volume = 21,     ///< VolumeRecord, then an absolute path in the root: a disk with a file system of its own, which is mounted there
    stop_signal = 22, ///< u32: the signal that the program is sent when the machine is asked to stop, instead of SIGTERM
    core_pattern = 23, ///< string of at most core_pattern_limit bytes: where core files of programs go and what they are called, as /proc/sys/kernel/core_pattern has it
    trace = 24,      ///< TraceRecord (trace.hpp): record what happens, and tell it at the end
    file = 25,       ///< FileRecord, an absolute path in the root, and what is in the file: one that the root's image lacks, since it may be another's with the same image
    tmpfs = 26,      ///< TmpfsRecord, then an absolute path in the root, of a folder: files in memory are mounted there
    fixed_addresses = 15, ///< u32: 1 = programs and their stacks always lie at the same addresses
};

inline constexpr u32 core_pattern_limit = 128;

/// Where a position-independent program begins with fixed addresses, as far as its alignment lets it; a debugger relies on it.
inline constexpr u64 fixed_program_base = 0x5555'5555'4000;

enum class Mode : u32 { fused = 0, guarded = 1 };
enum class LogLevel : u32 { off = 0, error = 1, warn = 2, info = 3, debug = 4, trace = 5 };
enum class RootSource : u32 {
    bundle = 0,  ///< the bundle's own EROFS part
    disk = 1,    ///< the first block device that holds an EROFS image, at one of root_places (bundle.hpp)
};
enum class ChannelKind : u32 {
    none = 0,    ///< the program's output goes to the first console, as plain bytes; the exit status to the debug port
    framed = 1,  ///< the first virtio-console carries frames (abi/channel.hpp)
};

struct TerminalRecord {
    le16 rows;
    le16 columns;
    le32 reserved;
};
/// How an interface gets its addresses.
enum class AddressMethod : u8 {
    none = 0,      ///< only the link-local one of IPv6
    fixed = 1,     ///< those of the record
    automatic = 2, ///< as the network says: DHCP and router advertisements
};
/// IP addresses are in their IPv6 form here, IPv4 as ::ffff:a.b.c.d, and lengths of prefixes count that form's bits.
inline constexpr u8 v4_prefix_offset = 96;
struct InterfaceRecord {
    u8 method;        ///< an AddressMethod
    u8 address_count;
    le16 mtu;         ///< 0: the device's
    le32 reserved;
    u8 gateway_v4[16], gateway_v6[16];  ///< all zero: none
};
static_assert(sizeof(InterfaceRecord) == 40 && alignof(InterfaceRecord) == 1);
struct AddressRecord {
    u8 address[16];
    u8 prefix_length;
    u8 reserved[7];
};
static_assert(sizeof(AddressRecord) == 24);
/// More than any interface takes.
inline constexpr u8 max_addresses = 16;
struct LimitRecord {
    le32 resource;
    le32 reserved;
    le64 soft;
    le64 hard;
};
struct UserRecord {
    le32 uid;
    le32 gid;
};
/// How a volume is known among the machine's disks.
enum class VolumeName : u8 {
    uuid = 0,   ///< its file system's UUID
    label = 1,  ///< its file system's label, zeros behind it
};
struct VolumeRecord {
    u8 naming;     ///< a VolumeName
    u8 read_only;  ///< 0 or 1
    u8 reserved[6];
    u8 name[16];
};
static_assert(sizeof(VolumeRecord) == 24 && alignof(VolumeRecord) == 1);
struct TmpfsRecord {
    le64 size;      ///< bytes that its files may have; 0: half of the memory
    le16 mode;      ///< its folder's permissions, 07777
    u8 reserved[6];
};
static_assert(sizeof(TmpfsRecord) == 16 && alignof(TmpfsRecord) == 1);
/// Its folder is in the image.
struct FileRecord {
    le64 modified;  ///< seconds since 1970
    le32 uid, gid;
    le16 mode;      ///< permissions, 07777
    le16 path_size; ///< bytes
    u8 reserved[4];
};
static_assert(sizeof(FileRecord) == 24 && alignof(FileRecord) == 1);

}  // namespace spore::abi
