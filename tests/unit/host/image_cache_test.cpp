#include "host/image/image_cache.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/common/temporary_folder.hpp"

namespace spore::host {
namespace {

using namespace std::chrono_literals;

class ImageCache : public ::testing::Test {
protected:
    void add(const char* name, std::chrono::minutes age) {
        ASSERT_TRUE(write_file(folder_.path() / name, std::string(1000, 'x')));
        fs::last_write_time(folder_.path() / name, fs::file_time_type::clock::now() - age);
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

}  // namespace
}  // namespace spore::host
