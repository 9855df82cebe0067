#include "host/root/library_cache.hpp"

namespace spore::host {

namespace {

/// The format of glibc 2.2 and later; older caches carry it behind an old-format table, aligned to 8.
struct CacheHeader {
    char magic[20];
    le32 library_count, string_size;
    u8 flags, padding[3];
    le32 extension_offset, unused[3];
};
static_assert(sizeof(CacheHeader) == 48);

struct CacheEntry {
    le32 flags, name, path, os_version;
    le64 hardware_capabilities;
};
static_assert(sizeof(CacheEntry) == 24);

constexpr std::string_view magic = "glibc-ld.so.cache1.1";

std::string_view text_at(ByteSpan file, u64 offset) {
    if (offset >= file.size()) return {};
    std::string_view rest(reinterpret_cast<const char*>(file.data()) + offset, file.size() - offset);
    auto end = rest.find('\0');
    return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
}

}  // namespace

std::map<std::string, std::string, std::less<>> parse_library_cache(ByteSpan file, u32 flags) {
    std::map<std::string, std::string, std::less<>> libraries;
    std::string_view all(reinterpret_cast<const char*>(file.data()), file.size());
    auto start = all.find(magic);
    if (start == std::string_view::npos) return libraries;
    auto table = file.subspan(start);  // offsets of strings count from here
    auto* header = view_at<CacheHeader>(table, 0);
    if (!header) return libraries;
    for (u64 i = 0; i < header->library_count; ++i) {
        auto* entry = view_at<CacheEntry>(table, sizeof *header + i * sizeof(CacheEntry));
        if (!entry) break;
        if (entry->flags != flags || entry->hardware_capabilities != 0) continue;
        auto name = text_at(table, entry->name), path = text_at(table, entry->path);
        if (!name.empty() && path.starts_with('/')) libraries.try_emplace(std::string(name), path);
    }
    return libraries;
}

}  // namespace spore::host
