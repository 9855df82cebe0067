// The image as an EFI application: collects what the kernel wants to know of firmware, takes the machine over and enters the kernel as a
// loader would. Runs where firmware placed the image, under firmware's own translation tables, so it knows of nothing else in the kernel: its
// variables are cleared later, and addresses kept in them would be those of another place. Code finds its constants relative to itself.
#include <cstring>

#include "../../../common/clock/calendar.hpp"
#include "../../instructions.hpp"
#include "handover.hpp"
#include "protocols.hpp"

extern "C" {
extern char image_header[], data_end[], kernel_end[];
/// efi/leave.S.
[[noreturn]] void leave_firmware(spore::u64 handover, spore::u64 image, spore::u64 image_end);
}

namespace spore::arch::efi {
namespace {

constexpr u64 image_alignment = 2_MiB;

u64 pages_of(u64 size) { return align_up(size, page_size) / page_size; }

/// Memory that the kernel finds occupied; 0 when there is none.
u64 allocate(BootServices& boot, u64 size) {
    u64 address = 0;
    return boot.allocate_pages(Allocate::anywhere, MemoryType::loader_data, pages_of(size), &address) == success ? address : 0;
}

Status give_up(SystemTable& system, Status status, const char16_t* why) {
    if (auto* out = system.console_out) out->write(out, u"spore: "), out->write(out, why), out->write(out, u"\r\n");
    return status & error_bit ? status : error_bit | 1;  // to be told as "load error"
}

void read_tables(Handover& handover, const SystemTable& system) {
    for (u64 i = 0; i < system.table_count; ++i) {
        auto& table = system.tables[i];
        if (table.guid == device_tree_table) handover.device_tree = table.address;
        if (table.guid == acpi_20_table) handover.acpi_root = table.address;
    }
}

const LoadedImage* find_loaded(BootServices& boot, Handle image) {
    void* found = nullptr;
    return boot.handle_protocol(image, &loaded_image_protocol, &found) == success ? static_cast<const LoadedImage*>(found) : nullptr;
}

/// What is not ASCII has no meaning to the kernel.
void read_options(Handover& handover, const LoadedImage& loaded) {
    u64 count = loaded.options ? loaded.options_size / sizeof(char16_t) : 0;
    for (u64 i = 0; i < count && loaded.options[i] && handover.command_line_size < sizeof handover.command_line; ++i)
        handover.command_line[handover.command_line_size++] = loaded.options[i] < 0x80 ? static_cast<char>(loaded.options[i]) : '?';
}

/// Where the image itself was read from, if that is a file system: null when it is not there.
File* find_bundle_file(BootServices& boot, const LoadedImage& loaded) {
    void* found = nullptr;
    File *root = nullptr, *file = nullptr;
    if (!loaded.device || boot.handle_protocol(loaded.device, &file_system_protocol, &found) != success) return nullptr;
    auto& system = *static_cast<FileSystem*>(found);
    if (system.open_volume(&system, &root) != success) return nullptr;
    bool opened = root->open(root, &file, u"\\spore\\bundle", open_to_read, 0) == success;
    root->close(root);
    return opened ? file : nullptr;
}

/// No such file is no failure.
Status read_bundle(Handover& handover, BootServices& boot, const LoadedImage& loaded) {
    auto* file = find_bundle_file(boot, loaded);
    if (!file) return success;
    u64 size = 0;
    Status status = file->set_position(file, position_of_end);
    if (status == success) status = file->get_position(file, &size);
    if (status == success) status = file->set_position(file, 0);
    u64 at = status == success ? allocate(boot, size) : 0;
    for (u64 done = 0; at && status == success && done < size;) {
        u64 count = size - done;
        status = file->read(file, &count, reinterpret_cast<void*>(at + done));
        if (status == success && count == 0) status = error_bit;  // it has become shorter
        done += count;
    }
    file->close(file);
    if (!at) return error_bit;
    handover.bundle_start = at, handover.bundle_end = at + size;
    return status;
}

/// The initrd, from whoever offers it. No offer is no failure: the kernel tells that it has no bundle.
Status load_bundle(Handover& handover, BootServices& boot) {
    InitrdPath path;
    const DevicePath* rest = &path.vendor;
    Handle handle = nullptr;
    void* found = nullptr;
    if (boot.locate_device_path(&load_file_2_protocol, &rest, &handle) != success) return success;
    if (auto status = boot.handle_protocol(handle, &load_file_2_protocol, &found); status != success) return status;
    auto& file = *static_cast<LoadFile2*>(found);
    u64 size = 0;
    if (auto status = file.load(&file, rest, false, &size, nullptr); status != buffer_too_small) return status;
    u64 at = allocate(boot, size);
    if (!at) return error_bit;
    handover.bundle_start = at, handover.bundle_end = at + size;
    return file.load(&file, rest, false, &size, reinterpret_cast<void*>(at));
}

/// Later, firmware could be asked only with its memory mapped as it likes; so it is asked once, now.
void read_time(Handover& handover, RuntimeServices& runtime) {
    Time now{};
    if (runtime.get_time(&now, nullptr) != success) return;
    i64 minutes = i64{now.hour} * 60 + now.minute + (now.zone == unspecified_zone ? 0 : now.zone);
    handover.wall_seconds = (days_since_epoch(now.year, now.month, now.day) * 1440 + minutes) * 60 + now.second;
    handover.wall_counter = SPORE_READ_SYSTEM(cntvct_el0);
}

void read_seed(Handover& handover, BootServices& boot) {
    void* found = nullptr;
    if (boot.locate_protocol(&random_protocol, nullptr, &found) != success) return;
    auto& source = *static_cast<RandomSource*>(found);
    if (source.get(&source, nullptr, sizeof handover.seed, handover.seed) == success) handover.seed_size = sizeof handover.seed;
}

/// The map has to be the last that firmware said when its services are ended; an event may still change it [uefi 7.4.6].
Status end_services(Handover& handover, BootServices& boot, Handle image) {
    Status status = invalid_parameter;
    for (int attempt = 0; attempt < 8 && status == invalid_parameter; ++attempt) {
        u64 key = 0;
        u32 version = 0;
        handover.map_size = sizeof handover.map;
        status = boot.get_memory_map(&handover.map_size, handover.map, &key, &handover.descriptor_size, &version);
        if (status == success) status = boot.exit_boot_services(image, key);
    }
    return status;
}

}  // namespace

extern "C" [[gnu::used]] Status efi_main(Handle image, SystemTable* system) {
    auto& boot = *system->boot;
    u64 kernel_size = align_up(static_cast<u64>(kernel_end - image_header), page_size);
    u64 memory = allocate(boot, image_alignment + kernel_size + sizeof(Handover));
    if (!memory) return give_up(*system, error_bit | 9, u"out of memory: give the machine more");
    u64 place = align_up(memory, image_alignment);
    auto& handover = *reinterpret_cast<Handover*>(place + kernel_size);
    std::memset(&handover, 0, sizeof handover);
    read_tables(handover, *system);
    if (!handover.device_tree && !handover.acpi_root) return give_up(*system, error_bit | 3, u"firmware has neither a device tree nor ACPI tables");
    Status status = load_bundle(handover, boot);
    if (auto* loaded = find_loaded(boot, image)) {
        read_options(handover, *loaded);
        if (status == success && !handover.bundle_end) status = read_bundle(handover, boot, *loaded);
    }
    if (status != success)
        return give_up(*system, status, u"the initrd cannot be loaded: give the machine more memory");
    read_time(handover, *system->runtime);
    read_seed(handover, boot);
    std::memcpy(reinterpret_cast<void*>(place), image_header, static_cast<u64>(data_end - image_header));
    if (status = end_services(handover, boot, image); status != success)
        return give_up(*system, status, u"firmware does not let go of the machine");
    leave_firmware(reinterpret_cast<u64>(&handover), place, place + kernel_size);
}

}  // namespace spore::arch::efi
