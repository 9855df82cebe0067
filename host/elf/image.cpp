#include "host/elf/image.hpp"

#include <cxxabi.h>
#include <elf.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "host/common/read_at.hpp"

namespace spore::host {

namespace {

/// The relocations that matter here, by their numbers [psABI x86-64 4.4, arm/aaelf64 5.7].
struct RelocationKinds {
    u32 relative, indirect_relative, jump_slot, global_data, word;
};
const RelocationKinds& kinds_of(Architecture architecture) {
    static constexpr RelocationKinds x86_64{R_X86_64_RELATIVE, R_X86_64_IRELATIVE, R_X86_64_JUMP_SLOT, R_X86_64_GLOB_DAT, R_X86_64_64};
    static constexpr RelocationKinds arm64{R_AARCH64_RELATIVE, R_AARCH64_IRELATIVE, R_AARCH64_JUMP_SLOT, R_AARCH64_GLOB_DAT, R_AARCH64_ABS64};
    return architecture == Architecture::x86_64 ? x86_64 : arm64;
}

std::string_view string_at(ByteSpan table, u64 offset) {
    if (offset >= table.size()) return {};
    auto* text = reinterpret_cast<const char*>(table.data()) + offset;
    return {text, ::strnlen(text, table.size() - offset)};
}

}  // namespace

std::optional<ElfImage> ElfImage::parse(ByteSpan file) {
    ElfImage image(file);
    if (!image.read_headers()) return std::nullopt;
    image.read_sections();
    return image;
}

bool ElfImage::read_headers() {
    auto header = read_at<Elf64_Ehdr>(file_, 0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64) return false;
    auto architecture = architecture_of(file_);
    if (!architecture) return false;
    architecture_ = *architecture;
    entry_ = header->e_entry;
    relocatable_ = header->e_type == ET_DYN;
    for (u64 i = 0; i < header->e_phnum; ++i) {
        auto program = read_at<Elf64_Phdr>(file_, header->e_phoff + i * sizeof(Elf64_Phdr));
        if (!program) break;
        if (program->p_type == PT_LOAD)
            segments_.push_back({program->p_vaddr, program->p_memsz, program->p_offset, program->p_filesz, (program->p_flags & PF_X) != 0, (program->p_flags & PF_W) != 0});
    }
    for (u64 i = 0; i < header->e_phnum; ++i)
        if (auto program = read_at<Elf64_Phdr>(file_, header->e_phoff + i * sizeof(Elf64_Phdr)); program && program->p_type == PT_GNU_EH_FRAME)
            read_unwind_table(program->p_vaddr, program->p_filesz);
    return true;
}

void ElfImage::read_sections() {
    auto header = *read_at<Elf64_Ehdr>(file_, 0);
    auto section_at = [&](u64 index) { return read_at<Elf64_Shdr>(file_, header.e_shoff + index * sizeof(Elf64_Shdr)); };
    auto names = section_at(header.e_shstrndx);
    auto name_table = names ? slice(file_, names->sh_offset, names->sh_size).value_or(ByteSpan{}) : ByteSpan{};
    u64 dynamic_index = 0, full_index = 0;
    for (u64 i = 1; i < header.e_shnum; ++i) {
        auto section = section_at(i);
        if (!section) break;
        if (string_at(name_table, section->sh_name).starts_with(".note.go.") || string_at(name_table, section->sh_name) == ".go.buildinfo") go_ = true;
        if (section->sh_type == SHT_DYNSYM) dynamic_index = i;
        if (section->sh_type == SHT_SYMTAB) full_index = i;
        bool bits = section->sh_type == SHT_PROGBITS || section->sh_type == SHT_INIT_ARRAY || section->sh_type == SHT_FINI_ARRAY;
        if (!bits || !(section->sh_flags & SHF_ALLOC)) continue;
        Range range{section->sh_addr, section->sh_size, slice(file_, section->sh_offset, section->sh_size).value_or(ByteSpan{})};
        (section->sh_flags & SHF_EXECINSTR ? code_ : data_).push_back(range);
    }
    if (code_.empty())  // without section headers
        for (const auto& segment : segments_)
            (segment.executable ? code_ : data_).push_back({segment.address, segment.file_size, slice(file_, segment.offset, segment.file_size).value_or(ByteSpan{})});
    std::ranges::sort(code_, {}, &Range::address);
    if (dynamic_index) dynamic_ = read_symbols(dynamic_index);
    symbols_ = full_index ? read_symbols(full_index) : dynamic_;
    if (full_index) symbols_.insert(symbols_.end(), dynamic_.begin(), dynamic_.end());
    for (u64 i = 1; i < header.e_shnum; ++i) {
        auto section = section_at(i);
        if (!section) break;
        constexpr u32 relative_words = 19;  // SHT_RELR
        if (section->sh_type == SHT_RELA && (section->sh_flags & SHF_ALLOC)) read_relocations(i, dynamic_);
        else if (section->sh_type == relative_words) read_relative_words(i);
    }
}

std::vector<ElfImage::Symbol> ElfImage::read_symbols(u64 index) {
    std::vector<Symbol> symbols;
    auto header = *read_at<Elf64_Ehdr>(file_, 0);
    auto section = read_at<Elf64_Shdr>(file_, header.e_shoff + index * sizeof(Elf64_Shdr));
    auto strings = read_at<Elf64_Shdr>(file_, header.e_shoff + section->sh_link * sizeof(Elf64_Shdr));
    auto text = strings ? slice(file_, strings->sh_offset, strings->sh_size).value_or(ByteSpan{}) : ByteSpan{};
    for (u64 at = 0; at + sizeof(Elf64_Sym) <= section->sh_size; at += sizeof(Elf64_Sym)) {
        auto symbol = read_at<Elf64_Sym>(file_, section->sh_offset + at);
        if (!symbol) break;
        auto type = ELF64_ST_TYPE(symbol->st_info);
        symbols.push_back({string_at(text, symbol->st_name), symbol->st_value, symbol->st_size, type == STT_FUNC || type == STT_GNU_IFUNC,
                           symbol->st_shndx != SHN_UNDEF, type == STT_GNU_IFUNC});
    }
    return symbols;
}

void ElfImage::read_relocations(u64 index, const std::vector<Symbol>& symbols) {
    auto header = *read_at<Elf64_Ehdr>(file_, 0);
    auto section = *read_at<Elf64_Shdr>(file_, header.e_shoff + index * sizeof(Elf64_Shdr));
    for (u64 at = 0; at + sizeof(Elf64_Rela) <= section.sh_size; at += sizeof(Elf64_Rela)) {
        auto entry = read_at<Elf64_Rela>(file_, section.sh_offset + at);
        if (!entry) break;
        auto type = ELF64_R_TYPE(entry->r_info);
        u64 symbol = ELF64_R_SYM(entry->r_info);
        auto& known = kinds_of(architecture_);
        if (type == known.relative || type == known.indirect_relative) {
            relocations_.push_back({entry->r_offset, {}, static_cast<u64>(entry->r_addend)});
        } else if ((type == known.jump_slot || type == known.global_data || type == known.word) && symbol < symbols.size()) {
            relocations_.push_back({entry->r_offset, symbols[symbol].name, symbols[symbol].address});
        }
    }
}

/// Relative relocations packed as addresses and bitmaps [gABI, proposal "RELR"].
void ElfImage::read_relative_words(u64 index) {
    auto header = *read_at<Elf64_Ehdr>(file_, 0);
    auto section = *read_at<Elf64_Shdr>(file_, header.e_shoff + index * sizeof(Elf64_Shdr));
    u64 next = 0;
    auto add = [&](u64 place) {
        if (auto value = word_at(place)) relocations_.push_back({place, {}, *value});
    };
    for (u64 at = 0; at + 8 <= section.sh_size; at += 8) {
        auto word = read_at<u64>(file_, section.sh_offset + at);
        if (!word) break;
        if (!(*word & 1)) {
            add(*word);
            next = *word + 8;
            continue;
        }
        for (unsigned bit = 1; bit < 64; ++bit)
            if (*word >> bit & 1) add(next + (bit - 1) * 8);
        next += 63 * 8;
    }
}

/// .eh_frame_hdr in the form that every linker writes: a sorted table of 32-bit pairs relative to its own address [LSB 5, 10.6.2].
void ElfImage::read_unwind_table(u64 address, u64 size) {
    for (const auto& segment : segments_) {
        if (address < segment.address || address - segment.address >= segment.file_size) continue;
        auto table = slice(file_, segment.offset + (address - segment.address), size);
        if (!table) return;
        auto encodings = read_at<u32>(*table, 0);
        auto count = read_at<u32>(*table, 8);
        constexpr u32 usual = 0x3b03'1b01;  // version 1, then the encodings of frame pointer, count and table
        if (encodings != usual || !count) return;
        for (u64 i = 0; i < *count; ++i) {
            auto relative = read_at<i32>(*table, 12 + i * 8);
            if (!relative) break;
            starts_.push_back(address + static_cast<u64>(i64{*relative}));
        }
        std::ranges::sort(starts_);
        return;
    }
}

std::optional<u64> ElfImage::word_at(u64 address) const {
    for (const auto& segment : segments_)
        if (address >= segment.address && address - segment.address < segment.file_size) return read_at<u64>(file_, segment.offset + (address - segment.address));
    return std::nullopt;
}

std::optional<u64> ElfImage::offset_to_address(u64 offset) const {
    for (const auto& segment : segments_)
        if (offset >= segment.offset && offset - segment.offset < segment.file_size) return segment.address + (offset - segment.offset);
    return std::nullopt;
}

std::string demangle(std::string_view name) {
    std::string text(name);
    if (!name.starts_with("_Z")) return text;  // to the library "f" alone is a type, float [Itanium C++ ABI 5.1]
    int status = 0;
    char* readable = ::abi::__cxa_demangle(text.c_str(), nullptr, nullptr, &status);
    if (!readable) return text;
    text = readable;
    std::free(readable);
    return text;
}

}  // namespace spore::host
