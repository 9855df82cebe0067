// The writable root: a tmpfs over an EROFS image.
#include <algorithm>

#include "erofs_fixture.hpp"
#include "kernel/fs/erofs/file_system.hpp"
#include "kernel/fs/tmpfs/file_system.hpp"
#include "tree_fixture.hpp"

namespace spore::fs::test {
namespace {

class Overlay : public testing::Test {
protected:
    Overlay() {
        ErofsSource source;
        source.directory("etc/deep/deeper");
        source.file("etc/hosts", "127.0.0.1 localhost\n");
        source.file("etc/passwd", "root:x:0:0::/:/bin/sh\n");
        source.file("etc/deep/deeper/file", "deep");
        source.file("big", contents_);
        source.hard_link("same", "big");
        source.link("link", "etc/hosts");
        bytes_ = source.build();
        auto lower = *erofs::ErofsFileSystem::create(*make_owned<erofs::MemoryImage>(bytes_, erofs::MemoryImage::Frames::none));
        tree_.emplace(*tmpfs::TmpFileSystem::create_over(std::move(lower), 64_MiB));
    }
    Tree& tree() { return *tree_; }
    Context context() { return tree_->context(); }
    Dentry& root() { return tree_->root(); }
    std::vector<std::string> sorted(std::string_view path) {
        auto names = *tree().list(path);
        std::ranges::sort(names);
        return names;
    }
    using Names = std::vector<std::string>;

    std::string contents_ = pattern(40'000);
    std::vector<std::byte> bytes_;
    std::optional<Tree> tree_;
};

TEST_F(Overlay, ShowsTheLowerTree) {
    EXPECT_EQ(tree().read_file("link"), "127.0.0.1 localhost\n");
    EXPECT_EQ(tree().read_file("big"), contents_);
    EXPECT_EQ(sorted("/"), (Names{".", "..", "big", "etc", "link", "same"}));
    EXPECT_EQ(stat_file_system(root())->free_blocks, stat_file_system(root())->blocks);
}

TEST_F(Overlay, KeepsNothingOfWhatWasRemoved) {
    auto file = *tree().open_read("etc/hosts");
    ASSERT_TRUE(unlink(context(), root(), "etc/hosts"));
    ASSERT_TRUE(set_permissions(context(), *file->dentry(), 0600));
    auto again = *open_entry(context(), *file->dentry(), {.read = true, .write = true});
    ASSERT_TRUE(write_text(*again, "more"));
    EXPECT_EQ(stat_file_system(root())->blocks - stat_file_system(root())->free_blocks, 1u);
    again.reset();
    file.reset();
    EXPECT_EQ(stat_file_system(root())->free_blocks, stat_file_system(root())->blocks);
}

TEST_F(Overlay, CopiesOnlyPagesThatAreWritten) {
    auto number = tree().stat_of("big")->inode;
    auto file = *tree().open_as("big", {.mode = {.read = true, .write = true}});
    ASSERT_TRUE(file->seek(5000, Whence::start));
    ASSERT_TRUE(write_text(*file, "changed"));
    auto expected = contents_;
    expected.replace(5000, 7, "changed");
    EXPECT_EQ(tree().read_file("big"), expected);
    EXPECT_EQ(tree().read_file("same"), expected);  // the other name of the same file
    EXPECT_EQ(tree().stat_of("big")->inode, number);
    auto use = *stat_file_system(root());
    EXPECT_EQ(use.blocks - use.free_blocks, 1u);
    file = {};
    dentry_cache().shrink();
    EXPECT_EQ(tree().read_file("same"), expected);
    // mmap sees the same.
    auto* pages = *(*tree().find("big"))->inode()->pages(false);
    for (u64 i = 0; i < 10; ++i) {
        auto part = expected.substr(i * 4096, 4096);
        EXPECT_EQ(std::memcmp((*pages->get(i)).bytes(), part.data(), part.size()), 0) << i;
    }
}

TEST_F(Overlay, TruncatesLowerFiles) {
    ASSERT_TRUE(truncate(context(), **tree().find("big"), 5000));
    EXPECT_EQ(tree().read_file("big"), contents_.substr(0, 5000));
    ASSERT_TRUE(truncate(context(), **tree().find("big"), 9000));
    EXPECT_EQ(tree().read_file("big"), contents_.substr(0, 5000) + std::string(4000, '\0'));
    ASSERT_TRUE(tree().write_file("etc/hosts", "new"));
    EXPECT_EQ(tree().read_file("etc/hosts"), "new");
}

TEST_F(Overlay, PunchesHolesIntoLowerFiles) {
    auto file = *tree().open_as("big", {.mode = {.read = true, .write = true}});
    ASSERT_TRUE(file->allocate(3, 4000, 20'000));
    auto expected = contents_;
    expected.replace(4000, 20'000, std::string(20'000, '\0'));
    EXPECT_EQ(tree().read_file("big"), expected);
}

TEST_F(Overlay, HidesWhatIsRemoved) {
    ASSERT_TRUE(unlink(context(), root(), "etc/hosts"));
    EXPECT_EQ(error_of(tree().find("etc/hosts")), Error::not_found);
    EXPECT_EQ(sorted("etc"), (Names{".", "..", "deep", "passwd"}));
    dentry_cache().shrink();
    EXPECT_EQ(error_of(tree().find("etc/hosts")), Error::not_found);
    ASSERT_TRUE(tree().write_file("etc/hosts", "again"));
    EXPECT_EQ(tree().read_file("link"), "again");
    EXPECT_EQ(sorted("etc"), (Names{".", "..", "deep", "hosts", "passwd"}));
    ASSERT_TRUE(unlink(context(), root(), "etc/hosts"));
    EXPECT_EQ(error_of(tree().find("etc/hosts")), Error::not_found);
}

TEST_F(Overlay, RemovedDirectoriesComeBackEmpty) {
    EXPECT_EQ(error_of(remove_directory(context(), root(), "etc/deep")), Error::not_empty);
    ASSERT_TRUE(unlink(context(), root(), "etc/deep/deeper/file"));
    ASSERT_TRUE(remove_directory(context(), root(), "etc/deep/deeper"));
    ASSERT_TRUE(remove_directory(context(), root(), "etc/deep"));
    EXPECT_EQ(tree().stat_of("etc")->links, 2u);
    ASSERT_TRUE(make_directory(context(), root(), "etc/deep", 0755));
    EXPECT_EQ(sorted("etc/deep"), (Names{".", ".."}));
    EXPECT_EQ(error_of(tree().find("etc/deep/deeper")), Error::not_found);
}

TEST_F(Overlay, RenamesLowerFilesAndDirectories) {
    ASSERT_TRUE(rename(context(), root(), "etc/hosts", root(), "hosts", {}));
    EXPECT_EQ(tree().read_file("hosts"), "127.0.0.1 localhost\n");
    EXPECT_EQ(error_of(tree().find("etc/hosts")), Error::not_found);
    ASSERT_TRUE(rename(context(), root(), "etc/deep", root(), "moved", {}));
    dentry_cache().shrink();
    EXPECT_EQ(tree().read_file("moved/deeper/file"), "deep");
    EXPECT_EQ(error_of(tree().find("etc/deep")), Error::not_found);
    ASSERT_TRUE(tree().write_file("moved/deeper/new", "x"));
    EXPECT_EQ(sorted("moved/deeper"), (Names{".", "..", "file", "new"}));
    ASSERT_TRUE(rename(context(), root(), "hosts", root(), "etc/passwd", {.exchange = true}));
    EXPECT_EQ(tree().read_file("etc/passwd"), "127.0.0.1 localhost\n");
    ASSERT_TRUE(rename(context(), root(), "moved", root(), "etc/deep", {}));
    EXPECT_EQ(tree().read_file("etc/deep/deeper/new"), "x");
    EXPECT_EQ(sorted("etc"), (Names{".", "..", "deep", "passwd"}));
}

TEST_F(Overlay, ChangesAttributesWithoutCopyingData) {
    ASSERT_TRUE(set_permissions(context(), **tree().find("big"), 0600));
    ASSERT_TRUE(set_owner(context(), **tree().find("big"), 5, 6));
    ASSERT_TRUE(set_attribute(context(), **tree().find("big"), "user.x", as_bytes("y"), AttributeMode::any));
    dentry_cache().shrink();
    EXPECT_EQ(tree().stat_of("same")->permissions, 0600);
    EXPECT_EQ(tree().stat_of("same")->uid, 5u);
    EXPECT_EQ(get_attribute(context(), **tree().find("same"), "user.x", {}), 1u);
    EXPECT_EQ(stat_file_system(root())->free_blocks, stat_file_system(root())->blocks);
    EXPECT_EQ(tree().read_file("big"), contents_);
}

TEST_F(Overlay, CountsLinksAcrossLayers) {
    ASSERT_TRUE(link(context(), **tree().find("big"), root(), "third"));
    EXPECT_EQ(tree().stat_of("same")->links, 3u);
    ASSERT_TRUE(unlink(context(), root(), "big"));
    ASSERT_TRUE(unlink(context(), root(), "same"));
    EXPECT_EQ(tree().read_file("third"), contents_);
    EXPECT_EQ(tree().stat_of("third")->links, 1u);
    auto open_file = *tree().open_read("third");
    ASSERT_TRUE(unlink(context(), root(), "third"));
    EXPECT_EQ(Tree::read_all(*open_file), contents_);
}

TEST_F(Overlay, ListsMergedDirectoriesInPieces) {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(tree().write_file("etc/n" + std::to_string(i), ""));
    ASSERT_TRUE(unlink(context(), root(), "etc/passwd"));
    auto directory = *tree().open_read("etc");
    Names seen;
    while (true) {
        Collected sink;
        sink.limit = 1;
        ASSERT_TRUE(directory->read_directory(sink));
        if (sink.names.empty()) break;
        seen.push_back(sink.names[0]);
    }
    EXPECT_EQ(seen, *tree().list("etc"));
    EXPECT_EQ(seen.size(), 2 + 2 + 20u);
}

}  // namespace
}  // namespace spore::fs::test
