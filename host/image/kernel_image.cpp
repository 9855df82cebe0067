#include "host/image/kernel_image.hpp"

#include <elf.h>

#include <cstring>

#include "host/common/files.hpp"
#include "host/common/read_at.hpp"

namespace spore::host {

namespace {

constexpr std::string_view other_file = "it is no kernel image", cut_off = "it is truncated";

/// [kernel/arch/linuxu/kernel.ld]
constexpr u64 process_kernel_address = 0x7000'0000'0000;

/// Notes that say where a loader is to enter it [xen pvh.pandoc].
bool has_pvh_entry(ByteSpan notes) {
    constexpr u32 physical_entry = 18;
    while (auto note = read_at<Elf64_Nhdr>(notes, 0)) {
        u64 name = sizeof *note, value = name + align_up(u64{note->n_namesz}, 4), end = value + align_up(u64{note->n_descsz}, 4);
        auto text = slice(notes, name, note->n_namesz);
        if (text && note->n_type == physical_entry && text->size() == 4 && std::memcmp(text->data(), "Xen", 4) == 0) return true;
        if (end > notes.size()) return false;
        notes = notes.subspan(end);
    }
    return false;
}

/// An ELF executable: the virtual machine's has a PVH entry, the process's lies where no other program does.
std::optional<std::string_view> problem_of_elf(ByteSpan file, Platform platform) {
    auto header = read_at<Elf64_Ehdr>(file, 0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64 ||
        header->e_type != ET_EXEC || header->e_phentsize != sizeof(Elf64_Phdr))
        return other_file;
    bool kernel = false, whole = true;
    for (u64 i = 0; i < header->e_phnum; ++i) {
        auto segment = header->e_phoff < file.size() ? read_at<Elf64_Phdr>(file, header->e_phoff + i * sizeof(Elf64_Phdr)) : std::nullopt;
        auto bytes = segment ? slice(file, segment->p_offset, segment->p_filesz) : std::nullopt;
        if (!bytes) whole = false;
        else if (platform == Platform::linuxu) kernel |= segment->p_type == PT_LOAD && segment->p_vaddr == process_kernel_address;
        else kernel |= segment->p_type == PT_NOTE && has_pvh_entry(*bytes);
    }
    return !kernel ? std::optional(whole ? other_file : cut_off) : whole ? std::nullopt : std::optional(cut_off);
}

/// A Linux `Image` [linux Documentation/arch/arm64/booting.rst] that is an EFI application, too: a PE file, whose sections say where its bytes end.
std::optional<std::string_view> problem_of_arm64(ByteSpan file) {
    constexpr u64 magic_offset = 56, pe_offset = 60;
    constexpr u32 magic = 0x644d5241, pe_magic = 0x4550;  // "ARM\x64", "PE\0\0"
    struct Coff {
        u32 magic;
        u16 machine, sections;
        u32 time, symbols, symbol_count;
        u16 optional_size, flags;
    };
    struct Section {
        char name[8];
        u32 memory_size, address, file_size, offset, unused[4];
    };
    static_assert(sizeof(Coff) == 24 && sizeof(Section) == 40);
    if (read_at<u32>(file, magic_offset) != magic) return other_file;
    u64 at = read_at<u32>(file, pe_offset).value_or(0);
    auto header = read_at<Coff>(file, at);
    if (!header) return cut_off;
    if (header->magic != pe_magic) return other_file;
    at += sizeof *header + header->optional_size;
    for (u16 i = 0; i < header->sections; ++i, at += sizeof(Section)) {
        auto section = read_at<Section>(file, at);
        if (!section || !slice(file, section->offset, section->file_size)) return cut_off;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> problem_of_kernel(ByteSpan file, Platform platform, Architecture architecture) {
    if (file.empty()) return "it is empty";
    return platform == Platform::qemu && architecture == Architecture::arm64 ? problem_of_arm64(file) : problem_of_elf(file, platform);
}

Outcome<void> check_kernel(const Plan& plan) {
    auto refuse = [&](std::string_view why) {
        return failure(ExitStatus::missing_tool, "{} cannot be the kernel: {}; build spore-{} and give that to --kernel, or leave --kernel away", plan.kernel.string(), why, kernel_name(plan));
    };
    auto file = MappedFile::open(plan.kernel);
    if (!file) return refuse(std::strerror(file.error()));
    if (auto problem = problem_of_kernel(file->bytes(), plan.platform, plan.architecture)) return refuse(*problem);
    return {};
}

}  // namespace spore::host
