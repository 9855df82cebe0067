// Builds small ELF files for tests: correct ones, which a test then damages.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "wire/elf.hpp"

namespace spore::fakes {

/// Collects segments and lays them out; `build` gives the file. Every number can be overwritten afterwards by `put`.
class ElfBuilder {
public:
    struct Part {
        wire::elf::SegmentType type;
        u32 flags;
        u64 address;
        std::string content;
        u64 memory_size;
    };

    ElfBuilder& load(u64 address, std::string content, u64 memory_size = 0, u32 flags = 5) {
        parts_.push_back({wire::elf::SegmentType::load, flags, address, std::move(content), memory_size});
        return *this;
    }
    ElfBuilder& interpreter(std::string path) {
        parts_.push_back({wire::elf::SegmentType::interpreter, 4, 0, path + std::string(1, '\0'), 0});
        return *this;
    }
    /// A dynamic section with these libraries and search path, with its string table, as one loadable segment at `address`.
    ElfBuilder& dynamic(u64 address, const std::vector<std::string>& needed, const std::string& runpath = "", bool as_rpath = false) {
        std::string strings(1, '\0'), entries;
        auto entry = [&](u64 tag, u64 value) {
            for (u64 number : {tag, value})
                for (int i = 0; i < 8; ++i) entries.push_back(static_cast<char>(number >> (8 * i)));
        };
        auto add = [&](const std::string& text) {
            auto offset = strings.size();
            strings += text + std::string(1, '\0');
            return offset;
        };
        for (const auto& name : needed) entry(1, add(name));
        if (!runpath.empty()) entry(as_rpath ? 15 : 29, add(runpath));
        auto size = entries.size() + 3 * 16;
        entry(5, address + size), entry(10, strings.size()), entry(0, 0);
        parts_.push_back({wire::elf::SegmentType::load, 6, address, entries + strings, 0});
        dynamic_size_ = size, dynamic_part_ = parts_.size() - 1;
        return *this;
    }
    ElfBuilder& type(u16 value) { type_ = value; return *this; }
    ElfBuilder& machine(u16 value) { machine_ = value; return *this; }

    std::string build() const {
        std::string file = "\x7f" "ELF";
        auto count = parts_.size() + (dynamic_size_ != 0);
        file.resize(64 + 56 * count, '\0');
        file[4] = 2, file[5] = 1, file[6] = 1;
        put(file, 16, type_, 2), put(file, 18, machine_, 2), put(file, 20, 1, 4);
        put(file, 24, parts_.empty() ? 0 : parts_[0].address, 8), put(file, 32, 64, 8);
        put(file, 52, 64, 2), put(file, 54, 56, 2), put(file, 56, count, 2);
        u64 at = 64;
        auto header = [&](wire::elf::SegmentType kind, u32 flags, u64 offset, u64 address, u64 size, u64 memory) {
            put(file, at, static_cast<u32>(kind), 4), put(file, at + 4, flags, 4), put(file, at + 8, offset, 8);
            put(file, at + 16, address, 8), put(file, at + 24, address, 8), put(file, at + 32, size, 8), put(file, at + 40, memory, 8);
            put(file, at + 48, kind == wire::elf::SegmentType::load ? page_size : 1, 8);
            at += 56;
        };
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            const auto& part = parts_[i];
            file.resize(align_up(file.size(), page_size) + part.address % page_size, '\0');
            auto offset = file.size();
            header(part.type, part.flags, offset, part.address, part.content.size(), std::max<u64>(part.memory_size, part.content.size()));
            if (dynamic_size_ != 0 && i == dynamic_part_)
                header(wire::elf::SegmentType::dynamic, 6, offset, part.address, dynamic_size_, dynamic_size_);
            file += part.content;
        }
        return file;
    }

    /// Writes `size` little-endian bytes of `value` at `offset`.
    static void put(std::string& file, u64 offset, u64 value, int size) {
        for (int i = 0; i < size; ++i) file[offset + i] = static_cast<char>(value >> (8 * i));
    }

private:
    std::vector<Part> parts_;
    u64 dynamic_size_ = 0;
    std::size_t dynamic_part_ = 0;
    u16 type_ = 2, machine_ = 62;
};

}  // namespace spore::fakes
