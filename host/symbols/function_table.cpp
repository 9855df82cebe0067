#include "host/symbols/function_table.hpp"

#include <algorithm>

namespace spore::host {

FunctionTable::FunctionTable(MappedFile file, ElfImage image, fs::path path) : file_(std::move(file)), image_(std::move(image)), path_(std::move(path)) {
    for (const auto& symbol : image_.symbols())
        if (symbol.defined && symbol.function) functions_.push_back(symbol);
    std::ranges::stable_sort(functions_, {}, &ElfImage::Symbol::address);
}

std::optional<FunctionTable> FunctionTable::open(const fs::path& path) {
    auto file = MappedFile::open(path);
    auto image = file ? ElfImage::parse(file->bytes()) : std::nullopt;
    if (!image) return std::nullopt;
    return FunctionTable(std::move(*file), std::move(*image), path);
}

const ElfImage::Symbol* FunctionTable::find(u64 address) const {
    auto after = std::ranges::upper_bound(functions_, address, {}, &ElfImage::Symbol::address);
    if (after == functions_.begin()) return nullptr;
    const auto& symbol = *std::prev(after);
    return address < symbol.address + std::max<u64>(symbol.size, 1) ? &symbol : nullptr;
}

}  // namespace spore::host
