#include <algorithm>

#include "erofs_fixture.hpp"
#include "kernel/fs/erofs/file_system.hpp"
#include "tree_fixture.hpp"

namespace spore::fs::test {
namespace {

using erofs::ErofsFileSystem;
using erofs::MemoryImage;

Result<Shared<ErofsFileSystem>> over(const std::vector<std::byte>& bytes) {
    return ErofsFileSystem::create(TRY(make_owned<MemoryImage>(bytes, MemoryImage::Frames::none)));
}

class Erofs : public testing::TestWithParam<const char*> {
protected:
    void fill() {
        source_.directory("dir/inner");
        for (int i = 0; i < 400; ++i) source_.file("dir/file_number_" + std::to_string(i), "contents " + std::to_string(i));
        source_.file("empty", "");
        source_.file("small", "hello");
        source_.file("block", pattern(4096));
        source_.file("blocks", pattern(8192));
        source_.file("tail", pattern(10000));
        source_.file("nearly", pattern(8191));
        source_.link("link", "dir/file_number_7");
        source_.link("loop", "loop");
        source_.link("up", "dir/../small");
        source_.hard_link("hard", "tail");
        source_.fifo("fifo");
    }
    ErofsSource source_;
};

TEST_P(Erofs, ReadsWhatMkfsWrote) {
    fill();
    auto bytes = source_.build(GetParam());
    auto file_system = over(bytes);
    ASSERT_TRUE(file_system) << static_cast<int>(file_system.error());
    Tree tree(*file_system);
    for (auto name : {"empty", "small", "block", "blocks", "tail", "nearly", "hard"}) {
        std::ifstream in(source_.root() / name, std::ios::binary);
        std::string expected((std::istreambuf_iterator<char>(in)), {});
        EXPECT_EQ(tree.read_file(name), expected) << name;
        EXPECT_EQ(tree.stat_of(name)->size, expected.size());
        // Through the page cache, as mmap does.
        auto* pages = *(*tree.find(name))->inode()->pages(false);
        for (u64 index = 0; index * 4096 < expected.size(); ++index) {
            auto frame = pages->get(index);
            ASSERT_TRUE(frame);
            auto part = expected.substr(index * 4096, 4096);
            part.resize(4096, '\0');
            EXPECT_EQ(std::memcmp(frame->bytes(), part.data(), 4096), 0) << name << " page " << index;
        }
    }
    for (int i = 0; i < 400; ++i)
        EXPECT_EQ(tree.read_file("/dir/file_number_" + std::to_string(i)), "contents " + std::to_string(i));
    EXPECT_EQ(tree.read_file("link"), "contents 7");
    EXPECT_EQ(tree.read_file("up"), "hello");
    EXPECT_EQ(tree.link_text("link"), "dir/file_number_7");
    EXPECT_EQ(error_of(tree.read_file("loop")), Error::symlink_loop);
    EXPECT_EQ(tree.stat_of("tail")->inode, tree.stat_of("hard")->inode);
    EXPECT_EQ(tree.stat_of("tail")->links, 2u);
    EXPECT_EQ(tree.stat_of("fifo")->type, FileType::fifo);
    EXPECT_EQ(tree.stat_of("fifo")->permissions, 0600);
    EXPECT_EQ(tree.stat_of("dir/inner")->type, FileType::directory);
    EXPECT_EQ(tree.stat_of("dir")->links, 3u);
    for (auto absent : {"/dir/file_number_400", "/dir/a", "/dir/z", "nothing", "dir/inner/x"})
        EXPECT_EQ(error_of(tree.find(absent)), Error::not_found) << absent;
    EXPECT_EQ(error_of(tree.find("small/x")), Error::not_directory);
    EXPECT_EQ(error_of(tree.find("small/")), Error::not_directory);
}

TEST_P(Erofs, ListsDirectories) {
    fill();
    auto bytes = source_.build(GetParam());
    Tree tree(*over(bytes));
    auto names = *tree.list("dir");
    EXPECT_EQ(names.size(), 403u);
    EXPECT_EQ(names[0], ".");
    EXPECT_EQ(names[1], "..");
    EXPECT_TRUE(std::ranges::is_sorted(names.begin() + 2, names.end()));

    // A few at a time, and from a position that was told earlier.
    auto file = *tree.open_read("dir");
    std::vector<std::string> pieces;
    u64 remembered = 0;
    while (true) {
        Collected sink;
        sink.limit = 7;
        ASSERT_TRUE(file->read_directory(sink));
        if (sink.names.empty()) break;
        pieces.insert(pieces.end(), sink.names.begin(), sink.names.end());
        if (pieces.size() == 70) remembered = sink.positions.back();
    }
    EXPECT_EQ(pieces, names);
    ASSERT_TRUE(file->seek(static_cast<i64>(remembered), Whence::start));
    Collected rest;
    ASSERT_TRUE(file->read_directory(rest));
    EXPECT_EQ(rest.names, std::vector<std::string>(names.begin() + 70, names.end()));
}

TEST_P(Erofs, IsReadOnly) {
    fill();
    auto bytes = source_.build(GetParam());
    Tree tree(*over(bytes));
    EXPECT_EQ(error_of(tree.write_file("small", "x")), Error::read_only);
    EXPECT_EQ(error_of(tree.create("new")), Error::read_only);
    EXPECT_EQ(error_of(unlink(tree.context(), tree.root(), "small")), Error::read_only);
    EXPECT_EQ(error_of(set_permissions(tree.context(), **tree.find("small"), 0)), Error::read_only);
    EXPECT_EQ(error_of(rename(tree.context(), tree.root(), "small", tree.root(), "b", {})), Error::read_only);
}

INSTANTIATE_TEST_SUITE_P(Layouts, Erofs, testing::Values("-E force-inode-compact", "-E force-inode-extended", "--chunksize=4096",
                                                        "--chunksize=8192", "-E noinline_data"));

TEST(ErofsDamaged, NeverFaults) {
    ErofsSource source;
    source.directory("a/b");
    source.file("a/one", pattern(5000));
    source.file("a/two", "x");
    source.link("a/b/link", "../one");
    auto good = source.build();
    for (std::size_t at = 1024; at < good.size(); at += 3) {
        for (auto value : {std::byte{0}, std::byte{0xff}, good[at] ^ std::byte{0x10}}) {
            auto bad = good;
            bad[at] = value;
            auto file_system = over(bad);
            if (!file_system) continue;
            Tree tree(*file_system);
            unsigned budget = 10'000;
            explore(tree, "", 0, budget);
        }
        if (at > 3000) at += 40;
    }
}

TEST(ErofsDamaged, SaysWhatIsWrong) {
    ErofsSource source;
    source.file("file", pattern(50000));
    auto good = source.build();
    EXPECT_EQ(error_of(over({})), Error::corrupt);
    EXPECT_EQ(error_of(over(std::vector<std::byte>(4096))), Error::corrupt);
    EXPECT_EQ(error_of(over({good.begin(), good.end() - 4096})), Error::truncated);
    auto compressed = source.build("-zlz4");
    EXPECT_EQ(error_of(over(compressed)), Error::not_supported);
}

}  // namespace
}  // namespace spore::fs::test
