#include "host/image/image_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

namespace spore::host {

namespace {

/// Whole seconds, which every file system keeps; long past, so that no change happens in just that one.
constexpr struct timespec seal_of(u64 size) { return {.tv_sec = static_cast<std::time_t>(1'000'000'000 + size % 500'000'000), .tv_nsec = 0}; }

/// When it was used: a file's time of access, since that of its change is its seal; a folder's time of change, since to look into it is an access.
enum class UseIs : u8 { access, change };
void mark_used(const fs::path& image, UseIs time) {
    constexpr struct timespec now{.tv_sec = 0, .tv_nsec = UTIME_NOW}, as_it_is{.tv_sec = 0, .tv_nsec = UTIME_OMIT};
    const struct timespec times[] = {time == UseIs::access ? now : as_it_is, time == UseIs::access ? as_it_is : now};
    (void)::utimensat(AT_FDCWD, image.c_str(), times, 0);  // who may not set it does not trim the folder either
}

u64 size_of_folder(const fs::path& folder) {
    u64 total = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator item(folder, fs::directory_options::skip_permission_denied, error), end; !error && item != end; item.increment(error)) {
        struct stat status{};
        if (::lstat(item->path().c_str(), &status) == 0 && S_ISREG(status.st_mode)) total += static_cast<u64>(status.st_size);
    }
    return total;
}

}  // namespace

Outcome<void> seal_image(const fs::path& image) {
    struct stat status{};
    bool sealed = ::stat(image.c_str(), &status) == 0;
    if (sealed) {
        const struct timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_NOW}, seal_of(static_cast<u64>(status.st_size))};
        sealed = ::utimensat(AT_FDCWD, image.c_str(), times, 0) == 0;
    }
    if (!sealed) return failure(ExitStatus::failed, "cannot set the time of {}: {}", image.string(), error_text());
    return {};
}

Outcome<u64> keep_image(const fs::path& complete, const fs::path& image) {
    TRY(seal_image(complete));
    bool kept = ::renameat2(AT_FDCWD, complete.c_str(), AT_FDCWD, image.c_str(), RENAME_NOREPLACE) == 0;
    if (!kept && find_sealed_image(image)) kept = ::unlink(complete.c_str()) == 0;
    if (!kept) kept = ::rename(complete.c_str(), image.c_str()) == 0;  // over what is no image; or a file system that knows no other way
    auto size = kept ? find_sealed_image(image) : std::nullopt;
    if (!size) return failure(ExitStatus::failed, "cannot keep {}: {}", image.string(), error_text());
    return *size;
}

std::optional<u64> find_sealed_image(const fs::path& image) {
    struct stat status{};
    if (::stat(image.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return std::nullopt;
    auto size = static_cast<u64>(status.st_size);
    auto seal = seal_of(size);
    if (status.st_mtim.tv_sec != seal.tv_sec || status.st_mtim.tv_nsec != seal.tv_nsec) return std::nullopt;
    mark_used(image, UseIs::access);
    return size;
}

bool find_kept_folder(const fs::path& folder) {
    struct stat status{};
    if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return false;
    mark_used(folder, UseIs::change);
    return true;
}

void trim_cache(const fs::path& folder, std::initializer_list<std::string_view> extensions, const CacheLimits& limits) {
    struct Image {
        fs::path path;
        std::time_t used;
        u64 size;
    };
    std::vector<Image> images;
    u64 total = 0;
    std::error_code error, ignored;
    auto now = std::time(nullptr);
    for (fs::directory_iterator item(folder, error), end; !error && item != end; item.increment(error)) {
        struct stat status{};
        if (::lstat(item->path().c_str(), &status) != 0) continue;
        bool image = std::ranges::contains(extensions, std::string_view(item->path().extension().native()));
        auto used = image && S_ISREG(status.st_mode) ? status.st_atim.tv_sec : status.st_mtim.tv_sec;
        if (std::chrono::seconds(now - used) > (image ? std::chrono::minutes(limits.life) : limits.grace)) {
            fs::remove_all(item->path(), ignored);
            continue;
        }
        if (!image) continue;
        images.push_back({item->path(), used, S_ISDIR(status.st_mode) ? size_of_folder(item->path()) : static_cast<u64>(status.st_size)});
        total += images.back().size;
    }
    std::ranges::sort(images, {}, &Image::used);
    for (const auto& image : images) {
        if (total <= limits.bytes || std::chrono::seconds(now - image.used) < limits.grace) return;
        fs::remove_all(image.path, ignored);
        total -= image.size;
    }
}

}  // namespace spore::host
