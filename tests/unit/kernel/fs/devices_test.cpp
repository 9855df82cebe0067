#include "kernel/fs/devices/devices.hpp"

#include <algorithm>

#include "kernel/fs/tmpfs/file_system.hpp"
#include "tree_fixture.hpp"

namespace spore::fs::test {
namespace {

class Devices : public testing::Test {
protected:
    Devices() {
        root_ = *make_tree(*tmpfs::TmpFileSystem::create(1_MiB, 0755));
        EXPECT_TRUE(mount_standard(*root_));
    }
    ~Devices() override {
        Context context{.root = *root_, .directory = *root_};
        for (auto path : {"/dev/shm", "/dev"}) {
            // What is mounted is seen through its name; the covered entry is the mount's.
            auto mounted = *resolve(context, *root_, path, Follow::yes);
            Shared<Dentry> covered(*mounted->mount().covered());
            mounted.reset();
            unmount(*covered);
        }
        root_.reset();
        dentry_cache().shrink();
    }
    Result<Shared<File>> open_device(std::string_view path) {
        return open({.root = *root_, .directory = *root_}, *root_, path, {.mode = {.read = true, .write = true}});
    }
    Shared<Dentry> root_;
};

TEST_F(Devices, ReadAndWrite) {
    auto null = *open_device("/dev/null");
    EXPECT_EQ(write_text(*null, "gone"), 4u);
    EXPECT_EQ(read_text(*null, 10), "");
    auto zero = *open_device("/dev/zero");
    EXPECT_EQ(read_text(*zero, 10), std::string(10, '\0'));
    EXPECT_EQ(write_text(*zero, "gone"), 4u);
    auto full = *open_device("/dev/full");
    EXPECT_EQ(error_of(write_text(*full, "x")), Error::no_space);
    EXPECT_EQ(read_text(*full, 2), std::string(2, '\0'));
    auto random = *open_device("/dev/urandom");
    auto bytes = *read_text(*random, 1000);
    EXPECT_EQ(bytes.size(), 1000u);
    EXPECT_NE(bytes, read_text(*random, 1000));
    EXPECT_EQ(write_text(*random, "seed"), 4u);
    EXPECT_EQ(random->stat()->special, 0x109u);
    EXPECT_EQ(error_of(open_device("/dev/console")), Error::no_such_device_address);
}

TEST_F(Devices, StandInAStandardTree) {
    Context context{.root = *root_, .directory = *root_, .uid = 1000};
    EXPECT_TRUE(open(context, *root_, "/dev/shm/x", {.mode = {.write = true}, .create = true, .permissions = 0600}));
    std::byte target[64];
    EXPECT_EQ(read_link(context, **resolve(context, *root_, "/dev/stdin", Follow::no), target), 15u);
}

}  // namespace
}  // namespace spore::fs::test
