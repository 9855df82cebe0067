// The functions of an ELF file, found by address.
#pragma once

#include <optional>

#include "host/common/files.hpp"
#include "host/elf/image.hpp"

namespace spore::host {

class FunctionTable {
public:
    /// Nothing when there is no such file, or it is no ELF file for a CPU that we know.
    static std::optional<FunctionTable> open(const fs::path& path);

    /// The function that holds `address`, by the file's own addresses; null when none does.
    const ElfImage::Symbol* find(u64 address) const;
    /// Of a byte of the file, the address that it is loaded for.
    std::optional<u64> offset_to_address(u64 offset) const { return image_.offset_to_address(offset); }
    const fs::path& path() const { return path_; }

private:
    FunctionTable(MappedFile file, ElfImage image, fs::path path);

    MappedFile file_;
    ElfImage image_;
    std::vector<ElfImage::Symbol> functions_;  ///< by address
    fs::path path_;
};

}  // namespace spore::host
