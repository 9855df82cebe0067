// ACPI's static tables [acpi 5.2], checked before use: lengths, checksums, entry sizes. Tables are reached through a reader that the
// caller gives, since only he knows how to see physical memory.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.hpp"

namespace spore::wire::acpi {

/// Shows `size` bytes of physical memory, or nothing when they cannot be seen.
class PhysicalReader {
public:
    virtual std::optional<ByteSpan> see(u64 address, u64 size) = 0;

protected:
    ~PhysicalReader() = default;
};

/// One table that passed its length and checksum test: header and body.
struct Table {
    ByteSpan bytes;
    bool is(std::string_view signature) const;
};

/// Finds the table with a four-letter signature below the RSDP at `root`.
std::optional<Table> find_table(PhysicalReader& reader, u64 root, std::string_view signature);
/// The table at a known address (the DSDT, from the FADT).
std::optional<Table> table_at(PhysicalReader& reader, u64 address);

/// One record of the MADT [acpi 5.2.12]. What is of no use to us is skipped by the iteration.
struct MadtEntry {
    enum class Kind : u8 { processor, io_apic, source_override } kind;
    u32 id = 0;          ///< APIC id of a processor
    u64 address = 0;     ///< of an I/O APIC
    u32 line = 0;        ///< first line of an I/O APIC; the line an ISA line is wired to
    u8 isa_line = 0;
    bool active_low = false;
    bool level = false;
};
class MadtReader {
public:
    explicit MadtReader(Table madt);
    /// The next entry; nothing at the end or where the table is damaged.
    std::optional<MadtEntry> next();

private:
    ByteSpan rest_;
};

/// A register somewhere [acpi 5.2.3.2].
struct GenericAddress {
    enum class Space : u8 { memory = 0, io = 1, other = 255 } space = Space::other;
    u64 address = 0;
};
/// What we want of the FADT [acpi 5.2.9].
struct PowerRegisters {
    u16 control_a = 0, control_b = 0;        ///< PM1 control ports; 0 when absent
    u16 timer = 0;                           ///< the power management timer's port; 0 when absent
    bool timer_wide = false;                 ///< it has 32 bits, not 24
    GenericAddress sleep_control, reset;     ///< hardware-reduced machines; reset register
    u8 reset_value = 0;
    bool hardware_reduced = false;
    u64 dsdt = 0;
};
std::optional<PowerRegisters> read_fadt(Table fadt);

/// Where the high precision event timer's registers are in memory [intel IA-PC HPET 1.0a, 3.2.4].
std::optional<u64> read_hpet(Table hpet);

/// The value that means "soft off": the first element of \_S5 in a DSDT's bytecode.
std::optional<u8> find_soft_off(Table dsdt);

/// A virtio-mmio device that the DSDT describes [virtio 1.2 4.2.2; acpi 6.4.3]: an object with the hardware id LNRO0005, one fixed memory
/// range and one interrupt. Found by the resource descriptors that follow the id, without running the bytecode.
struct VirtioMmio {
    u64 address;
    u32 size, line;
};
/// The next one at or after `position`, which moves on; nothing at the end.
std::optional<VirtioMmio> next_virtio_mmio(Table dsdt, u64& position);

}  // namespace spore::wire::acpi
