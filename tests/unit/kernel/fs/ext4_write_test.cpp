// Changing volumes. Whatever a test did, e2fsck finds nothing wrong with what it leaves.
#include <algorithm>
#include <random>

#include "ext4_fixture.hpp"
#include "kernel/memory/address_space.hpp"

namespace spore::fs::test {
namespace {

using ext4::Ext4FileSystem;

class Ext4Write : public testing::Test {
protected:
    void make(u64 bytes = 64_MiB, const std::string& options = "") {
        disk = source.build(bytes, options);
        mount();
    }
    void mount() {
        auto mounted = Ext4FileSystem::mount(*disk, false);
        ASSERT_TRUE(mounted) << static_cast<int>(mounted.error());
        file_system = *mounted;
        ASSERT_FALSE(file_system->read_only());
        tree.emplace(file_system);
    }
    void unmount() {
        tree.reset();
        EXPECT_TRUE(file_system->unmount());
        file_system.reset();
    }
    /// Ends, is looked at by e2fsck, and begins again.
    void check_and_mount() {
        unmount();
        EXPECT_EQ(source.check(*disk), "");
        mount();
    }
    void TearDown() override {
        if (!file_system) return;
        unmount();
        EXPECT_EQ(source.check(*disk), "");
    }
    Result<void> make_folder(std::string_view path) { return make_directory(tree->context(), tree->root(), path, 0755); }
    Result<void> remove(std::string_view path) { return unlink(tree->context(), tree->root(), path); }

    Ext4Source source;
    std::unique_ptr<RamDisk> disk;
    Shared<Ext4FileSystem> file_system;
    std::optional<Tree> tree;
};

TEST_F(Ext4Write, LeavesAVolumeAsItWasWhenNothingWasDone) {
    make();
    check_and_mount();
}

TEST_F(Ext4Write, KeepsWhatWasWritten) {
    make();
    ASSERT_TRUE(tree->write_file("/small", "hello"));
    ASSERT_TRUE(tree->write_file("/big", pattern(3'000'001)));
    ASSERT_TRUE(make_folder("/dir"));
    ASSERT_TRUE(tree->write_file("/dir/inner", "inside"));
    ASSERT_TRUE(make_symlink(tree->context(), tree->root(), "/short", "dir/inner"));
    ASSERT_TRUE(make_symlink(tree->context(), tree->root(), "/long", std::string(200, '/') + "dir/inner"));
    ASSERT_TRUE(make_node(tree->context(), tree->root(), "/null", FileType::character, 0666, 0x103));
    ASSERT_TRUE(link(tree->context(), **tree->find("/small"), tree->root(), "/twice"));
    ASSERT_TRUE(set_permissions(tree->context(), **tree->find("/big"), 0640));
    ASSERT_TRUE(set_owner(tree->context(), **tree->find("/big"), 70'000, 80'000));
    check_and_mount();
    EXPECT_EQ(tree->read_file("/small"), "hello");
    EXPECT_TRUE(tree->read_file("/big") == pattern(3'000'001));
    EXPECT_EQ(tree->read_file("/short"), "inside");
    EXPECT_EQ(tree->read_file("/long"), "inside");
    EXPECT_EQ(tree->stat_of("/null")->special, 0x103u);
    EXPECT_EQ(tree->stat_of("/twice")->links, 2u);
    EXPECT_EQ(tree->stat_of("/big")->permissions, 0640);
    EXPECT_EQ(tree->stat_of("/big")->uid, 70'000u);
    EXPECT_EQ(tree->stat_of("/big")->gid, 80'000u);
    EXPECT_EQ(tree->stat_of("/")->links, 4u) << "itself, lost+found and dir";
    auto free_before = file_system->stat()->free_blocks;
    ASSERT_TRUE(remove("/big"));
    ASSERT_TRUE(remove("/twice"));
    ASSERT_TRUE(remove("/long"));
    EXPECT_EQ(error_of(remove_directory(tree->context(), tree->root(), "/dir")), Error::not_empty);
    ASSERT_TRUE(remove("/dir/inner"));
    ASSERT_TRUE(remove_directory(tree->context(), tree->root(), "/dir"));
    ASSERT_TRUE(file_system->sync());
    EXPECT_EQ(file_system->stat()->free_blocks, free_before + 733 + 1 + 1 + 1);
    check_and_mount();
    EXPECT_EQ(tree->read_file("/small"), "hello");
    EXPECT_EQ(error_of(tree->read_file("/big")), Error::not_found);
}

TEST_F(Ext4Write, WritesFilesInOnePiece) {
    make(256_MiB);
    ASSERT_TRUE(tree->write_file("/big", pattern(20'000'000)));
    unmount();
    EXPECT_EQ(source.check(*disk), "");
    auto extents = source.debug("ex /big");
    EXPECT_LE(std::ranges::count(extents, '\n'), 5) << extents;
    mount();
}

TEST_F(Ext4Write, RenamesOverAndAcross) {
    make();
    ASSERT_TRUE(make_folder("/a"));
    ASSERT_TRUE(make_folder("/b"));
    ASSERT_TRUE(make_folder("/a/sub"));
    ASSERT_TRUE(tree->write_file("/a/one", "1"));
    ASSERT_TRUE(tree->write_file("/b/two", "2"));
    auto move = [&](std::string_view from, std::string_view to, RenameRequest how = {}) {
        return rename(tree->context(), tree->root(), from, tree->root(), to, how);
    };
    ASSERT_TRUE(move("/a/sub", "/b/sub"));
    EXPECT_EQ(tree->stat_of("/a")->links, 2u);
    EXPECT_EQ(tree->stat_of("/b")->links, 3u);
    ASSERT_TRUE(move("/a/one", "/b/two"));
    EXPECT_EQ(tree->read_file("/b/two"), "1");
    ASSERT_TRUE(move("/b/sub", "/b/moved"));
    ASSERT_TRUE(move("/b/moved", "/a/two", {}));
    ASSERT_TRUE(move("/a/two", "/b/two", {.exchange = true}));
    EXPECT_EQ(tree->read_file("/a/two"), "1");
    EXPECT_EQ(tree->stat_of("/b")->links, 3u);
    EXPECT_EQ(tree->stat_of("/a")->links, 2u);
    ASSERT_TRUE(make_folder("/empty"));
    ASSERT_TRUE(move("/b/two", "/empty"));
    check_and_mount();
    EXPECT_EQ(tree->read_file("/a/two"), "1");
    EXPECT_EQ(tree->stat_of("/empty")->links, 2u);
}

TEST_F(Ext4Write, KeepsManyNamesInAFolder) {
    make(256_MiB, "-N 40000");
    constexpr int count = 30'000;
    auto name = [](int i) { return "/dir/a name that is not short " + std::to_string(i); };
    ASSERT_TRUE(make_folder("/dir"));
    for (int i = 0; i < count; ++i) {
        auto made = tree->create(name(i));
        ASSERT_TRUE(made) << i << " " << static_cast<int>(made.error());
    }
    check_and_mount();
    EXPECT_EQ(tree->list("/dir")->size(), count + 2u);
    for (int i = 0; i < count; i += 97) EXPECT_TRUE(tree->find(name(i))) << i;
    for (int i = 0; i < count; i += 2) ASSERT_TRUE(remove(name(i))) << i;
    check_and_mount();
    EXPECT_EQ(tree->list("/dir")->size(), count / 2 + 2u);
    for (int i = 1; i < count; i += 2) ASSERT_TRUE(remove(name(i))) << i;
    ASSERT_TRUE(remove_directory(tree->context(), tree->root(), "/dir"));
}

TEST_F(Ext4Write, KeepsFilesOfManyPieces) {
    make(128_MiB);
    auto file = *tree->create("/holes");
    constexpr u64 count = 2000;
    auto write_at = [&](u64 page) {
        auto text = std::to_string(page);
        auto from = IoBuffer::kernel(as_bytes(text));
        ASSERT_TRUE(file->write_at(from, page * 4096 + 7));
    };
    for (u64 i = 0; i < count; ++i) write_at(i * 7919 % count * 3);
    write_at(1'500'000);  // beyond four gigabytes
    file.reset();
    check_and_mount();
    file = *tree->open_as("/holes", {.mode = {.read = true, .write = true}});
    for (u64 i = 0; i < count; i += 13) {
        auto text = std::to_string(i * 3);
        char buffer[16]{};
        auto into = IoBuffer::kernel(std::as_writable_bytes(std::span(buffer).first(text.size())));
        ASSERT_TRUE(file->read_at(into, i * 3 * 4096 + 7));
        EXPECT_EQ(buffer, text);
    }
    EXPECT_EQ(file->seek(0, Whence::hole), 4096u);
    EXPECT_EQ(file->seek(4096, Whence::data), 3 * 4096u);
    // Holes are filled, pieces join.
    ASSERT_TRUE(file->allocate(0, 0, 1000 * 4096));
    for (u64 i = 0; i < 900; ++i) write_at(i);
    ASSERT_TRUE(file->allocate(3, 100 * 4096 + 5, 50 * 4096));
    file.reset();
    check_and_mount();
    file = *tree->open_as("/holes", {.mode = {.read = true, .write = true}});
    ASSERT_TRUE(file->truncate(2'000'000));
    EXPECT_EQ(file->seek(150 * 4096, Whence::data), 150 * 4096u);
    file.reset();
    check_and_mount();
    EXPECT_EQ(tree->stat_of("/holes")->size, 2'000'000u);
    ASSERT_TRUE(remove("/holes"));
}

TEST_F(Ext4Write, HandsOverAtOnceWhatIsWrittenPastTheCaches) {
    make();
    auto file = *tree->create("/file");
    ASSERT_TRUE(write_text(*file, std::string(40'000, 'x')));
    ASSERT_TRUE(file->sync(false));
    file.reset();
    for (bool direct : {false, true}) {
        file = *tree->open_as("/file", {.mode = {.read = true, .write = true, .direct = direct}});
        u64 before = disk->writes_done;
        std::string text(16384, 'y');
        auto from = IoBuffer::kernel(std::as_writable_bytes(std::span(text)));
        ASSERT_TRUE(file->write_at(from, 8192));
        EXPECT_EQ(disk->writes_done - before, direct ? 1u : 0u);
        file.reset();
    }
    auto others = disk->copy();  // nothing was synced
    auto mounted = *Ext4FileSystem::mount(*others, false);
    Tree after(mounted);
    EXPECT_TRUE(after.read_file("/file") == std::string(8192, 'x') + std::string(16384, 'y') + std::string(40'000 - 24576, 'x'));
    ASSERT_TRUE(mounted->unmount());
}

TEST_F(Ext4Write, ZerosWhatFollowsTheEnd) {
    make();
    auto file = *tree->create("/file");
    ASSERT_TRUE(write_text(*file, std::string(10'000, 'x')));
    ASSERT_TRUE(file->sync(false));
    ASSERT_TRUE(file->truncate(5000));
    file.reset();
    check_and_mount();
    file = *tree->open_as("/file", {.mode = {.read = true, .write = true}});
    ASSERT_TRUE(file->truncate(9000));
    EXPECT_TRUE(Tree::read_all(*file) == std::string(5000, 'x') + std::string(4000, '\0'));
    file.reset();
    check_and_mount();
    EXPECT_TRUE(tree->read_file("/file") == std::string(5000, 'x') + std::string(4000, '\0'));
}

TEST_F(Ext4Write, KeepsOpenFilesWithoutNames) {
    make();
    auto free_before = file_system->stat()->free_blocks;
    auto file = *tree->create("/file");
    ASSERT_TRUE(write_text(*file, pattern(100'000)));
    ASSERT_TRUE(file->sync(false));
    ASSERT_TRUE(remove("/file"));
    ASSERT_TRUE(file->seek(0, Whence::start));
    EXPECT_TRUE(Tree::read_all(*file) == pattern(100'000));
    auto unnamed = *tree->open_as("/", {.mode = {.read = true, .write = true}, .temporary = true, .permissions = 0600});
    ASSERT_TRUE(write_text(*unnamed, "no name"));
    ASSERT_TRUE(link(tree->context(), *unnamed->dentry(), tree->root(), "/named"));
    auto other = *tree->open_as("/", {.mode = {.read = true, .write = true}, .temporary = true, .permissions = 0600});
    ASSERT_TRUE(write_text(*other, "gone"));
    file.reset(), unnamed.reset(), other.reset();
    check_and_mount();
    EXPECT_EQ(tree->read_file("/named"), "no name");
    EXPECT_EQ(file_system->stat()->free_blocks, free_before - 1);
}

TEST_F(Ext4Write, LeavesNothingOfWhatHadNoNameAtTheEnd) {
    make();
    auto free_before = file_system->stat()->free_blocks;
    ASSERT_TRUE(make_folder("/dir"));
    auto directory = *tree->open_as("/dir", {.mode = {.read = true}});
    auto file = *tree->create("/file"), small = *tree->create("/small");
    ASSERT_TRUE(write_text(*file, pattern(3'000'000)));
    ASSERT_TRUE(write_text(*small, "never written back"));
    ASSERT_TRUE(file->sync(false));
    ASSERT_TRUE(remove("/file") && remove("/small"));
    ASSERT_TRUE(remove_directory(tree->context(), tree->root(), "/dir"));
    EXPECT_TRUE(file_system->unmount());
    EXPECT_EQ(source.check(*disk), "");
    EXPECT_EQ(write_text(*file, "more").error(), Error::read_only);
    EXPECT_EQ(file->truncate(5).error(), Error::read_only);
    ASSERT_TRUE(file->seek(0, Whence::start));
    EXPECT_TRUE(read_text(*file, 100));
    file.reset(), small.reset(), directory.reset();
    unmount();
    EXPECT_EQ(source.check(*disk), "");
    mount();
    EXPECT_EQ(file_system->stat()->free_blocks, free_before);
}

TEST_F(Ext4Write, KeepsExtendedAttributes) {
    make();
    ASSERT_TRUE(tree->write_file("/file", "x"));
    auto context = tree->context();
    std::string large(2'000, 'v');
    {
        auto entry = *tree->find("/file");
        ASSERT_TRUE(set_attribute(context, *entry, "user.zebra", as_bytes("striped"), AttributeMode::any));
        ASSERT_TRUE(set_attribute(context, *entry, "user.large", as_bytes(large), AttributeMode::any));
        ASSERT_TRUE(set_attribute(context, *entry, "security.thing", as_bytes("s"), AttributeMode::any));
        ASSERT_TRUE(set_attribute(context, *entry, "user.a", as_bytes(large.substr(0, 500)), AttributeMode::any));
        EXPECT_EQ(error_of(set_attribute(context, *entry, "user.more", as_bytes(std::string(3000, 'x')), AttributeMode::any)), Error::no_space);
    }
    check_and_mount();
    EXPECT_NE(source.debug("ea_list /file").find("user.zebra (7) = \"striped\""), std::string::npos) << source.debug("ea_list /file");
    auto entry = *tree->find("/file");
    std::byte value[3000];
    EXPECT_EQ(get_attribute(context, *entry, "user.zebra", value), 7u);
    EXPECT_EQ(get_attribute(context, *entry, "user.large", value), 2000u);
    EXPECT_TRUE(remove_attribute(context, *entry, "user.large"));
    EXPECT_TRUE(remove_attribute(context, *entry, "user.a"));
    EXPECT_EQ(error_of(get_attribute(context, *entry, "user.large", value)), Error::no_data);
    EXPECT_EQ(get_attribute(context, *entry, "security.thing", value), 1u);
}

TEST_F(Ext4Write, SaysWhenTheDiskIsFull) {
    make(16_MiB);
    int made = 0;
    while (tree->write_file("/file" + std::to_string(made), pattern(100'000)) && made < 1000) ++made;
    EXPECT_GT(made, 50);
    EXPECT_LT(made, 200);
    EXPECT_TRUE(file_system->sync()) << "there is a place for what was taken";
    check_and_mount();
    for (int i = 0; i < made; ++i) EXPECT_TRUE(tree->read_file("/file" + std::to_string(i)) == pattern(100'000)) << i;
    for (int i = 0; i < made; ++i) ASSERT_TRUE(remove("/file" + std::to_string(i)));
    EXPECT_TRUE(tree->write_file("/again", pattern(5'000'000)));
}

TEST_F(Ext4Write, TellsTheDiskWhatIsFree) {
    make();
    ASSERT_TRUE(make_folder("/a"));
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(tree->write_file("/a/file" + std::to_string(i), pattern(300'000, i)));
    ASSERT_TRUE(tree->write_file("/a/large", pattern(20'000'000)));
    check_and_mount();
    auto open = *tree->open_as("/a/file1", {.mode = {.read = true, .write = true}});
    for (int i = 0; i < 20; i += 2) ASSERT_TRUE(remove("/a/file" + std::to_string(i)));
    ASSERT_TRUE(remove("/a/large"));
    ASSERT_TRUE(remove("/a/file1"));
    auto trimmed = file_system->trim(0, ~u64{0}, 0);
    ASSERT_TRUE(trimmed);
    EXPECT_EQ(*trimmed, disk->discarded * device::sector_size);
    EXPECT_GT(*trimmed, 23'000'000u);
    EXPECT_TRUE(tree->read_file("/a/file3") == pattern(300'000, 3));
    EXPECT_TRUE(Tree::read_all(*open) == pattern(300'000, 1));
    open.reset();
    check_and_mount();
    for (int i = 3; i < 20; i += 2) EXPECT_TRUE(tree->read_file("/a/file" + std::to_string(i)) == pattern(300'000, i)) << i;
    // Parts, and short stretches left out.
    disk->discarded = 0;
    EXPECT_EQ(file_system->trim(64_MiB, ~u64{0}, 0).error(), Error::invalid);
    EXPECT_EQ(file_system->trim(4096, 8000, 0).error(), Error::invalid);
    EXPECT_EQ(file_system->trim(0, 8192, 0), 0u);
    auto long_ones = file_system->trim(0, ~u64{0}, 1_MiB), first_half = file_system->trim(0, 32_MiB, 0);
    ASSERT_TRUE(long_ones && first_half);
    EXPECT_LT(*long_ones, *file_system->trim(0, ~u64{0}, 0));
    EXPECT_LE(*first_half, 32_MiB);
    EXPECT_TRUE(tree->write_file("/a/new", pattern(1'000'000)));
}

TEST_F(Ext4Write, TellsTheDiskOfWhatWasRemoved) {
    make();
    ASSERT_TRUE(make_folder("/a"));
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(tree->write_file("/a/small" + std::to_string(i), pattern(3'000, i)));
    ASSERT_TRUE(tree->write_file("/large", pattern(20'000'000)));
    ASSERT_TRUE(tree->write_file("/kept", pattern(3'000'000, 9)));
    ASSERT_TRUE(file_system->sync());
    file_system->discard_freed();
    EXPECT_EQ(disk->discarded, 0u);
    ASSERT_TRUE(remove("/large"));
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(remove("/a/small" + std::to_string(i)));
    file_system->discard_freed();
    EXPECT_EQ(disk->discarded, 0u) << "no transaction has ended";
    ASSERT_TRUE(file_system->sync());
    EXPECT_EQ(disk->discarded, 0u) << "nobody waits for it";
    file_system->discard_freed();
    EXPECT_GT(disk->discarded * device::sector_size, 20'000'000u);
    EXPECT_LE(disk->discarded * device::sector_size, 20'000'000u + 200 * 4096 + 20 * 65536) << "what was free before is not told again";
    EXPECT_LE(disk->discards_done, 8u) << "together";
    u64 told = disk->discarded;
    file_system->discard_freed();
    EXPECT_EQ(disk->discarded, told) << "once";
    // A little is not worth it, until it is a portion.
    disk->discarded = 0;
    ASSERT_TRUE(tree->write_file("/little", pattern(20'000)));
    ASSERT_TRUE(file_system->sync());
    ASSERT_TRUE(remove("/little"));
    ASSERT_TRUE(file_system->sync());
    file_system->discard_freed();
    EXPECT_EQ(disk->discarded % 128, 0u);
    // At the end nothing is left.
    ASSERT_TRUE(tree->write_file("/last", pattern(10'000'000)));
    ASSERT_TRUE(file_system->sync());
    ASSERT_TRUE(remove("/last"));
    disk->discarded = 0;
    check_and_mount();
    EXPECT_GT(disk->discarded * device::sector_size, 9'900'000u);
    EXPECT_TRUE(tree->read_file("/kept") == pattern(3'000'000, 9));
}

TEST_F(Ext4Write, LetsADiskBeThatCannotLetGo) {
    make();
    auto remove_a_large_one = [&] {
        ASSERT_TRUE(tree->write_file("/large", pattern(5'000'000)));
        ASSERT_TRUE(file_system->sync());
        ASSERT_TRUE(remove("/large"));
        ASSERT_TRUE(file_system->sync());
        file_system->discard_freed();
    };
    disk->fails_discards = true;
    remove_a_large_one();
    EXPECT_FALSE(file_system->read_only());
    EXPECT_EQ(file_system->trim(0, ~u64{0}, 0).error(), Error::io);
    disk->fails_discards = false;
    remove_a_large_one();
    EXPECT_EQ(disk->discarded, 0u) << "it is not told any more, until somebody asks for it";
    EXPECT_TRUE(file_system->trim(0, ~u64{0}, 0));
    EXPECT_GT(disk->discarded, 0u);
    disk->granularity = 0, disk->discarded = 0;
    check_and_mount();
    remove_a_large_one();
    EXPECT_EQ(file_system->trim(0, ~u64{0}, 0).error(), Error::not_supported);
    // In portions of a megabyte.
    disk->granularity = 2048;
    check_and_mount();
    remove_a_large_one();
    EXPECT_GE(disk->discarded * device::sector_size, 3u << 20);
    EXPECT_TRUE(file_system->trim(0, ~u64{0}, 0));
    check_and_mount();
}

TEST_F(Ext4Write, WritesWhatMappingsChange) {
    make();
    ASSERT_TRUE(tree->write_file("/file", pattern(50'000)));
    auto file = *tree->open_as("/file", {.mode = {.read = true, .write = true}});
    ASSERT_TRUE(file->truncate(90'000));
    auto mapped = *file->map(MapWrites::to_file);
    for (u64 index : {1, 15, 21}) {
        auto page = *mapped->pages().get(index);
        page.bytes()[5] = std::byte{'M'};
        memory::PageCache::mark_dirty(*page);
    }
    ASSERT_TRUE(mapped->write_back());
    (*mapped->pages().get(1)).bytes()[6] = std::byte{'N'};
    mapped.reset(), file.reset();
    check_and_mount();
    auto expected = pattern(50'000) + std::string(40'000, '\0');
    for (u64 at : {4096 + 5, 15 * 4096 + 5, 21 * 4096 + 5}) expected[at] = 'M';
    expected[4096 + 6] = 'N';
    EXPECT_TRUE(tree->read_file("/file") == expected);
}

TEST_F(Ext4Write, MakesContentsSafeWithoutTheJournal) {
    make();
    auto file = *tree->create("/file");
    ASSERT_TRUE(write_text(*file, pattern(20'000)));
    ASSERT_TRUE(file->sync(true));
    auto count_of = [&](bool data_only) {
        u64 before = disk->writes_done;
        auto from = IoBuffer::kernel(as_bytes("other"));
        EXPECT_TRUE(file->write_at(from, 4096));
        EXPECT_TRUE(file->sync(data_only));
        return disk->writes_done - before;
    };
    EXPECT_EQ(count_of(true), 1u);
    EXPECT_GT(count_of(false), 1u);  // the times
    EXPECT_EQ(count_of(true), 1u);
    file.reset();
    check_and_mount();
    EXPECT_EQ(tree->read_file("/file").value_or("").substr(4096, 5), "other");
}

TEST_F(Ext4Write, StopsWhenTheDiskFails) {
    make();
    auto file = *tree->create("/file");
    ASSERT_TRUE(write_text(*file, "text"));
    disk->fails_writes = true;
    EXPECT_EQ(error_of(file->sync(false)), Error::io);
    EXPECT_TRUE(file_system->read_only());
    EXPECT_EQ(error_of(file->sync(false)), Error::io);
    EXPECT_EQ(error_of(tree->create("/other")), Error::read_only);
    disk->fails_writes = false;
    file.reset(), tree.reset(), file_system.reset();
    mount();
}

}  // namespace
}  // namespace spore::fs::test
