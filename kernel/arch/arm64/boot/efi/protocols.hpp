// The parts of UEFI that the stub uses [uefi 2.10]. What it does not use is there for its place only.
#pragma once

#include <cstddef>

#include "base/types.hpp"

namespace spore::arch::efi {

using Status = u64;
inline constexpr Status success = 0, error_bit = u64{1} << 63, invalid_parameter = error_bit | 2, buffer_too_small = error_bit | 5;
using Handle = void*;
using Unused = void*;

struct Guid {
    u32 a;
    u16 b, c;
    u8 d[8];
    bool operator==(const Guid&) const = default;
};
inline constexpr Guid acpi_20_table{0x8868e871, 0xe4f1, 0x11d3, {0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81}};
inline constexpr Guid device_tree_table{0xb1b621d5, 0xf19c, 0x41a5, {0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0}};
inline constexpr Guid loaded_image_protocol{0x5b1b31a1, 0x9562, 0x11d2, {0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
inline constexpr Guid random_protocol{0x3152bca5, 0xeade, 0x433d, {0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44}};
inline constexpr Guid load_file_2_protocol{0x4006c0c1, 0xfcb3, 0x403e, {0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d}};
inline constexpr Guid file_system_protocol{0x964e5b22, 0x6459, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
/// The vendor media path at which a loader offers the initrd [linux Documentation/arch/arm64/booting.rst, drivers/firmware/efi].
inline constexpr Guid linux_initrd_media{0x5568e427, 0x68fc, 0x4f3d, {0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68}};

struct TableHeader {
    u64 signature;
    u32 revision, size, checksum, reserved;
};

/// [uefi 10.2]
struct DevicePath {
    u8 type, subtype;
    u8 length[2];
};
struct InitrdPath {
    DevicePath vendor{4, 3, {20, 0}};  // media, vendor-defined
    Guid guid = linux_initrd_media;
    DevicePath end{0x7f, 0xff, {4, 0}};
};
static_assert(sizeof(InitrdPath) == 24);

struct LoadedImage {
    u32 revision;
    Handle parent;
    void* system_table;
    Handle device;
    Unused file_path, reserved;
    u32 options_size;
    const char16_t* options;
    void* base;
    u64 size;
};

struct LoadFile2 {
    Status (*load)(LoadFile2*, const DevicePath*, bool boot_policy, u64* size, void* buffer);
};

/// [uefi 13.5]
struct File {
    u64 revision;
    Status (*open)(File*, File** opened, const char16_t* path, u64 mode, u64 attributes);
    Status (*close)(File*);
    Unused remove;
    Status (*read)(File*, u64* size, void* buffer);
    Unused write;
    Status (*get_position)(File*, u64*);
    Status (*set_position)(File*, u64);
};
inline constexpr u64 open_to_read = 1, position_of_end = ~u64{0};
/// [uefi 13.4]
struct FileSystem {
    u64 revision;
    Status (*open_volume)(FileSystem*, File** root);
};

/// [uefi 37.5]
struct RandomSource {
    Unused algorithms;
    Status (*get)(RandomSource*, const Guid* algorithm, u64 size, void* out);
};

struct TextOutput {
    Unused reset;
    Status (*write)(TextOutput*, const char16_t*);
};

struct Time {
    u16 year;
    u8 month, day, hour, minute, second, padding;
    u32 nanosecond;
    i16 zone;  ///< minutes that local time is behind UTC; unspecified_zone: it is UTC by our reading
    u8 daylight, padding_2;
};
inline constexpr i16 unspecified_zone = 0x7ff;

struct RuntimeServices {
    TableHeader header;
    Status (*get_time)(Time*, void* capabilities);
};

enum class MemoryType : u32 { loader_data = 2 };
enum class Allocate : u32 { anywhere = 0 };

/// [uefi 4.4]
struct BootServices {
    TableHeader header;
    Unused task_priority[2];
    Status (*allocate_pages)(Allocate, MemoryType, u64 pages, u64* address);
    Status (*free_pages)(u64 address, u64 pages);
    Status (*get_memory_map)(u64* size, void* map, u64* key, u64* descriptor_size, u32* version);
    Unused pools[2], events[6], install_protocols[3];
    Status (*handle_protocol)(Handle, const Guid*, void** interface);
    Unused reserved, register_notify, locate_handle;
    Status (*locate_device_path)(const Guid*, const DevicePath**, Handle*);
    Unused install_table, image_services[4];
    Status (*exit_boot_services)(Handle image, u64 key);
    Unused counters[3], drivers[2], protocols[3], handles[2];
    Status (*locate_protocol)(const Guid*, void* registration, void** interface);
};
static_assert(offsetof(BootServices, allocate_pages) == 40 && offsetof(BootServices, handle_protocol) == 152);
static_assert(offsetof(BootServices, locate_device_path) == 184 && offsetof(BootServices, exit_boot_services) == 232);
static_assert(offsetof(BootServices, locate_protocol) == 320);

struct ConfigurationTable {
    Guid guid;
    u64 address;
};

struct SystemTable {
    TableHeader header;
    const char16_t* vendor;
    u32 revision;
    Handle console_in_handle;
    Unused console_in;
    Handle console_out_handle;
    TextOutput* console_out;
    Handle error_handle;
    TextOutput* errors;
    RuntimeServices* runtime;
    BootServices* boot;
    u64 table_count;
    const ConfigurationTable* tables;
};
static_assert(offsetof(SystemTable, console_out) == 64 && offsetof(SystemTable, boot) == 96 && offsetof(SystemTable, tables) == 112);

}  // namespace spore::arch::efi
