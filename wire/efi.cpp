#include "wire/efi.hpp"

namespace spore::wire::efi {
namespace {

struct Descriptor {
    le32 type;
    le32 padding;
    le64 physical_start, virtual_start, pages;
};
constexpr u64 efi_page_size = 4096;

enum Type : u32 {
    loader_code = 1, loader_data = 2, boot_services_code = 3, boot_services_data = 4, conventional = 7, acpi_reclaim = 9,
};

std::optional<Use> use_of(u32 type) {
    switch (type) {
    case loader_code:
    case loader_data:
    case boot_services_code:
    case boot_services_data:
    case conventional: return Use::free;
    case acpi_reclaim: return Use::tables;
    default: return std::nullopt;
    }
}

std::optional<Region> region_of(const Descriptor& descriptor) {
    auto use = use_of(descriptor.type);
    u64 start = descriptor.physical_start, pages = descriptor.pages;
    if (!use || !pages || start % efi_page_size || pages > (~u64{0} - start) / efi_page_size) return std::nullopt;
    return Region{start, start + pages * efi_page_size, *use};
}

}  // namespace

std::optional<MemoryMap> MemoryMap::parse(ByteSpan map, u64 descriptor_size) {
    if (descriptor_size < sizeof(Descriptor)) return std::nullopt;
    MemoryMap parsed;
    parsed.map_ = map;
    parsed.descriptor_size_ = descriptor_size;
    return parsed;
}

std::optional<Region> MemoryMap::first_above(u64 address) const {
    std::optional<Region> lowest;
    u64 size = map_.size();
    for (u64 at = 0; descriptor_size_ && descriptor_size_ <= size - at; at += descriptor_size_) {
        auto* descriptor = view_at<Descriptor>(map_, at);
        auto region = descriptor ? region_of(*descriptor) : std::nullopt;
        if (region && region->end > address && (!lowest || region->start < lowest->start)) lowest = region;
    }
    return lowest;
}

}  // namespace spore::wire::efi
