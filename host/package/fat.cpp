#include "host/package/fat.hpp"

#include <set>

namespace spore::host {

namespace {

constexpr u64 sector = 512, largest_file = 4_GiB - 1;
/// FAT16 has no more clusters than 2^16; above this size they would become so large that firmware refuses them.
constexpr u64 smallest_fat32 = 256_MiB;

}  // namespace

u64 fat_size(const std::vector<FatFile>& files) {
    u64 total = 0;
    std::error_code error;
    for (const auto& file : files) total += align_up(fs::file_size(file.from, error), 32_KiB);
    return align_up(total + total / 128 + 256_KiB, 1_MiB);  // the tables of clusters, of 4 bytes for at least 512; folders
}

Outcome<void> make_fat(const fs::path& image, u64 offset, u64 size, const std::vector<FatFile>& files) {
    auto at = fmt::format("{}@@{}", image.string(), offset);
    std::vector<std::string> format{"mformat", "-i", at, "-T", std::to_string(size / sector), "-h", "255", "-s", "63", "-v", "SPORE", "-N", "53504f52"};
    if (size >= smallest_fat32) format.push_back("-F");
    format.push_back("::");
    TRY(run_tool(format));
    std::set<std::string> folders;
    for (const auto& file : files)
        for (std::size_t end = file.to.find('/'); end != std::string::npos; end = file.to.find('/', end + 1)) folders.insert("::" + file.to.substr(0, end));
    for (const auto& folder : folders) TRY(run_tool({"mmd", "-i", at, folder}));
    for (const auto& file : files) {
        std::error_code error;
        if (fs::file_size(file.from, error) > largest_file)
            return failure(ExitStatus::failed, "the bundle is larger than a boot partition's files may be (4 GiB): add --root-in disk, where the target allows it");
        TRY(run_tool({"mcopy", "-i", at, file.from, "::" + file.to}));
    }
    return {};
}

}  // namespace spore::host
