#include "kernel/fs/generated/generated.hpp"

#include "kernel/fs/tmpfs/file_system.hpp"
#include "tree_fixture.hpp"

namespace spore::fs::test {
namespace {

using namespace generated;

/// As many directories as `count` says, by number, like processes.
class Setting final : public GeneratedText {
public:
    explicit Setting(std::string& value) : value_(value) {}
    NodeAttributes attributes() override { return {.permissions = 0644}; }
    Result<void> produce(TextSink& out) override { return out.print("{}\n", std::string_view(value_)); }
    Result<void> accept(std::string_view text) override {
        if (text == "bad") return fail(Error::invalid);
        value_ = text;
        return {};
    }

private:
    std::string& value_;
};

/// "0\n", "1\n", … in pieces of one line.
class Lines final : public GeneratedText {
public:
    Result<u64> produce_piece(TextSink& out, u64 from) override {
        TRY(out.print("{}\n", from));
        return from == 5 ? no_more : from + 1;
    }
};

class Self final : public GeneratedLink {
    Result<Text> target() override { return Text::copy("7"); }
};

class Numbered final : public GeneratedDirectory {
public:
    explicit Numbered(std::string& value) : value_(value) {}
    Result<Shared<Node>> find(std::string_view name) override {
        if (name != "setting") return fail(Error::not_found);
        return TRY(spore::make_shared<Setting>(value_));
    }
    Result<void> list(NodeLister& lister) override {
        lister.entry("setting", FileType::regular, 1);
        return {};
    }

private:
    std::string& value_;
};

class Numbers final : public GeneratedDirectory {
public:
    u64 count = 10;
    std::string value = "first";
    Result<Shared<Node>> find(std::string_view name) override {
        if (name == "self") return TRY(spore::make_shared<Self>());
        if (name == "lines") return TRY(spore::make_shared<Lines>());
        for (u64 i = 0; i < count; ++i)
            if (name == std::to_string(i)) return TRY(spore::make_shared<Numbered>(value));
        return fail(Error::not_found);
    }
    Result<void> list(NodeLister& lister) override {
        if (!lister.entry("self", FileType::link, 1)) return {};
        for (u64 i = 0; i < count; ++i)
            if (!lister.entry(std::to_string(i), FileType::directory, i + 2)) return {};
        return {};
    }
};

class Generated : public testing::Test {
protected:
    Shared<Numbers> numbers = *spore::make_shared<Numbers>();
    Tree tree{*GeneratedFileSystem::create("numbers", 0x1234, numbers)};
};

TEST_F(Generated, ProducesTextWhenItIsRead) {
    EXPECT_EQ(tree.read_file("3/setting"), "first\n");
    EXPECT_EQ(tree.read_file("self/setting"), "first\n");
    EXPECT_EQ(tree.link_text("self"), "7");
    auto file = *tree.open_as("3/setting", {.mode = {.read = true, .write = true}, .truncate = true});
    EXPECT_EQ(write_text(*file, "second"), 6u);
    EXPECT_EQ(error_of(write_text(*file, "bad")), Error::invalid);
    EXPECT_EQ(read_text(*file, 3), "sec");
    numbers->value = "third";
    EXPECT_EQ(read_text(*file, 10), "ond\n");  // one reading is of one piece
    ASSERT_TRUE(file->seek(0, Whence::start));
    EXPECT_EQ(read_text(*file, 10), "third\n");
    EXPECT_EQ(tree.stat_of("3/setting")->size, 0u);
    EXPECT_EQ(tree.path_to(*file->dentry()), "/3/setting");
}

TEST_F(Generated, ProducesLongTextsInPieces) {
    EXPECT_EQ(tree.read_file("lines"), "0\n1\n2\n3\n4\n5\n");
    auto file = *tree.open_read("lines");
    EXPECT_FALSE(file->seek(0, Whence::end));  // nobody knows yet
    EXPECT_EQ(read_text(*file, 3), "0\n1");
    EXPECT_EQ(read_text(*file, 3), "\n2\n");
    ASSERT_TRUE(file->seek(2, Whence::start));
    EXPECT_EQ(read_text(*file, 100), "1\n2\n3\n4\n5\n");
    EXPECT_EQ(read_text(*file, 100), "");
    EXPECT_EQ(*file->seek(0, Whence::end), 12u);
    ASSERT_TRUE(file->seek(100, Whence::start));
    EXPECT_EQ(read_text(*file, 100), "");
    ASSERT_TRUE(file->seek(9, Whence::start));
    EXPECT_EQ(read_text(*file, 1), "\n");
}

TEST_F(Generated, FollowsWhatComesAndGoes) {
    EXPECT_TRUE(tree.find("9"));
    numbers->count = 5;
    EXPECT_EQ(error_of(tree.find("9")), Error::not_found);
    EXPECT_EQ(tree.list("/")->size(), 2 + 1 + 5u);
    auto directory = *tree.open_read("/");
    Collected sink;
    sink.limit = 5;
    ASSERT_TRUE(directory->read_directory(sink));
    EXPECT_EQ(sink.names, (std::vector<std::string>{".", "..", "self", "0", "1"}));
    numbers->count = 4;
    Collected rest;
    ASSERT_TRUE(directory->read_directory(rest));
    EXPECT_EQ(rest.names, (std::vector<std::string>{"2", "3"}));
}

TEST_F(Generated, CannotBeChanged) {
    EXPECT_EQ(error_of(tree.create("new")), Error::not_permitted);
    EXPECT_EQ(error_of(unlink(tree.context(), tree.root(), "self")), Error::not_permitted);
    tree.uid = 1;
    EXPECT_EQ(error_of(tree.write_file("3/setting", "x")), Error::access_denied);
}

}  // namespace
}  // namespace spore::fs::test
