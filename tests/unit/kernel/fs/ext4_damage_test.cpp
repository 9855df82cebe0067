// Damaged volumes, and memory that runs out.
#include <algorithm>
#include <random>

#include "ext4_fixture.hpp"
#include "kernel/memory/address_space.hpp"
#include "kernel/memory/fault_injection.hpp"

namespace spore::fs::test {
namespace {

using ext4::Ext4FileSystem;

/// Everything once; what it answers is not looked at.
void use_all(Tree& tree) {
    (void)tree.write_file("/a/new", pattern(30'000));
    (void)tree.write_file("/a/file3", pattern(9'000));
    (void)make_directory(tree.context(), tree.root(), "/made", 0755);
    (void)make_symlink(tree.context(), tree.root(), "/made/link", std::string(100, 'x'));
    (void)rename(tree.context(), tree.root(), "/a/new", tree.root(), "/made/new", {});
    if (auto entry = tree.find("/made/new")) (void)set_attribute(tree.context(), **entry, "user.large", as_bytes(pattern(1000)), AttributeMode::any);
    if (auto file = tree.open_as("/made/new", {.mode = {.read = true, .write = true}})) {
        (void)(*file)->sync(false);
        (void)(*file)->truncate(100);
        (void)(*file)->allocate(0, 5000, 50'000);
        (void)(*file)->allocate(3, 6000, 30'000);
        if (auto mapped = (*file)->map(MapWrites::to_file))
            if (auto page = (*mapped)->pages().get(2)) memory::PageCache::mark_dirty(**page);
    }
    for (int i = 0; i < 3; ++i) (void)unlink(tree.context(), tree.root(), "/a/file" + std::to_string(i));
    (void)tree.write_file("/a/file" + std::string(100, 'y'), "y");
    (void)unlink(tree.context(), tree.root(), "/made/link");
    (void)unlink(tree.context(), tree.root(), "/made/new");
    (void)remove_directory(tree.context(), tree.root(), "/made");
}

class Ext4Damaged : public testing::Test {
protected:
    Ext4Damaged() {
        source.directory("a/b");
        for (int i = 0; i < 60; ++i) source.file("a/file" + std::to_string(i) + std::string(60, 'n'), pattern(i * 97));
        for (int i = 0; i < 6; ++i) source.file("a/file" + std::to_string(i), pattern(i * 4000));
        source.link("a/b/link", "../file1");
        source.link("a/b/long", std::string(100, '/') + "a/file1");
    }
    std::unique_ptr<RamDisk> build(const std::string& options = "") { return source.build(16_MiB, options); }
    Ext4Source source;
};

/// Blocks of metadata that are in use, so that a change there is met.
std::vector<u64> interesting(RamDisk& disk) {
    std::vector<u64> blocks;
    std::array<std::byte, 4096> page;
    for (u64 block = 0; block < disk.sectors() / 8; ++block) {
        disk.load(block * 4096, page);
        if (std::ranges::any_of(page, [](std::byte b) { return b != std::byte{0}; })) blocks.push_back(block);
    }
    return blocks;
}

TEST_F(Ext4Damaged, NeverFaults) {
    std::mt19937 engine(5);
    int explored = 0;
    // Without checksums damage gets further.
    for (auto options : {"", "-O ^metadata_csum", "-O ^metadata_csum,^extent,^64bit,^flex_bg"}) {
        auto good = build(options);
        auto blocks = interesting(*good);
        for (int i = 0; i < 400; ++i) {
            auto bad = good->copy();
            unsigned changes = 1 + engine() % 4;
            for (unsigned j = 0; j < changes; ++j) {
                u64 block = engine() % 3 ? blocks[engine() % std::min<std::size_t>(blocks.size(), 60)] : blocks[engine() % blocks.size()];
                u64 at = block * 4096 + engine() % (engine() % 2 ? 4096 : 256);
                if (block == 0) at = 1024 + engine() % 700;
                std::byte value[1] = {std::byte(engine() % 3 == 0 ? 0xff : engine() % 256)};
                bad->store(at, value);
            }
            auto mounted = Ext4FileSystem::mount(*bad, engine() % 2);
            if (!mounted) continue;
            ++explored;
            unsigned budget = 500;
            Tree tree(*mounted);
            explore(tree, "", 0, budget);
            use_all(tree);
            explore(tree, "", 0, budget);
        }
    }
    EXPECT_GT(explored, 400);
}

TEST_F(Ext4Damaged, IsMountedWhereThereIsMemory) {
    auto good = build();
    bool failed = true;
    u64 nth = 1;
    for (; failed; ++nth) {
        auto disk = good->copy();
        memory::fail_allocation(nth);
        auto mounted = Ext4FileSystem::mount(*disk, false);
        auto ended = mounted ? (*mounted)->unmount() : Result<void>{};
        failed = memory::fail_allocation(0) == 0;
        if (!mounted) EXPECT_TRUE(failed && mounted.error() == Error::no_memory) << nth;
        if (mounted && !ended) EXPECT_TRUE((*mounted)->unmount()) << nth;
        mounted = fail(Error::not_found);
        auto again = Ext4FileSystem::mount(*disk, false);
        ASSERT_TRUE(again) << nth;
        EXPECT_TRUE((*again)->unmount()) << nth;
        again = fail(Error::not_found);
        ASSERT_EQ(source.check(*disk), "") << nth;
    }
    EXPECT_GT(nth, 10u);
}

TEST_F(Ext4Damaged, StaysConsistentWithoutMemory) {
    auto good = build();
    bool failed = true;
    u64 nth = 1;
    for (; failed; ++nth) {
        auto disk = good->copy();
        auto mounted = Ext4FileSystem::mount(*disk, false);
        ASSERT_TRUE(mounted);
        {
            Tree tree(*mounted);
            memory::fail_allocation(nth);
            use_all(tree);
            failed = memory::fail_allocation(0) == 0;
            EXPECT_FALSE((*mounted)->read_only()) << nth;
            EXPECT_TRUE((*mounted)->sync()) << nth;
            EXPECT_TRUE(tree.read_file("/a/file5") == pattern(20'000)) << nth;
        }
        EXPECT_TRUE((*mounted)->unmount()) << nth;
        mounted->reset();
        if (nth % 11 == 1) ASSERT_EQ(source.check(*disk), "") << nth;
        if (HasFailure()) return;
    }
    EXPECT_GT(nth, 50u) << "allocations that were made to fail";
}

}  // namespace
}  // namespace spore::fs::test
