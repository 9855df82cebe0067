#include <gtest/gtest.h>

#include "kernel/fs/ninep/file_system.hpp"
#include "kernel/memory/address_space.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "kernel/memory/page_cache.hpp"
#include "tests/fakes/ninep_server.hpp"
#include "tests/unit/kernel/fs/tree_fixture.hpp"

namespace spore::fs::test {
namespace {

class NinepTest : public testing::Test {
protected:
    void SetUp() override {
        server.add(*server.root, "greeting", 0100644, "hello");
        auto directory = server.add(*server.root, "folder", 0040755);
        server.add(*directory, "inner", 0100600, std::string(10'000, 'x'));
        server.add(*server.root, "way", 0120777, "folder/inner");
    }
    Shared<FileSystem> connect() {
        auto made = ninep::NinepFileSystem::create(server);
        return made ? Shared<FileSystem>(*made) : nullptr;
    }
    void change_what_the_host_has();
    fakes::NinepServer server;
};

/// The server is as diod 1.0.
class NinepPathsTest : public NinepTest {
protected:
    NinepPathsTest() {
        server.keeps_paths = true;
        server.message_size = 64_KiB;
    }
};

TEST_F(NinepTest, ShowsWhatTheHostHas) {
    Tree tree(connect());
    EXPECT_EQ(tree.read_file("/greeting"), "hello");
    EXPECT_EQ(tree.read_file("/way"), std::string(10'000, 'x'));
    EXPECT_EQ(tree.link_text("/way"), "folder/inner");
    EXPECT_EQ(tree.list("/"), (std::vector<std::string>{".", "..", "folder", "greeting", "way"}));
    EXPECT_EQ(tree.stat_of("/folder/inner")->size, 10'000u);
    EXPECT_EQ(error_of(tree.read_file("/nothing")), Error::not_found);
    EXPECT_EQ(error_of(tree.read_file("/greeting/below")), Error::not_directory);
}

void NinepTest::change_what_the_host_has() {
    Tree tree(connect());
    tree.uid = 0;
    ASSERT_TRUE(tree.write_file("/new", "written"));
    EXPECT_EQ(server.root->children.at("new")->contents, "written");
    ASSERT_TRUE(tree.write_file("/new", "less"));
    EXPECT_EQ(server.root->children.at("new")->contents, "less");
    ASSERT_TRUE(make_directory(tree.context(), tree.root(), "/made", 0750));
    EXPECT_EQ(server.root->children.at("made")->mode, 0040750u);
    ASSERT_TRUE(rename(tree.context(), tree.root(), "/new", tree.root(), "/made/old", {}));
    EXPECT_EQ(tree.read_file("/made/old"), "less");
    EXPECT_EQ(error_of(tree.read_file("/new")), Error::not_found);
    ASSERT_TRUE(make_symlink(tree.context(), tree.root(), "/made/link", "old"));
    EXPECT_EQ(tree.read_file("/made/link"), "less");
    ASSERT_TRUE(link(tree.context(), **tree.find("/made/old"), tree.root(), "/twice"));
    EXPECT_EQ(tree.stat_of("/twice")->links, 2u);
    EXPECT_EQ(error_of(remove_directory(tree.context(), tree.root(), "/made")), Error::not_empty);
    for (auto* name : {"/made/old", "/made/link", "/twice"}) EXPECT_TRUE(unlink(tree.context(), tree.root(), name)) << name;
    EXPECT_TRUE(remove_directory(tree.context(), tree.root(), "/made"));
    ASSERT_TRUE(truncate(tree.context(), **tree.find("/greeting"), 2));
    EXPECT_EQ(server.root->children.at("greeting")->contents, "he");
    ASSERT_TRUE(set_permissions(tree.context(), **tree.find("/greeting"), 0400));
    EXPECT_EQ(server.root->children.at("greeting")->mode, 0100400u);
    EXPECT_EQ(server.root->children.size(), 3u);
}

TEST_F(NinepTest, ChangesWhatTheHostHas) { change_what_the_host_has(); }
TEST_F(NinepPathsTest, ChangesWhatTheHostHas) { change_what_the_host_has(); }

TEST_F(NinepPathsTest, FollowsWhatIsBelowARenamedFolder) {
    Tree tree(connect());
    ASSERT_TRUE(make_directory(tree.context(), tree.root(), "/folder/deep", 0750));
    ASSERT_TRUE(tree.write_file("/folder/deep/file", "text"));
    auto open = *tree.open_as("/folder/deep/file", {.mode = {.read = true, .write = true, .append = true}});
    auto directory = *tree.find("/folder/deep");
    ASSERT_TRUE(rename(tree.context(), tree.root(), "/folder", tree.root(), "/moved", {}));
    auto other = server.add(*server.root, "folder", 0040755);
    server.add(*server.add(*other, "deep", 0040755), "file", 0100644, "another");
    EXPECT_EQ(write_text(*open, "!"), 1u);
    EXPECT_EQ(stat(*open->dentry())->size, 5u);
    ASSERT_TRUE(set_permissions(tree.context(), *open->dentry(), 0600));
    ASSERT_TRUE(truncate(tree.context(), *open->dentry(), 2));
    auto& moved = *server.root->children.at("moved")->children.at("deep");
    EXPECT_EQ(moved.children.at("file")->contents, "te");
    EXPECT_EQ(moved.children.at("file")->mode, 0100600u);
    EXPECT_EQ(stat(*directory)->permissions, 0750);
    EXPECT_EQ(other->children.at("deep")->children.at("file")->contents, "another");
    ASSERT_TRUE(rename(tree.context(), tree.root(), "/moved/deep", tree.root(), "/deep", {}));
    EXPECT_EQ(write_text(*open, "xt"), 2u);
    EXPECT_EQ(server.root->children.at("deep")->children.at("file")->contents, "text");
}

TEST_F(NinepPathsTest, LeavesAFileAloneThatHasTheNameOfARemovedOne) {
    Tree tree(connect());
    auto open = *tree.open_as("/greeting", {.mode = {.read = true, .write = true}});
    ASSERT_TRUE(unlink(tree.context(), tree.root(), "/greeting"));
    ASSERT_TRUE(tree.write_file("/greeting", "another"));
    EXPECT_EQ(stat(*open->dentry())->size, 5u);
    EXPECT_EQ(error_of(truncate(tree.context(), *open->dentry(), 0)), Error::not_found);
    EXPECT_EQ(error_of(set_permissions(tree.context(), *open->dentry(), 0)), Error::not_found);
    EXPECT_EQ(Tree::read_all(*open), "hello");
    EXPECT_EQ(server.root->children.at("greeting")->contents, "another");
    EXPECT_EQ(server.root->children.at("greeting")->mode, 0100644u);
}

TEST_F(NinepTest, SeesWhatTheHostChanges) {
    Tree tree(connect());
    auto open = *tree.open_read("/greeting");
    server.root->children.at("greeting")->contents = "changed by the host";
    EXPECT_EQ(Tree::read_all(*open), "changed by the host");
    auto other = server.add(*server.root, "greeting", 0100644, "another file");
    EXPECT_EQ(tree.read_file("/greeting"), "another file");
    server.root->children.erase("greeting");
    EXPECT_EQ(error_of(tree.stat_of("/greeting")), Error::not_found);
    server.add(*server.root, "greeting", 0040755);
    EXPECT_EQ(tree.stat_of("/greeting")->type, FileType::directory);
}

TEST_F(NinepTest, AppendsBehindWhatOthersWrote) {
    Tree tree(connect());
    auto open = *tree.open_as("/greeting", {.mode = {.write = true, .append = true}});
    server.root->children.at("greeting")->contents += ", host";
    EXPECT_EQ(write_text(*open, "!"), 1u);
    EXPECT_EQ(server.root->children.at("greeting")->contents, "hello, host!");
}

TEST_F(NinepTest, GivesFilesToThoseWhoMakeThem) {
    Tree tree(connect());
    server.root->mode = 0040777;
    tree.uid = 7, tree.gid = 8;
    ASSERT_TRUE(tree.write_file("/mine", "x"));
    EXPECT_EQ(server.root->children.at("mine")->uid, 7u);
    EXPECT_EQ(server.root->children.at("mine")->gid, 8u);
    // EPERM; EINVAL, where it has no number for them.
    for (u32 number : {1, 22}) {
        server.refuses_owners = number;
        auto name = "/servers" + std::to_string(number);
        ASSERT_TRUE(tree.write_file(name, "x")) << "it stays the server's own";
        EXPECT_EQ(tree.stat_of(name)->uid, 0u);
        tree.uid = 0;
        EXPECT_EQ(error_of(set_owner(tree.context(), **tree.find(name), 7, 8)), Error::not_permitted);
        tree.uid = 7;
    }
}

TEST_F(NinepTest, KeepsExtendedAttributes) {
    Tree tree(connect());
    auto entry = *tree.find("/greeting");
    auto context = tree.context();
    std::string large(9'000, 'v');
    ASSERT_TRUE(set_attribute(context, *entry, "user.colour", as_bytes("blue"), AttributeMode::any));
    ASSERT_TRUE(set_attribute(context, *entry, "user.large", as_bytes(large), AttributeMode::any));
    EXPECT_EQ(server.root->children.at("greeting")->attributes.at("user.large"), large);
    EXPECT_EQ(error_of(set_attribute(context, *entry, "user.colour", as_bytes("red"), AttributeMode::create)), Error::exists);
    std::byte value[10'000];
    EXPECT_EQ(get_attribute(context, *entry, "user.colour", value), 4u);
    EXPECT_EQ(get_attribute(context, *entry, "user.large", value), large.size());
    EXPECT_EQ(error_of(get_attribute(context, *entry, "user.large", std::span(value).first(10))), Error::out_of_range);
    EXPECT_EQ(list_attributes(context, *entry, value), std::string_view("user.colour user.large ").size());
    EXPECT_TRUE(remove_attribute(context, *entry, "user.colour"));
    EXPECT_EQ(error_of(remove_attribute(context, *entry, "user.colour")), Error::no_data);
    EXPECT_EQ(error_of(get_attribute(context, *entry, "user.colour", value)), Error::no_data);
}

TEST_F(NinepTest, WritesBackWhatMappingsChange) {
    Tree tree(connect());
    auto open = *tree.open_as("/folder/inner", {.mode = {.read = true, .write = true}});
    auto& node = *server.root->children.at("folder")->children.at("inner");
    auto mapped = *open->map(MapWrites::to_file);
    auto page = *mapped->pages().get(1);
    page.bytes()[0] = std::byte{'M'};
    memory::PageCache::mark_dirty(*page);
    EXPECT_EQ(node.contents[page_size], 'x');
    // Reads and writes beside the mapping see it, and are seen in it.
    std::byte one[1];
    auto into = IoBuffer::kernel(std::span(one));
    EXPECT_EQ(open->read_at(into, page_size), 1u);
    EXPECT_EQ(one[0], std::byte{'M'});
    auto from = IoBuffer::kernel(as_bytes("W"));
    EXPECT_EQ(open->write_at(from, page_size + 1), 1u);
    EXPECT_EQ(page.bytes()[1], std::byte{'W'});
    ASSERT_TRUE(mapped->write_back());
    EXPECT_EQ(node.contents.substr(page_size, 3), "MWx");
    page.bytes()[2] = std::byte{'E'};
    mapped.reset();
    EXPECT_EQ(node.contents.substr(page_size, 3), "MWE") << "the last mapping's end writes it, too";
    EXPECT_EQ(node.contents.size(), 10'000u);
}

TEST_F(NinepTest, WritesBackInMessagesThatTheServerTakes) {
    constexpr u64 pages = 2 * ninep::Client::chunk_pages + 1;
    server.message_size = 64_KiB;  // less than a chunk and what comes before it
    server.add(*server.root, "large", 0100644, std::string(pages * page_size, 'x'));
    Tree tree(connect());
    auto open = *tree.open_as("/large", {.mode = {.read = true, .write = true}});
    auto mapped = *open->map(MapWrites::to_file);
    for (u64 i = 0; i < pages; ++i) {
        auto page = *mapped->pages().get(i);
        page.bytes()[0] = std::byte{'M'};
        memory::PageCache::mark_dirty(*page);
    }
    ASSERT_TRUE(mapped->write_back());
    for (u64 i = 0; i < pages; ++i) EXPECT_EQ(server.root->children.at("large")->contents.substr(i * page_size, 2), "Mx") << i;
}

TEST_F(NinepTest, ForgetsWhatNobodyUses) {
    {
        Tree tree(connect());
        for (int i = 0; i < 100; ++i) ASSERT_TRUE(tree.write_file("/new" + std::to_string(i), "x"));
        for (int i = 0; i < 100; ++i) ASSERT_TRUE(tree.read_file("/new" + std::to_string(i)));
        EXPECT_GT(server.fids(), 100u);
    }
    EXPECT_EQ(server.fids(), 0u);
}

TEST_F(NinepTest, ReadsLargeFoldersByPieces) {
    for (int i = 0; i < 1000; ++i) server.add(*server.root, "a name of some length, number " + std::to_string(i), 0100644);
    Tree tree(connect());
    auto open = *tree.open_read("/");
    std::vector<std::string> names;
    while (true) {
        Collected some;
        some.limit = 70;
        ASSERT_TRUE(open->read_directory(some));
        if (some.names.empty()) break;
        names.insert(names.end(), some.names.begin(), some.names.end());
    }
    EXPECT_EQ(names.size(), 1005u);
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

TEST_F(NinepTest, RefusesServersOfOtherProtocols) {
    server.message_size = 4096;
    EXPECT_EQ(error_of(ninep::NinepFileSystem::create(server)), Error::not_supported);
    server.message_size = 1 << 20;
    server.spoil = [](std::vector<std::byte>& reply) { reply.back() = std::byte{'u'}; };  // 9P2000.u
    EXPECT_EQ(error_of(ninep::NinepFileSystem::create(server)), Error::not_supported);
}

TEST_F(NinepTest, SurvivesAnswersThatBreakTheRules) {
    Tree tree(connect());
    std::vector<std::function<void(std::vector<std::byte>&)>> spoils{
        [](auto& reply) { reply.clear(); },
        [](auto& reply) { reply.resize(3); },
        [](auto& reply) { reply[0] = std::byte{0xff}, reply[1] = std::byte{0xff}; },  // longer than it is
        [](auto& reply) { reply[0] = std::byte{0}; },
        [](auto& reply) { reply[4] = std::byte{1}; },                                  // of no such type
        [](auto& reply) { reply[5] ^= std::byte{1}; },                                 // to somebody else's request
        [](auto& reply) { if (reply.size() > 7) reply[7] = std::byte{0xff}, reply[8] = std::byte{0xff}; },
        [](auto& reply) { std::fill(reply.begin() + 7, reply.end(), std::byte{0xff}); },
    };
    for (auto& spoil : spoils) {
        server.spoil = spoil;
        (void)tree.read_file("/folder/inner");
        (void)tree.write_file("/new", "x");
        (void)tree.list("/folder");
        (void)tree.link_text("/way");
        (void)tree.stat_of("/greeting");
        (void)unlink(tree.context(), tree.root(), "/new");
        server.spoil = {};
        EXPECT_EQ(tree.read_file("/greeting"), "hello");
    }
}

/// Everything once; what it answers is not looked at.
void use_all(Tree& tree) {
    (void)tree.write_file("/folder/new", "text");
    (void)tree.read_file("/way");
    (void)tree.list("/folder");
    (void)make_directory(tree.context(), tree.root(), "/made", 0755);
    (void)rename(tree.context(), tree.root(), "/folder/new", tree.root(), "/made/new", {});
    (void)unlink(tree.context(), tree.root(), "/made/new");
    (void)remove_directory(tree.context(), tree.root(), "/made");
    if (auto file = tree.open_as("/folder/inner", {.mode = {.read = true, .write = true}}))
        if (auto mapped = (*file)->map(MapWrites::to_file))
            if (auto page = (*mapped)->pages().get(0)) memory::PageCache::mark_dirty(**page);
}

TEST_F(NinepTest, StaysConsistentWithoutMemory) {
    bool failed = true;
    for (u64 nth = 1; failed; ++nth) {
        {
            auto connected = connect();
            Tree tree(connected);
            memory::fail_allocation(nth);
            use_all(tree);
            failed = memory::fail_allocation(0) == 0;
        }
        ASSERT_EQ(server.fids(), 0u) << nth;
        server.root->children.erase("made");
        server.root->children.at("folder")->children.erase("new");
    }
    Tree tree(connect());
    EXPECT_EQ(tree.read_file("/greeting"), "hello");
}

}  // namespace
}  // namespace spore::fs::test
