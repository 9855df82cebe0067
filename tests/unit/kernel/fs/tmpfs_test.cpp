#include "kernel/fs/tmpfs/file_system.hpp"

#include <algorithm>

#include "tree_fixture.hpp"

namespace spore::fs::test {
namespace {

using tmpfs::TmpFileSystem;

class Tmpfs : public testing::Test {
protected:
    Tree tree{*TmpFileSystem::create(64_MiB, 0755)};
    Context context() { return tree.context(); }
    Dentry& root() { return tree.root(); }
};

TEST_F(Tmpfs, WritesAndReads) {
    ASSERT_TRUE(tree.write_file("a", "hello"));
    EXPECT_EQ(tree.read_file("a"), "hello");
    EXPECT_EQ(tree.read_file("/a"), "hello");
    EXPECT_EQ(tree.stat_of("a")->size, 5u);
    EXPECT_EQ(tree.stat_of("a")->permissions, 0644);
    EXPECT_EQ(error_of(tree.read_file("b")), Error::not_found);
    std::string big(100'000, 'x');
    ASSERT_TRUE(tree.write_file("a", big));
    EXPECT_EQ(tree.read_file("a"), big);
    ASSERT_TRUE(tree.write_file("a", "short"));
    EXPECT_EQ(tree.read_file("a"), "short");
}

TEST_F(Tmpfs, ReadsHolesAsZeros) {
    auto file = *tree.create("holes");
    ASSERT_EQ(file->seek(10'000, Whence::start), 10'000u);
    ASSERT_EQ(write_text(*file, "end"), 3u);
    EXPECT_EQ(tree.read_file("holes"), std::string(10'000, '\0') + "end");
    EXPECT_EQ(file->stat()->blocks, 8u);
    EXPECT_EQ(file->seek(0, Whence::data), 8192u);
    EXPECT_EQ(file->seek(0, Whence::hole), 0u);
    EXPECT_EQ(file->seek(8192, Whence::hole), 10'003u);
    EXPECT_EQ(error_of(file->seek(10'003, Whence::data)), Error::no_such_device_address);
    EXPECT_EQ(error_of(file->seek(-1, Whence::start)), Error::invalid);
    EXPECT_EQ(file->seek(-3, Whence::end), 10'000u);
}

TEST_F(Tmpfs, TruncatesAndGrows) {
    ASSERT_TRUE(tree.write_file("a", std::string(9000, 'x')));
    ASSERT_TRUE(truncate(context(), **tree.find("a"), 5));
    EXPECT_EQ(tree.read_file("a"), "xxxxx");
    ASSERT_TRUE(truncate(context(), **tree.find("a"), 5000));
    EXPECT_EQ(tree.read_file("a"), "xxxxx" + std::string(4995, '\0'));
    EXPECT_EQ(tree.stat_of("a")->blocks, 8u);
}

TEST_F(Tmpfs, AllocatesAndPunchesHoles) {
    ASSERT_TRUE(tree.write_file("a", std::string(20'000, 'x')));
    auto file = *tree.open_as("a", {.mode = {.read = true, .write = true}});
    ASSERT_TRUE(file->allocate(3, 1000, 10'000));
    auto expected = std::string(1000, 'x') + std::string(10'000, '\0') + std::string(9000, 'x');
    EXPECT_EQ(tree.read_file("a"), expected);
    EXPECT_EQ(file->stat()->blocks, 4 * 8u);  // one of five pages is gone
    ASSERT_TRUE(file->allocate(0, 0, 30'000));
    EXPECT_EQ(file->stat()->size, 30'000u);
    ASSERT_TRUE(file->allocate(1, 0, 50'000));
    EXPECT_EQ(file->stat()->size, 30'000u);
    EXPECT_EQ(error_of(file->allocate(2, 0, 10)), Error::not_supported);
    EXPECT_EQ(error_of(file->allocate(0, 0, 0)), Error::invalid);
}

TEST_F(Tmpfs, EndsAtItsLimit) {
    Tree small(*TmpFileSystem::create(16 * 4096, 0777));
    auto file = *small.create("a");
    std::string text(100 * 4096, 'x');
    EXPECT_EQ(write_text(*file, text), 16 * 4096u);
    EXPECT_EQ(error_of(write_text(*file, text)), Error::no_space);
    EXPECT_EQ(stat_file_system(small.root())->free_blocks, 0u);
    ASSERT_TRUE(file->truncate(4096));
    EXPECT_EQ(stat_file_system(small.root())->free_blocks, 15u);
    file = {};
    ASSERT_TRUE(unlink(small.context(), small.root(), "a"));
    EXPECT_EQ(stat_file_system(small.root())->free_blocks, 16u);
}

TEST_F(Tmpfs, AppendsWhateverThePosition) {
    ASSERT_TRUE(tree.write_file("log", "one\n"));
    auto file = *tree.open_as("log", {.mode = {.write = true, .append = true}});
    ASSERT_TRUE(write_text(*file, "two\n"));
    ASSERT_TRUE(tree.open_as("log", {.mode = {.write = true, .append = true}}));
    EXPECT_EQ(tree.read_file("log"), "one\ntwo\n");
}

TEST_F(Tmpfs, OpensAsAsked) {
    auto mode = OpenMode{.read = true, .write = true};
    ASSERT_TRUE(tree.open_as("a", {.mode = mode, .create = true, .exclusive = true, .permissions = 0600}));
    EXPECT_EQ(error_of(tree.open_as("a", {.mode = mode, .create = true, .exclusive = true})), Error::exists);
    ASSERT_TRUE(make_directory(context(), root(), "d", 0755));
    EXPECT_EQ(error_of(tree.open_as("d", {.mode = mode})), Error::is_directory);
    EXPECT_EQ(error_of(tree.open_as("d", {.mode = {.read = true}, .create = true})), Error::is_directory);
    EXPECT_EQ(error_of(tree.open_as("a", {.mode = {.read = true}, .directory = true})), Error::not_directory);
    EXPECT_EQ(error_of(tree.open_as("x/", {.mode = mode, .create = true})), Error::is_directory);
    EXPECT_EQ(error_of(tree.open_as("", {.mode = mode})), Error::not_found);
    ASSERT_TRUE(make_symlink(context(), root(), "l", "a"));
    EXPECT_EQ(error_of(tree.open_as("l", {.mode = mode, .no_follow = true})), Error::symlink_loop);
    EXPECT_TRUE(tree.open_as("l", {.mode = {.path_only = true}, .no_follow = true}));
    EXPECT_EQ(error_of(tree.open_as("l", {.mode = mode, .resolution = {.no_symlinks = true}})), Error::symlink_loop);
    EXPECT_EQ(error_of(tree.open_as("/a", {.mode = mode, .resolution = {.beneath = true}})), Error::cross_device);
    EXPECT_EQ(error_of(tree.open_as("d/../../a", {.mode = mode, .resolution = {.beneath = true}})), Error::cross_device);
    EXPECT_TRUE(tree.open_as("d/../a", {.mode = mode, .resolution = {.beneath = true}}));
    // Creating through a dangling link makes its target.
    ASSERT_TRUE(make_symlink(context(), root(), "dangling", "d/target"));
    ASSERT_TRUE(tree.write_file("dangling", "made"));
    EXPECT_EQ(tree.read_file("d/target"), "made");
    EXPECT_EQ(error_of(tree.open_as("dangling", {.mode = mode, .create = true, .exclusive = true})), Error::exists);
    std::string long_name(256, 'n');
    EXPECT_EQ(error_of(tree.create(long_name)), Error::name_too_long);
    EXPECT_TRUE(tree.create(long_name.substr(1)));
    EXPECT_EQ(tree.stat_of(long_name.substr(1))->size, 0u);
}

TEST_F(Tmpfs, FollowsLinksUpToALimit) {
    ASSERT_TRUE(make_directory(context(), root(), "d", 0755));
    ASSERT_TRUE(tree.write_file("d/file", "x"));
    ASSERT_TRUE(make_symlink(context(), root(), "to_d", "d"));
    ASSERT_TRUE(make_symlink(context(), root(), "abs", "/d/"));
    ASSERT_TRUE(make_symlink(context(), root(), "d/up", ".."));
    EXPECT_EQ(tree.read_file("to_d/file"), "x");
    EXPECT_EQ(tree.read_file("abs/file"), "x");
    EXPECT_EQ(tree.read_file("to_d/up/abs/up/d/./file"), "x");
    EXPECT_EQ(tree.stat_of("to_d", Follow::no)->type, FileType::link);
    EXPECT_EQ(tree.stat_of("to_d/", Follow::no)->type, FileType::directory);
    EXPECT_EQ(tree.stat_of("to_d/.", Follow::no)->type, FileType::directory);
    EXPECT_EQ(tree.stat_of("to_d", Follow::no)->size, 1u);
    std::string previous = "d/file";
    for (int i = 0; i < 41; ++i) {
        auto name = "chain" + std::to_string(i);
        ASSERT_TRUE(make_symlink(context(), root(), name, previous));
        previous = name;
    }
    EXPECT_EQ(tree.read_file("chain39"), "x");
    EXPECT_EQ(error_of(tree.read_file("chain40")), Error::symlink_loop);
}

TEST_F(Tmpfs, UnlinksWhatIsOpen) {
    auto file = *tree.create("a");
    ASSERT_TRUE(write_text(*file, "still here"));
    EXPECT_EQ(tree.path_to(*file->dentry()), "/a");
    ASSERT_TRUE(unlink(context(), root(), "a"));
    EXPECT_EQ(error_of(tree.find("a")), Error::not_found);
    EXPECT_EQ(tree.path_to(*file->dentry()), "/a (deleted)");
    EXPECT_EQ(file->stat()->links, 0u);
    ASSERT_TRUE(file->seek(0, Whence::start));
    EXPECT_EQ(tree.read_all(*file), "still here");
    ASSERT_TRUE(tree.write_file("a", "new"));
    EXPECT_EQ(tree.read_file("a"), "new");
}

TEST_F(Tmpfs, OpensWithoutAName) {
    auto file = tree.open_as("/", {.mode = {.read = true, .write = true}, .temporary = true, .permissions = 0600});
    ASSERT_TRUE(file);
    ASSERT_TRUE(write_text(**file, "secret"));
    EXPECT_EQ((*file)->stat()->links, 0u);
    ASSERT_TRUE(link(context(), *(*file)->dentry(), root(), "named"));
    EXPECT_EQ(tree.read_file("named"), "secret");
    EXPECT_EQ(error_of(tree.open_as("/", {.mode = {.read = true}, .temporary = true})), Error::invalid);
}

TEST_F(Tmpfs, MakesAndRemovesDirectories) {
    ASSERT_TRUE(make_directory(context(), root(), "a/", 0777));
    EXPECT_EQ(tree.stat_of("a")->permissions, 0755);
    EXPECT_EQ(tree.stat_of("a")->links, 2u);
    ASSERT_TRUE(make_directory(context(), root(), "a/b", 0777));
    EXPECT_EQ(tree.stat_of("a")->links, 3u);
    EXPECT_EQ(error_of(make_directory(context(), root(), "a", 0777)), Error::exists);
    EXPECT_EQ(error_of(make_directory(context(), root(), "x/y", 0777)), Error::not_found);
    EXPECT_EQ(error_of(remove_directory(context(), root(), "a")), Error::not_empty);
    EXPECT_EQ(error_of(unlink(context(), root(), "a/b")), Error::is_directory);
    EXPECT_EQ(error_of(remove_directory(context(), root(), "a/b/.")), Error::invalid);
    EXPECT_EQ(error_of(remove_directory(context(), root(), "/")), Error::busy);
    auto inside = *tree.find("a/b");
    ASSERT_TRUE(remove_directory(context(), root(), "a/b"));
    EXPECT_EQ(error_of(make_directory(context(), *inside, "late", 0777)), Error::not_found);
    ASSERT_TRUE(remove_directory(context(), root(), "a"));
    EXPECT_EQ(tree.stat_of("/")->links, 2u);
}

TEST_F(Tmpfs, ListsWithStablePositions) {
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(tree.write_file("f" + std::to_string(i), ""));
    auto directory = *tree.open_read("/");
    std::vector<std::string> seen;
    while (true) {
        Collected sink;
        sink.limit = 3;
        ASSERT_TRUE(directory->read_directory(sink));
        if (sink.names.empty()) break;
        seen.insert(seen.end(), sink.names.begin(), sink.names.end());
        // What was listed goes away, as rm -r does.
        for (auto& name : sink.names)
            if (name[0] == 'f') ASSERT_TRUE(unlink(context(), root(), name));
    }
    EXPECT_EQ(seen.size(), 52u);
    EXPECT_EQ(tree.list("/")->size(), 2u);
}

TEST_F(Tmpfs, LinksShareAFile) {
    ASSERT_TRUE(tree.write_file("a", "one"));
    ASSERT_TRUE(link(context(), **tree.find("a"), root(), "b"));
    EXPECT_EQ(tree.stat_of("a")->links, 2u);
    EXPECT_EQ(tree.stat_of("a")->inode, tree.stat_of("b")->inode);
    ASSERT_TRUE(tree.write_file("b", "two"));
    EXPECT_EQ(tree.read_file("a"), "two");
    EXPECT_EQ(error_of(link(context(), **tree.find("a"), root(), "b")), Error::exists);
    EXPECT_EQ(error_of(link(context(), root(), root(), "c")), Error::not_permitted);
    ASSERT_TRUE(rename(context(), root(), "a", root(), "b", {}));  // does nothing
    EXPECT_TRUE(tree.find("a"));
    ASSERT_TRUE(unlink(context(), root(), "a"));
    EXPECT_EQ(tree.stat_of("b")->links, 1u);
}

TEST_F(Tmpfs, Renames) {
    ASSERT_TRUE(make_directory(context(), root(), "d", 0755));
    ASSERT_TRUE(make_directory(context(), root(), "e", 0755));
    ASSERT_TRUE(tree.write_file("d/x", "x"));
    ASSERT_TRUE(tree.write_file("y", "y"));
    auto open_x = *tree.open_read("d/x");
    ASSERT_TRUE(rename(context(), root(), "d/x", root(), "e/a_name_that_is_longer_than_what_fits_inside", {}));
    EXPECT_EQ(tree.path_to(*open_x->dentry()), "/e/a_name_that_is_longer_than_what_fits_inside");
    ASSERT_TRUE(rename(context(), root(), "e/a_name_that_is_longer_than_what_fits_inside", root(), "d/x", {}));
    EXPECT_EQ(error_of(rename(context(), root(), "y", root(), "d/x", {.no_replace = true})), Error::exists);
    ASSERT_TRUE(rename(context(), root(), "y", root(), "d/x", {.exchange = true}));
    EXPECT_EQ(tree.read_file("y"), "x");
    EXPECT_EQ(tree.read_file("d/x"), "y");
    EXPECT_EQ(tree.path_to(*open_x->dentry()), "/y");
    ASSERT_TRUE(rename(context(), root(), "y", root(), "d/x", {}));
    EXPECT_EQ(error_of(tree.find("y")), Error::not_found);
    EXPECT_EQ(tree.read_file("d/x"), "x");
    // Directories
    EXPECT_EQ(error_of(rename(context(), root(), "d", root(), "d/below", {})), Error::invalid);
    EXPECT_EQ(error_of(rename(context(), root(), "e", root(), "d", {})), Error::not_empty);
    EXPECT_EQ(error_of(rename(context(), root(), "d", root(), "d/x", {})), Error::invalid);
    EXPECT_EQ(error_of(rename(context(), root(), "d/x", root(), "e", {})), Error::is_directory);
    EXPECT_EQ(error_of(rename(context(), root(), "d/x", root(), "d", {})), Error::not_empty);
    ASSERT_TRUE(rename(context(), root(), "d", root(), "e", {}));
    EXPECT_EQ(tree.read_file("e/x"), "x");
    EXPECT_EQ(tree.stat_of("/")->links, 3u);
    ASSERT_TRUE(make_directory(context(), root(), "f", 0755));
    ASSERT_TRUE(rename(context(), root(), "e", root(), "f/e", {}));
    EXPECT_EQ(tree.stat_of("/")->links, 3u);
    EXPECT_EQ(tree.stat_of("f")->links, 3u);
    EXPECT_EQ(tree.path_to(**tree.find("f/e/x")), "/f/e/x");
    EXPECT_EQ(tree.read_file("f/e/../e/x"), "x");
    EXPECT_EQ(error_of(rename(context(), root(), "absent", root(), "z", {})), Error::not_found);
    EXPECT_EQ(error_of(rename(context(), root(), ".", root(), "z", {})), Error::busy);
}

TEST_F(Tmpfs, ChecksPermissions) {
    ASSERT_TRUE(make_directory(context(), root(), "private", 0700));
    ASSERT_TRUE(tree.write_file("private/a", "x"));
    ASSERT_TRUE(tree.write_file("readable", "x"));
    ASSERT_TRUE(make_directory(context(), root(), "shared", 0777));
    ASSERT_TRUE(set_permissions(context(), **tree.find("shared"), 01777));
    ASSERT_TRUE(tree.write_file("shared/roots", "x"));
    tree.uid = tree.gid = 1000;
    EXPECT_EQ(error_of(tree.read_file("private/a")), Error::access_denied);
    EXPECT_EQ(error_of(tree.create("new")), Error::access_denied);
    EXPECT_EQ(tree.read_file("readable"), "x");
    EXPECT_EQ(error_of(tree.write_file("readable", "y")), Error::access_denied);
    EXPECT_EQ(error_of(check_access(context(), **tree.find("readable"), 1)), Error::access_denied);
    EXPECT_TRUE(tree.write_file("shared/mine", "x"));
    EXPECT_EQ(tree.stat_of("shared/mine")->uid, 1000u);
    EXPECT_EQ(error_of(unlink(context(), root(), "shared/roots")), Error::not_permitted);
    EXPECT_EQ(error_of(set_permissions(context(), **tree.find("readable"), 0777)), Error::not_permitted);
    EXPECT_EQ(error_of(set_owner(context(), **tree.find("shared/mine"), 0, ~0u)), Error::not_permitted);
    EXPECT_TRUE(set_permissions(context(), **tree.find("shared/mine"), 04711));
    tree.uid = 1001;
    EXPECT_EQ(error_of(unlink(context(), root(), "shared/mine")), Error::not_permitted);
    tree.uid = 0;
    ASSERT_TRUE(set_owner(context(), **tree.find("shared/mine"), 7, 8));
    EXPECT_EQ(tree.stat_of("shared/mine")->permissions, 0711);
    EXPECT_EQ(error_of(check_access(context(), **tree.find("readable"), 1)), Error::access_denied);
    EXPECT_TRUE(check_access(context(), **tree.find("shared/mine"), 1));
}

TEST_F(Tmpfs, FindsDataAndHolesFarApart) {
    constexpr u64 far = u64{1} << 50;  // nobody looks at every page between
    auto file = *tree.create("sparse");
    ASSERT_TRUE(file->truncate(far + 2 * page_size));
    EXPECT_EQ(error_of(file->seek(0, Whence::data)), Error::no_such_device_address);
    EXPECT_EQ(file->seek(5, Whence::hole), 5u);
    auto from = IoBuffer::kernel(as_bytes("x"));
    ASSERT_TRUE(file->write_at(from, far + 1));
    EXPECT_EQ(file->seek(7, Whence::data), far);
    EXPECT_EQ(file->seek(far + 3, Whence::data), far + 3);
    EXPECT_EQ(file->seek(far + 3, Whence::hole), far + page_size);
    EXPECT_EQ(error_of(file->seek(far + page_size, Whence::data)), Error::no_such_device_address);
    ASSERT_TRUE(file->truncate(far + page_size / 2));
    EXPECT_EQ(file->seek(far, Whence::hole), far + page_size / 2);
}

TEST_F(Tmpfs, AllocatesAllOrNothing) {
    auto file = *tree.create("f");
    auto before = stat_file_system(root())->free_blocks;
    EXPECT_EQ(error_of(file->allocate(0, 0, (before + 1) * page_size)), Error::no_space);
    EXPECT_EQ(stat_file_system(root())->free_blocks, before);
    EXPECT_EQ(tree.stat_of("f")->size, 0u);
    ASSERT_TRUE(file->allocate(0, 0, 4 * page_size));
    EXPECT_EQ(stat_file_system(root())->free_blocks, before - 4);
    ASSERT_TRUE(file->allocate(0, 0, before * page_size));
    EXPECT_EQ(stat_file_system(root())->free_blocks, 0u);
}

TEST_F(Tmpfs, KeepsAttributes) {
    ASSERT_TRUE(tree.write_file("a", "x"));
    auto entry = *tree.find("a");
    ASSERT_TRUE(set_attribute(context(), *entry, "user.one", as_bytes("1"), AttributeMode::any));
    ASSERT_TRUE(set_attribute(context(), *entry, "user.two", as_bytes("22"), AttributeMode::create));
    EXPECT_EQ(error_of(set_attribute(context(), *entry, "user.two", as_bytes("22"), AttributeMode::create)), Error::exists);
    EXPECT_EQ(error_of(set_attribute(context(), *entry, "user.no", as_bytes("22"), AttributeMode::replace)), Error::no_data);
    EXPECT_EQ(error_of(set_attribute(context(), *entry, "other.no", as_bytes("22"), AttributeMode::any)), Error::not_supported);
    std::byte value[2];
    EXPECT_EQ(get_attribute(context(), *entry, "user.two", value), 2u);
    EXPECT_EQ(get_attribute(context(), *entry, "user.two", {}), 2u);
    EXPECT_EQ(error_of(get_attribute(context(), *entry, "user.two", std::span(value).first(1))), Error::out_of_range);
    EXPECT_EQ(list_attributes(context(), *entry, {}), 18u);
    ASSERT_TRUE(remove_attribute(context(), *entry, "user.one"));
    EXPECT_EQ(error_of(get_attribute(context(), *entry, "user.one", {})), Error::no_data);
}

TEST_F(Tmpfs, MountsOverDirectories) {
    ASSERT_TRUE(make_directory(context(), root(), "m", 0755));
    ASSERT_TRUE(tree.write_file("m/below", "x"));
    auto covered = *tree.find("m");
    ASSERT_TRUE(mount(*covered, *TmpFileSystem::create(1_MiB, 0755), false));
    EXPECT_EQ(error_of(tree.find("m/below")), Error::not_found);
    ASSERT_TRUE(make_directory(context(), root(), "m/inner", 0755));
    ASSERT_TRUE(tree.write_file("m/inner/f", "y"));
    EXPECT_EQ(tree.path_to(**tree.find("m/inner/f")), "/m/inner/f");
    EXPECT_EQ(tree.stat_of("m/inner/../..")->inode, tree.stat_of("/")->inode);
    EXPECT_EQ(error_of(rename(context(), root(), "m/inner/f", root(), "f", {})), Error::cross_device);
    EXPECT_EQ(error_of(remove_directory(context(), root(), "m")), Error::busy);
    EXPECT_NE(tree.stat_of("m")->device, tree.stat_of("/")->device);
    unmount(*covered);
    EXPECT_EQ(tree.read_file("m/below"), "x");
    ASSERT_TRUE(mount(*covered, *TmpFileSystem::create(1_MiB, 0755), true));
    EXPECT_EQ(error_of(tree.write_file("m/x", "y")), Error::read_only);
    unmount(*covered);
}

TEST_F(Tmpfs, ForgetsOldNamesOnly) {
    dentry_cache().set_limit(64);
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(tree.write_file("f" + std::to_string(i), std::to_string(i)));
    for (int i = 0; i < 500; ++i) EXPECT_EQ(tree.read_file("f" + std::to_string(i)), std::to_string(i));
    for (int i = 500; i < 1000; ++i) EXPECT_EQ(error_of(tree.find("f" + std::to_string(i))), Error::not_found);
    dentry_cache().set_limit(8192);
}

}  // namespace
}  // namespace spore::fs::test
