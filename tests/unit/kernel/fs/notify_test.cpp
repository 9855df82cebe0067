#include "kernel/fs/notify.hpp"

#include "kernel/fs/tmpfs/file_system.hpp"
#include "tree_fixture.hpp"

namespace spore::fs::test {
namespace {

/// Writes down what it hears.
struct Listener final : InodeWatch {
    Listener(Dentry& entry, std::vector<std::string>& heard, std::string label) : InodeWatch(entry), heard(heard), label(std::move(label)) {
        Guard guard(mutex());
        add();
    }
    void changed(const ChangeNote& note) override {
        heard.push_back(label + " " + std::to_string(static_cast<u32>(note.what)) + (note.of_directory ? "d" : "") + (note.of_unnamed ? "u" : "") +
                        (note.name.empty() ? "" : " " + std::string(note.name)));
    }
    void inode_ended() override {
        heard.push_back(label + " ended");
        delete this;
    }
    void end() {
        {
            Guard guard(mutex());
            remove();
        }
        delete this;
    }
    std::vector<std::string>& heard;
    std::string label;
};

class Notify : public testing::Test {
protected:
    Tree tree{*tmpfs::TmpFileSystem::create(64_MiB, 0755)};
    std::vector<std::string> heard;
    Listener* listen(std::string_view path, std::string label) { return new Listener(**tree.find(path, Follow::no), heard, std::move(label)); }
    std::vector<std::string> take() { return std::exchange(heard, {}); }
    using Heard = std::vector<std::string>;
};

TEST_F(Notify, TellsOfNamesAndContents) {
    auto* watch = listen("/", "root");
    ASSERT_TRUE(tree.write_file("a", "x"));
    EXPECT_EQ(take(), (Heard{"root 256 a", "root 32 a", "root 8 a"}));  // contents are told of by who writes: the system calls
    ASSERT_TRUE(make_directory(tree.context(), tree.root(), "d", 0755));
    ASSERT_TRUE(remove_directory(tree.context(), tree.root(), "d"));
    EXPECT_EQ(take(), (Heard{"root 256d d", "root 512d d"}));
    ASSERT_TRUE(set_permissions(tree.context(), **tree.find("a"), 0600));
    ASSERT_TRUE(truncate(tree.context(), **tree.find("a"), 0));
    EXPECT_EQ(take(), (Heard{"root 4 a", "root 2 a"}));
    watch->end();
    ASSERT_TRUE(unlink(tree.context(), tree.root(), "a"));
    EXPECT_EQ(take(), Heard{});
}

TEST_F(Notify, TellsOfRenamesInPairs) {
    ASSERT_TRUE(tree.write_file("a", "x"));
    ASSERT_TRUE(tree.write_file("b", "x"));
    auto* root = listen("/", "root");
    auto* moved = listen("a", "a");
    listen("b", "b");
    ASSERT_TRUE(rename(tree.context(), tree.root(), "a", tree.root(), "b", {}));
    EXPECT_EQ(take(), (Heard{"root 64 a", "root 128 b", "b 4", "a 2048", "b 1024", "b ended"}));
    root->end();
    moved->end();
}

TEST_F(Notify, EndsWithTheLastNameAndTheLastUser) {
    ASSERT_TRUE(tree.write_file("a", "x"));
    ASSERT_TRUE(link(tree.context(), **tree.find("a"), tree.root(), "b"));
    listen("a", "a");
    ASSERT_TRUE(unlink(tree.context(), tree.root(), "a"));
    EXPECT_EQ(take(), (Heard{"a 4"}));
    auto file = *tree.open_read("b");
    ASSERT_TRUE(unlink(tree.context(), tree.root(), "b"));
    EXPECT_EQ(take(), (Heard{"a 32", "a 4"}));
    file = {};
    EXPECT_EQ(take(), (Heard{"a 16u", "a 1024", "a ended"}));
}

TEST_F(Notify, KeepsTheInodeOfAnOverlay) {
    auto over = Tree(*tmpfs::TmpFileSystem::create_over(*tmpfs::TmpFileSystem::create(1_MiB, 0755)));
    ASSERT_TRUE(over.write_file("a", "x"));
    auto* watch = new Listener(**over.find("a"), heard, "a");
    dentry_cache().shrink();
    (void)over.open_read("a");
    EXPECT_EQ(take(), (Heard{"a 32", "a 16"}));
    watch->end();
}

}  // namespace
}  // namespace spore::fs::test
