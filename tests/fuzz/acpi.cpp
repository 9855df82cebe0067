// Any bytes as ACPI tables, both behind their checksums and straight into the readers of the bodies.
#include <cstdlib>

#include "wire/acpi_arm.hpp"
#include "wire/acpi_button.hpp"

using namespace spore;
using namespace spore::wire::acpi;

namespace {

class Memory final : public PhysicalReader {
public:
    explicit Memory(ByteSpan bytes) : bytes_(bytes) {}
    std::optional<ByteSpan> see(u64 address, u64 size) override { return slice(bytes_, address, size); }

private:
    ByteSpan bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    ByteSpan bytes(reinterpret_cast<const std::byte*>(data), size);
    Memory memory(bytes);
    (void)find_table(memory, 0, "APIC");
    Table table{bytes};
    MadtReader entries(table);
    for (std::size_t count = 0; entries.next(); ++count)
        if (count > size) std::abort();  // more entries than bytes
    if (size >= 36) (void)read_fadt(table);
    (void)read_hpet(table);
    GicReader gic(table);
    for (std::size_t count = 0; gic.next(); ++count)
        if (count > size) std::abort();
    (void)read_timers(table);
    (void)read_console(table);
    (void)read_firmware_call(table);
    if (auto pci = read_pci_configuration(table); pci && (!pci->address || pci->buses > 256)) std::abort();
    if (auto off = find_soft_off(table); off && *off > 7) std::abort();
    if (size >= 36) (void)find_fixed_button(table);
    if (auto button = find_event_button(table); button && (!button->mask || (button->width != 1 && button->width != 4))) std::abort();
    u64 position = 0, before = 0;
    while (next_virtio_mmio(table, position)) {
        if (position <= before) std::abort();  // no progress
        before = position;
    }
    return 0;
}
