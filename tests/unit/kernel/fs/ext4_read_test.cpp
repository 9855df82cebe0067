// Volumes that mke2fs filled.
#include <algorithm>

#include "ext4_fixture.hpp"

namespace spore::fs::test {
namespace {

using ext4::Ext4FileSystem;

class Ext4Read : public testing::Test {
protected:
    void fill() {
        source_.directory("dir/inner");
        source_.directory("large");
        for (int i = 0; i < 400; ++i) source_.file("large/" + std::string(150, 'x') + "number " + std::to_string(i), std::to_string(i));
        for (int i = 0; i < 40; ++i) source_.file("dir/file" + std::to_string(i), "contents " + std::to_string(i));
        for (auto& [name, size] : sizes_) source_.file(name, pattern(size));
        source_.link("link", "dir/file7");
        source_.link("long", std::string(200, '/') + "dir/file7");
        std::ofstream sparse(source_.root() / "sparse", std::ios::binary);
        sparse << "begin";
        sparse.seekp(5'000'000'000);
        sparse << "end";
        sparse.close();
        ASSERT_EQ(mkfifo((source_.root() / "fifo").c_str(), 0600), 0);
    }
    std::vector<std::pair<std::string, std::size_t>> sizes_{{"empty", 0}, {"small", 5}, {"page", 4096}, {"more", 10'000}, {"big", 3'000'001}};
    Ext4Source source_;
};

TEST_F(Ext4Read, ReadsWhatMke2fsWrote) {
    fill();
    for (auto options : {"", "-O ^metadata_csum", "-O ^64bit", "-O ^extent,^64bit,^flex_bg", "-I 128", "-O metadata_csum_seed,orphan_file", "-O ^has_journal", "-O ^dir_index"}) {
        SCOPED_TRACE(options);
        auto disk = source_.build(256_MiB, options);
        auto mounted = Ext4FileSystem::mount(*disk, true);
        ASSERT_TRUE(mounted) << static_cast<int>(mounted.error());
        Tree tree(*mounted);
        for (auto& [name, size] : sizes_) EXPECT_TRUE(tree.read_file(name) == pattern(size)) << name;
        EXPECT_EQ(tree.read_file("link"), "contents 7");
        EXPECT_EQ(tree.read_file("long"), "contents 7");
        EXPECT_EQ(tree.stat_of("fifo")->type, FileType::fifo);
        EXPECT_EQ(tree.stat_of("dir")->links, 3u);
        for (int i = 0; i < 400; i += 7)
            EXPECT_EQ(tree.read_file("large/" + std::string(150, 'x') + "number " + std::to_string(i)), std::to_string(i));
        EXPECT_EQ(error_of(tree.find("large/" + std::string(150, 'x') + "number 400")), Error::not_found);
        auto names = *tree.list("large");
        EXPECT_EQ(names.size(), 402u);
        std::ranges::sort(names);
        EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
        auto sparse = *tree.open_read("sparse");
        EXPECT_EQ(sparse->inode()->size(), 5'000'000'003u);
        EXPECT_EQ(read_text(*sparse, 5), "begin");
        EXPECT_EQ(sparse->seek(100'000, Whence::data), 5'000'000'000u / 4096 * 4096);
        EXPECT_EQ(sparse->seek(0, Whence::hole), 4096u);
        EXPECT_TRUE(read_text(*sparse, 5000) == std::string(5000, '\0'));
        ASSERT_TRUE(sparse->seek(5'000'000'000, Whence::start));
        EXPECT_EQ(read_text(*sparse, 5), "end");
    }
}

TEST_F(Ext4Read, ListsLargeFoldersByPieces) {
    fill();
    auto disk = source_.build(256_MiB);
    Tree tree(*Ext4FileSystem::mount(*disk, true));
    auto file = *tree.open_read("large");
    std::vector<std::string> names;
    while (true) {
        Collected sink;
        sink.limit = 7;
        ASSERT_TRUE(file->read_directory(sink));
        if (sink.names.empty()) break;
        names.insert(names.end(), sink.names.begin(), sink.names.end());
    }
    EXPECT_EQ(names.size(), 402u);
    EXPECT_EQ(names, *tree.list("large"));
}

TEST_F(Ext4Read, TellsVolumesApart) {
    auto disk = source_.build(64_MiB, "-L label -U 01020304-0506-0708-090a-0b0c0d0e0f10");
    auto identity = ext4::identify(*disk);
    ASSERT_TRUE(identity);
    EXPECT_STREQ(identity->label, "label");
    for (u8 i = 0; i < 16; ++i) EXPECT_EQ(identity->uuid[i], i + 1);
    RamDisk empty(1_MiB), none(0);
    EXPECT_EQ(error_of(ext4::identify(empty)), Error::not_found);
    EXPECT_EQ(error_of(ext4::identify(none)), Error::not_found);
    EXPECT_EQ(error_of(Ext4FileSystem::mount(empty, true)), Error::not_found);
}

TEST_F(Ext4Read, RefusesWhatItDoesNotKnow) {
    auto large = source_.build(64_MiB, "-O encrypt");
    EXPECT_EQ(error_of(Ext4FileSystem::mount(*large, true)), Error::not_supported);
    auto data = source_.build(64_MiB, "-O inline_data");
    EXPECT_EQ(error_of(Ext4FileSystem::mount(*data, true)), Error::not_supported);
    auto quota = source_.build(64_MiB, "-O quota");
    auto mounted = Ext4FileSystem::mount(*quota, false);
    ASSERT_TRUE(mounted);
    EXPECT_TRUE((*mounted)->read_only());
}

}  // namespace
}  // namespace spore::fs::test
