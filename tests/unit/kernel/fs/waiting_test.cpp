// What can be told, before anybody waits, of files that lie on a device: RESOLVE_CACHED and RWF_NOWAIT.
#include "erofs_fixture.hpp"
#include "kernel/fs/erofs/file_system.hpp"
#include "kernel/fs/tmpfs/file_system.hpp"
#include "tree_fixture.hpp"

namespace spore::fs::test {
namespace {

/// Does not lie in memory, as far as anybody is told.
class Device final : public erofs::Image {
public:
    explicit Device(ByteSpan bytes) : image_(bytes, erofs::MemoryImage::Frames::none) {}
    u64 size() const override { return image_.size(); }
    Result<erofs::BlockView> block(u64 index) override { return image_.block(index); }
    Result<memory::FrameRef> frame(u64 index) override {
        auto frame = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
        auto view = TRY(image_.block(index));
        std::memcpy(frame.bytes(), view.bytes.data(), page_size);
        return frame;
    }
    memory::FrameRef frame_at_hand(u64) override { return {}; }

private:
    erofs::MemoryImage image_;
};

class Waiting : public testing::TestWithParam<bool> {
protected:
    Waiting() {
        ErofsSource source;
        source.directory("etc");
        source.file("etc/hosts", "127.0.0.1 localhost\n");
        source.file("big", contents_);
        source.link("link", "etc/hosts");
        bytes_ = source.build();
        Owned<erofs::Image> image;
        if (on_device()) image = *make_owned<Device>(ByteSpan(bytes_));
        else image = *make_owned<erofs::MemoryImage>(bytes_, erofs::MemoryImage::Frames::none);
        tree_.emplace(*tmpfs::TmpFileSystem::create_over(*erofs::ErofsFileSystem::create(std::move(image)), 64_MiB));
    }
    bool on_device() const { return GetParam(); }
    Tree& tree() { return *tree_; }
    bool found_at_once(std::string_view path) {
        auto file = tree().open_as(path, {.mode = {.read = true}, .resolution = {.cached = true}});
        if (!file) EXPECT_EQ(file.error(), Error::would_block);
        return file.has_value();
    }
    u64 at_hand(File& file, u64 offset, u64 size) { return *file.inode()->at_hand(offset, size); }

    std::string contents_ = pattern(40'000);
    std::vector<std::byte> bytes_;
    std::optional<Tree> tree_;
};
INSTANTIATE_TEST_SUITE_P(Places, Waiting, testing::Bool(), [](auto& info) { return info.param ? "device" : "memory"; });

TEST_P(Waiting, NamesAreFoundAtOnceWhenTheyAreKnown) {
    EXPECT_EQ(found_at_once("etc/hosts"), !on_device());
    (void)tree().read_file("etc/hosts");
    EXPECT_TRUE(found_at_once("etc/hosts"));
    (void)tree().read_file("link");
    EXPECT_EQ(found_at_once("link"), !on_device()) << "what it says may have to be read";
}

TEST_P(Waiting, PagesAreAtHandOnceTheyWereRead) {
    auto file = *tree().open_as("big", {.mode = {.read = true}});
    EXPECT_EQ(at_hand(*file, 0, 100'000), on_device() ? 0u : 100'000u);
    std::byte byte[1];
    auto into = IoBuffer::kernel(std::span(byte));
    ASSERT_TRUE(file->read_at(into, 5000));
    EXPECT_EQ(at_hand(*file, 4196, 4000), on_device() ? 3996u : 4000u) << "the rest of its page";
    EXPECT_EQ(at_hand(*file, 50'000, 100), 100u) << "beyond the end there is nothing to wait for";
}

TEST_P(Waiting, WhatWasWrittenIsAtHand) {
    auto file = *tree().open_as("big", {.mode = {.read = true, .write = true}});
    ASSERT_TRUE(file->seek(8192, Whence::start));
    ASSERT_TRUE(write_text(*file, std::string(4096, 'x')));
    EXPECT_EQ(at_hand(*file, 8192, 4096), 4096u);
    ASSERT_TRUE(tree().write_file("new", "new"));
    EXPECT_EQ(at_hand(**tree().open_as("new", {.mode = {.read = true}}), 0, 100'000), 100'000u);
}

TEST_P(Waiting, WhatHasNoPagesCannotTell) {
    auto directory = *tree().open_as("etc", {.mode = {.read = true}});
    EXPECT_EQ(directory->inode()->at_hand(0, 1).error(), Error::not_supported);
}

}  // namespace
}  // namespace spore::fs::test
