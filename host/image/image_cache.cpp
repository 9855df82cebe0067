#include "host/image/image_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <vector>

namespace spore::host {

void note_use(const fs::path& image) { ::utimensat(AT_FDCWD, image.c_str(), nullptr, 0); }

void trim_cache(const fs::path& folder, std::initializer_list<std::string_view> extensions, const CacheLimits& limits) {
    struct Image {
        fs::path path;
        fs::file_time_type used;
        u64 size;
    };
    std::vector<Image> images;
    u64 total = 0;
    std::error_code error, ignored;
    auto now = fs::file_time_type::clock::now();
    for (fs::directory_iterator item(folder, error), end; !error && item != end; item.increment(error)) {
        auto used = fs::last_write_time(item->path(), ignored);
        if (ignored) continue;
        bool image = std::ranges::contains(extensions, std::string_view(item->path().extension().native()));
        if (now - used > (image ? std::chrono::minutes(limits.life) : limits.grace)) {
            fs::remove_all(item->path(), ignored);
            continue;
        }
        if (!image) continue;
        auto size = fs::file_size(item->path(), ignored);
        if (ignored) continue;
        images.push_back({item->path(), used, size});
        total += size;
    }
    std::ranges::sort(images, {}, &Image::used);
    for (const auto& image : images) {
        if (total <= limits.bytes || now - image.used < limits.grace) return;
        fs::remove(image.path, ignored);
        total -= image.size;
    }
}

}  // namespace spore::host
