#include "host/image/image_cache.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "host/common/temporary_folder.hpp"

namespace spore::host {
namespace {

using namespace std::chrono_literals;

class ImageCache : public ::testing::Test {
protected:
    void add(const char* name, std::chrono::minutes age) {
        auto file = folder_.path() / name;
        ASSERT_TRUE(write_file(file, std::string(1000, 'x')));
        if (file.extension() == ".erofs") ASSERT_TRUE(seal_image(file));
        auto sealed = file.extension() == ".erofs" ? UTIME_OMIT : 0;
        auto used = std::time(nullptr) - std::chrono::seconds(age).count();
        const struct timespec times[] = {{.tv_sec = used, .tv_nsec = 0}, {.tv_sec = used, .tv_nsec = sealed}};
        ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
    }
    std::vector<std::string> left(CacheLimits limits) {
        trim_cache(folder_.path(), {".erofs"}, limits);
        std::vector<std::string> names;
        for (const auto& item : fs::directory_iterator(folder_.path())) names.push_back(item.path().filename());
        std::ranges::sort(names);
        return names;
    }
    TemporaryFolder folder_ = std::move(*TemporaryFolder::create("test"));
};

TEST_F(ImageCache, TheLeastUsedGoesFirst) {
    add("a.erofs", 3h), add("b.erofs", 2h), add("c.erofs", 4h), add("d.erofs", 1min);
    EXPECT_EQ(left({.bytes = 4000}), (std::vector<std::string>{"a.erofs", "b.erofs", "c.erofs", "d.erofs"}));
    EXPECT_EQ(left({.bytes = 2000}), (std::vector<std::string>{"b.erofs", "d.erofs"}));
}

TEST_F(ImageCache, WhatIsInUseStays) {
    add("a.erofs", 1min), add("b.erofs", 2min);
    EXPECT_EQ(left({.bytes = 0}), (std::vector<std::string>{"a.erofs", "b.erofs"}));
}

TEST_F(ImageCache, OldImagesAndWhatWasLeftHalfMadeGo) {
    add("a.erofs", 24h * 15), add("b.erofs", 24h * 13), add("b.erofs.12.tmp", 2h), add("c.erofs.13.tmp", 2min);
    EXPECT_EQ(left({}), (std::vector<std::string>{"b.erofs", "c.erofs.13.tmp"}));
}

TEST_F(ImageCache, FoldersCountWithAllThatIsInThem) {
    add("a.erofs", 2h);
    auto folder = folder_.path() / "b.erofs";
    fs::create_directories(folder / "deep/er");
    ASSERT_TRUE(write_file(folder / "deep/er/file", std::string(5000, 'x')));
    const struct timespec long_ago[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = std::time(nullptr) - 3 * 3600, .tv_nsec = 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, folder.c_str(), long_ago, 0), 0);
    EXPECT_EQ(left({.bytes = 6000}), (std::vector<std::string>{"a.erofs", "b.erofs"}));
    EXPECT_FALSE(find_kept_folder(folder / "deep/er/file"));
    EXPECT_FALSE(find_kept_folder(folder_.path() / "c.erofs"));
    EXPECT_EQ(left({.bytes = 5999}), std::vector<std::string>{"a.erofs"});
}

TEST_F(ImageCache, AFolderThatIsFoundIsInUse) {
    auto folder = folder_.path() / "a.erofs";
    fs::create_directories(folder);
    const struct timespec long_ago[] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 1, .tv_nsec = 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, folder.c_str(), long_ago, 0), 0);
    EXPECT_TRUE(find_kept_folder(folder));
    EXPECT_EQ(left({.bytes = 0}), std::vector<std::string>{"a.erofs"});
}

TEST_F(ImageCache, OnlyWhatIsAsItWasSealedIsFound) {
    auto file = folder_.path() / "a.erofs";
    add("a.erofs", 24h * 13);
    EXPECT_EQ(find_sealed_image(file), 1000u);
    struct stat status{};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_LT(std::time(nullptr) - status.st_atim.tv_sec, 3600);  // it was used just now

    EXPECT_FALSE(find_sealed_image(folder_.path() / "b.erofs"));
    EXPECT_FALSE(find_sealed_image(folder_.path()));
    ASSERT_EQ(::truncate(file.c_str(), 999), 0);
    EXPECT_FALSE(find_sealed_image(file));
    // A file system that lost its power may have kept the times, and not all bytes.
    add("a.erofs", 1h);
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    ASSERT_EQ(::truncate(file.c_str(), 500), 0);
    const struct timespec times[] = {status.st_atim, status.st_mtim};
    ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
    EXPECT_FALSE(find_sealed_image(file));
    add("a.erofs", 1h);
    FileDescriptor writer(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::pwrite(writer.number(), "y", 1, 500), 1);
    EXPECT_FALSE(find_sealed_image(file));
}

TEST_F(ImageCache, AnImageThatSomebodyMayBeOpeningIsNotReplaced) {
    auto complete = folder_.path() / "a.erofs.12.tmp", image = folder_.path() / "a.erofs";
    ASSERT_TRUE(write_file(image, "what is no image"));
    ASSERT_TRUE(write_file(complete, std::string(1000, 'x')));
    EXPECT_EQ(keep_image(complete, image).value_or(0), 1000u);
    ASSERT_TRUE(write_file(complete, std::string(2000, 'y')));
    EXPECT_EQ(keep_image(complete, image).value_or(0), 1000u);
    EXPECT_EQ(find_sealed_image(image), 1000u);
    EXPECT_FALSE(fs::exists(complete));
    EXPECT_FALSE(keep_image(complete, image));
}

}  // namespace
}  // namespace spore::host
