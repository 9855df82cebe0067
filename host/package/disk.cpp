#include "host/package/disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "abi/bundle.hpp"
#include "host/package/boot_loader.hpp"
#include "host/package/fat.hpp"

namespace spore::host {

namespace {

constexpr u64 sector = 512;
constexpr u64 first_usable = 34;              // behind a table of 128 partitions [uefi 5.3.2]
constexpr u64 loader_end = 1_MiB;             // all else begins at a whole MiB
static_assert(abi::root_places[1] == loader_end);

constexpr std::string_view cd_date = "1980010100000000";  // of all files, whenever they are made

/// Kinds of partitions: BIOS boot [GRUB manual, "BIOS installation"], EFI system [uefi 5.3.3], root [UAPI "Discoverable Partitions"].
constexpr std::string_view type_bios_boot = "21686148-6449-6E6F-744E-656564454649", type_efi = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
constexpr std::string_view type_root(Architecture architecture) {
    return architecture == Architecture::arm64 ? "B921B045-1DF0-41C3-AF44-4C6F280D3FAE" : "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709";
}

u64 size_of(const fs::path& file) {
    std::error_code error;
    return fs::file_size(file, error);
}

/// A file that is a hole, to be filled.
Outcome<void> make_empty(const fs::path& file, u64 size) {
    TRY(write_file(file, ""));
    if (::truncate(file.c_str(), static_cast<off_t>(size)) != 0) return failure(ExitStatus::failed, "cannot make {} of {} MiB: {}", file.string(), size >> 20, error_text());
    return {};
}

Outcome<void> write_at(const fs::path& disk, u64 at, ByteSpan bytes) {
    FileDescriptor file(::open(disk.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file || ::lseek(file.number(), static_cast<off_t>(at), SEEK_SET) < 0 || !write_all(file.number(), bytes))
        return failure(ExitStatus::failed, "cannot write {}: {}", disk.string(), error_text());
    return {};
}

/// What firmware finds: the files, and for UEFI the program under the name that it starts by itself [uefi 3.5.1.1].
Outcome<std::vector<FatFile>> boot_files(const Package& package) {
    std::vector<FatFile> files{{package.bundle, fmt::format("{}/{}", loader_folder, bundle_file)}};
    if (package.plan.architecture == Architecture::arm64) {
        files.push_back({package.kernel, "EFI/BOOT/BOOTAA64.EFI"});
        return files;
    }
    auto loader = package.scratch / "loader.efi";
    TRY(make_loader(LoaderKind::efi, LoadedFrom::partition, package, loader));
    files.push_back({package.kernel, fmt::format("{}/{}", loader_folder, kernel_file)});
    files.push_back({loader, "EFI/BOOT/BOOTX64.EFI"});
    return files;
}

Outcome<void> add_bios_loader(const Package& package, const fs::path& disk) {
    auto loader = package.scratch / "loader.bios";
    TRY(make_loader(LoaderKind::bios_disk, LoadedFrom::partition, package, loader));
    auto placed = TRY(place_loader(loader, first_usable));
    if (first_usable * sector + placed.loader.size() > loader_end) return failure(ExitStatus::failed, "GRUB's loader has grown too large for its partition");
    TRY(write_at(disk, 0, std::as_bytes(std::span(placed.boot_sector))));
    return write_at(disk, first_usable * sector, std::as_bytes(std::span(placed.loader)));
}

}  // namespace

Outcome<void> make_disk(const Package& package, const fs::path& output, u64 size_unit) {
    bool bios = package.plan.architecture == Architecture::x86_64;
    if (bios) TRY(need_tools("such an image", loader_tools));
    TRY(need_tools("such an image", {{"sfdisk", "fdisk"}, {"mformat", "mtools"}}));
    auto files = TRY(boot_files(package));
    u64 root_at = loader_end, root_size = package.root.empty() ? 0 : align_up(size_of(package.root), 1_MiB);
    u64 boot_at = root_at + root_size, boot_size = fat_size(files);
    u64 size = align_up(boot_at + boot_size + 1_MiB, size_unit);  // the last one has the table's copy

    auto table = package.scratch / "partitions";
    // The same parts make the same disk: what is usually drawn by lot has fixed names, which nobody asks for.
    auto name = [](int number) { return fmt::format("53504F52-4500-4000-8000-{:012}", number); };
    auto partition = [&](int number, u64 at, u64 bytes, std::string_view type) {
        return fmt::format("start={}, size={}, type={}, uuid={}\n", at / sector, bytes / sector, type, name(number));
    };
    auto script = fmt::format("label: gpt\nlabel-id: {}\nfirst-lba: {}\n", name(0), first_usable);
    script += partition(1, first_usable * sector, loader_end - first_usable * sector, type_bios_boot);
    script += partition(2, boot_at, boot_size, type_efi);
    if (root_size) script += partition(3, root_at, root_size, type_root(package.plan.architecture));
    TRY(write_file(table, script));
    TRY(make_empty(output, size));
    TRY(run_tool({"/bin/sh", "-c", "exec \"$0\" --quiet \"$1\" <\"$2\"", "sfdisk", output, table}));
    TRY(make_fat(output, boot_at, boot_size, files));
    if (root_size) {
        auto image = MappedFile::open(package.root);
        if (!image) return failure(ExitStatus::bad_root, "cannot read the root image {}", package.root.string());
        TRY(write_at(output, root_at, image->bytes()));
    }
    return bios ? add_bios_loader(package, output) : Outcome<void>{};
}

Outcome<void> make_disk_as(const Package& package, const std::vector<std::string>& format, const fs::path& output) {
    TRY(need_tools("such an image", {{"qemu-img", "qemu-utils"}}));
    auto raw = package.scratch / "disk.raw";
    TRY(make_disk(package, raw));
    std::vector<std::string> command{"qemu-img", "convert", "-f", "raw"};
    command.insert(command.end(), format.begin(), format.end());
    command.insert(command.end(), {raw, output});
    return run_tool(command);
}

Outcome<void> make_cd(const Package& package, const fs::path& output) {
    TRY(need_tools("such an image", loader_tools));
    TRY(need_tools("such an image", {{"xorriso", "xorriso"}, {"mformat", "mtools"}}));
    auto tree = package.scratch / "cd", folder = tree / loader_folder;
    std::error_code error;
    fs::create_directories(folder, error);
    TRY(make_loader(LoaderKind::bios_cd, LoadedFrom::cd, package, folder / "bios"));
    auto loader = package.scratch / "loader.efi";
    TRY(make_loader(LoaderKind::efi, LoadedFrom::cd, package, loader));
    std::vector<FatFile> files{{loader, "EFI/BOOT/BOOTX64.EFI"}};
    auto boot_image = folder / "efi";
    u64 size = fat_size(files);
    TRY(make_empty(boot_image, size));
    TRY(make_fat(boot_image, 0, size, files));
    // Links, not copies: the files may be large.
    for (auto [from, to] : {std::pair{package.kernel, kernel_file}, {package.bundle, bundle_file}}) {
        fs::create_hard_link(from, folder / to, error);
        if (error) return failure(ExitStatus::failed, "cannot make {}: {}", (folder / to).string(), error.message());
    }
    auto inside = [](std::string_view file) { return fmt::format("{}/{}", loader_folder, file); };
    return run_tool({"xorriso", "-as", "mkisofs", "-quiet", "-V", "SPORE", "--set_all_file_dates", std::string(cd_date), fmt::format("--modification-date={}", cd_date), "-o", output, "-b", inside("bios"), "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
                     "--grub2-boot-info", "-eltorito-alt-boot", "-e", inside("efi"), "-no-emul-boot", tree});
}

}  // namespace spore::host
