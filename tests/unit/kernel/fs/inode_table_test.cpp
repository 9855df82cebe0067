// One inode for each file of a file system, whoever loads it, and however many at once.
#include <gtest/gtest.h>

#include <vector>

#include "kernel/fs/inode_table.hpp"

namespace spore::fs::test {
namespace {

class Files final : public FileSystem {
public:
    Result<Shared<Inode>> root() override { return fail(Error::not_found); }
    Result<FileSystemStat> stat() override { return FileSystemStat{}; }
    const char* kind() const override { return "files"; }
    InodeTable table;
};

class File final : public TabledInode {
public:
    File(Files& files, u64 number, FileType type) : TabledInode(files, number, type) {}
    ~File() override { static_cast<Files&>(file_system()).table.remove(*this); }
};

class Inodes : public testing::Test {
protected:
    Shared<File> load(u64 number, FileType type = FileType::regular) { return files_.table.add(*make_shared<File>(files_, number, type)); }
    std::vector<u64> all() {
        std::vector<u64> numbers;
        unsigned bucket = 0;
        for (auto file = files_.table.next<File>(bucket, nullptr); file; file = files_.table.next(bucket, file.get())) numbers.push_back(file->number());
        return numbers;
    }
    Files files_;
};

TEST_F(Inodes, TheFirstThatWasLoadedCounts) {
    auto first = load(7);
    EXPECT_EQ(load(7), first);
    EXPECT_EQ(files_.table.find<File>(7), first);
    EXPECT_FALSE(files_.table.find<File>(7 + 256));  // of the same bucket
    EXPECT_NE(load(7 + 256), first);
}

TEST_F(Inodes, GoWithTheirLastOwner) {
    auto one = load(7), two = load(7 + 256), three = load(8);
    EXPECT_EQ(all(), (std::vector<u64>{7 + 256, 7, 8}));
    one.reset();
    EXPECT_EQ(all(), (std::vector<u64>{7 + 256, 8}));
    EXPECT_FALSE(files_.table.find<File>(7));
    two.reset(), three.reset();
    EXPECT_TRUE(all().empty());
}

TEST_F(Inodes, ANumberOfAnotherTypeIsAnotherFile) {
    auto file = load(7), directory = load(7, FileType::directory);
    EXPECT_TRUE(directory->is_directory());
    EXPECT_EQ(load(7), file);
    directory.reset();
    EXPECT_EQ(files_.table.find<File>(7), file);
}

TEST_F(Inodes, OneThatIsGoingIsPassedOver) {
    auto* going = load(7).leak();
    ASSERT_TRUE(going->release());  // its destructor has yet to begin
    EXPECT_FALSE(files_.table.find<File>(7));
    EXPECT_TRUE(all().empty());
    auto successor = load(7);
    EXPECT_NE(successor.get(), going);
    delete going;
    EXPECT_EQ(files_.table.find<File>(7), successor);
    EXPECT_EQ(all(), std::vector<u64>{7});
}

}  // namespace
}  // namespace spore::fs::test
