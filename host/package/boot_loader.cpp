#include "host/package/boot_loader.hpp"

#include <cstring>

#include "base/bytes.hpp"

namespace spore::host {

namespace {

constexpr std::string_view boot_sector_file = "/usr/lib/grub/i386-pc/boot.img";
constexpr std::size_t sector = 512;
// Where GRUB's first stages keep what its installer fills in [grub-core/boot/i386/pc/boot.S, diskboot.S, include/grub/i386/pc/boot.h]: the sector of the
// loader in the boot sector, and in the loader's first sector the list of where the rest is, whose last entry ends it.
constexpr std::size_t kernel_sector_at = 0x5c, boot_code_size = 440, first_list_entry_at = sector - 12;

std::string_view format_of(LoaderKind kind) {
    switch (kind) {
        case LoaderKind::bios_disk: return "i386-pc";
        case LoaderKind::bios_cd: return "i386-pc-eltorito";
        case LoaderKind::efi: return "x86_64-efi";
    }
    return "";
}

/// A CD's loader under UEFI was read from an image within the CD, and has to look for the CD itself.
std::string configuration(LoadedFrom from) {
    auto search = from == LoadedFrom::cd ? fmt::format("search.file /{}/{} root\n", loader_folder, bundle_file) : "";
    return fmt::format("{}multiboot2 /{}/{}\nmodule2 /{}/{}\nboot\n", search, loader_folder, kernel_file, loader_folder, bundle_file);
}

void put_le64(std::string& bytes, std::size_t at, u64 value) {
    le64 stored;
    stored = value;
    std::memcpy(bytes.data() + at, &stored, sizeof stored);
}

}  // namespace

Outcome<void> make_loader(LoaderKind kind, LoadedFrom from, const Package& package, const fs::path& output) {
    auto settings = package.scratch / "grub.cfg";
    TRY(write_file(settings, configuration(from)));
    std::vector<std::string> command{"grub-mkimage", "-O", std::string(format_of(kind)), "-p", from == LoadedFrom::cd ? "/spore" : "(,gpt2)/spore",
                                     "-c", settings, "-o", output, "multiboot2"};
    auto add = [&](std::initializer_list<const char*> modules) { command.insert(command.end(), modules.begin(), modules.end()); };
    if (kind != LoaderKind::efi) add({"biosdisk"});
    if (from == LoadedFrom::cd) add({"iso9660", "search_fs_file"});
    else add({"part_gpt", "fat"});
    return run_tool(command);
}

Outcome<BiosBoot> place_loader(const fs::path& loader, u64 first_sector) {
    auto boot = read_file(boot_sector_file), core = read_file(loader);
    if (!boot || boot->size() < sector || !core || core->size() < 2 * sector)
        return failure(ExitStatus::failed, "{} and {} are no boot loader: install the package grub-pc-bin again", boot_sector_file, loader.string());
    BiosBoot placed{boot->substr(0, boot_code_size), std::move(*core)};
    put_le64(placed.boot_sector, kernel_sector_at, first_sector);
    put_le64(placed.loader, first_list_entry_at, first_sector + 1);
    return placed;
}

}  // namespace spore::host
