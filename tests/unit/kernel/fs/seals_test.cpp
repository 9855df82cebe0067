#include "kernel/fs/tmpfs/file_system.hpp"
#include "kernel/memory/address_space.hpp"
#include "tree_fixture.hpp"

namespace spore::fs::test {
namespace {

class Seals : public testing::Test {
protected:
    Tree tree{*tmpfs::TmpFileSystem::create(64_MiB, 0755)};
    Shared<Dentry> entry;
    Shared<File> make(u32 seals, u16 permissions = 0666) {
        auto inode = *tree.root().inode()->create_unnamed({.permissions = permissions, .seals = seals});
        entry = *Dentry::create(Shared(tree.root().mount()), nullptr, "sealed", std::move(inode));
        return *entry->inode()->open(*entry, {.read = true, .write = true});
    }
    Inode& inode() { return *entry->inode(); }
};

TEST_F(Seals, ForbidWhatTheySay) {
    auto file = make(0);
    ASSERT_EQ(write_text(*file, std::string(5000, 'x')), 5000u);
    ASSERT_TRUE(inode().add_seals(seal_shrink));
    EXPECT_EQ(error_of(file->truncate(4999)), Error::not_permitted);
    ASSERT_TRUE(file->truncate(5001));
    ASSERT_TRUE(inode().add_seals(seal_grow));
    EXPECT_EQ(error_of(file->truncate(5002)), Error::not_permitted);
    EXPECT_EQ(error_of(write_text(*file, "ab")), Error::not_permitted);
    EXPECT_EQ(write_text(*file, "a"), 1u);
    EXPECT_EQ(error_of(file->allocate(0, 0, 8192)), Error::not_permitted);
    EXPECT_EQ(inode().seals(), seal_shrink | seal_grow);
    ASSERT_TRUE(inode().add_seals(seal_write | seal_seal));
    EXPECT_EQ(error_of(file->allocate(3, 0, 100)), Error::not_permitted);
    EXPECT_EQ(error_of(inode().add_seals(seal_write)), Error::not_permitted);
}

TEST_F(Seals, AreRefusedByOrdinaryFiles) {
    auto file = *tree.create("a");
    EXPECT_EQ(file->inode()->seals(), u32{seal_seal});
    EXPECT_EQ(error_of(file->inode()->add_seals(seal_grow)), Error::not_permitted);
    EXPECT_EQ(error_of(tree.root().inode()->add_seals(seal_grow)), Error::invalid);
}

TEST_F(Seals, WaitForMappingsThatWrite) {
    auto file = make(0);
    ASSERT_TRUE(file->truncate(4096));
    auto mapping = *file->map(MapWrites::to_file);
    auto view = *file->map(MapWrites::nowhere);
    EXPECT_EQ(error_of(inode().add_seals(seal_write)), Error::busy);
    EXPECT_TRUE(inode().add_seals(seal_future_write));
    EXPECT_EQ(error_of(file->map(MapWrites::to_file)), Error::not_permitted);
    mapping = {};
    EXPECT_TRUE(inode().add_seals(seal_write));
    EXPECT_TRUE(file->map(MapWrites::nowhere));
}

TEST_F(Seals, KeepProgramsAsTheyAre) {
    auto file = make(0, 0777);
    EXPECT_TRUE(inode().add_seals(seal_executable));
    EXPECT_EQ(inode().seals(), all_seals & ~seal_seal);
    EXPECT_EQ(error_of(set_permissions(tree.context(), *entry, 0666)), Error::not_permitted);
    EXPECT_TRUE(set_permissions(tree.context(), *entry, 0711));
}

}  // namespace
}  // namespace spore::fs::test
