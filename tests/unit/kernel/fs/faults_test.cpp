// Every operation with every allocation failing in turn, and every read of the disk: it says so, nothing is lost or half done, and once there is memory again
// the same operation succeeds.
#include "erofs_fixture.hpp"
#include "ext4_fixture.hpp"
#include "kernel/fs/erofs/disk_image.hpp"
#include "kernel/fs/erofs/file_system.hpp"
#include "kernel/fs/pipe.hpp"
#include "kernel/fs/tmpfs/file_system.hpp"
#include "kernel/memory/address_space.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tree_fixture.hpp"

namespace spore::fs::test {
namespace {

struct Operation {
    const char* name;
    Result<void> (*run)(Tree& tree);
};

template <typename T>
Result<void> no_value(Result<T> result) {
    if (!result) return fail(result.error());
    return {};
}
Result<Shared<File>> open_for_writing(Tree& t, std::string_view path) { return t.open_as(path, {.mode = {.read = true, .write = true}}); }
/// Something that is there already was made by the attempt before.
Result<void> or_exists(Result<void> result) { return !result && result.error() == Error::exists ? Result<void>{} : result; }

Result<void> write_all(Tree& t, std::string_view path, std::string_view text) {
    auto file = TRY(t.open_as(path, {.mode = {.write = true}, .create = true, .truncate = true, .permissions = 0644}));
    if (TRY(write_text(*file, text)) != text.size()) return fail(Error::canceled);  // a part of it was written before
    return {};
}

const std::string long_text = pattern(20'000, 7);

const Operation operations[] = {
    {"find", [](Tree& t) { return no_value(t.find("dir/inner/file")); }},
    {"find what is absent", [](Tree& t) -> Result<void> {
        auto found = t.find("dir/absent");
        if (!found && found.error() == Error::not_found) return {};
        return no_value(found);
    }},
    {"stat", [](Tree& t) { return no_value(t.stat_of("link")); }},
    {"read", [](Tree& t) { return no_value(t.read_file("file")); }},
    {"list", [](Tree& t) { return no_value(t.list("dir")); }},
    {"read a link", [](Tree& t) { return no_value(t.link_text("link")); }},
    {"path", [](Tree& t) -> Result<void> { return no_value(t.path_to(*TRY(t.find("dir/inner/file")))); }},
    {"create", [](Tree& t) { return no_value(t.create("new")); }},
    {"create and write", [](Tree& t) { return write_all(t, "dir/new", long_text); }},
    {"write into", [](Tree& t) -> Result<void> {
        auto file = TRY(open_for_writing(t, "file"));
        TRY(file->seek(3000, Whence::start));
        if (TRY(write_text(*file, long_text)) != long_text.size()) return fail(Error::canceled);
        return {};
    }},
    {"write behind the end", [](Tree& t) -> Result<void> {
        auto file = TRY(open_for_writing(t, "file"));
        TRY(file->seek(1 << 30, Whence::start));
        return no_value(write_text(*file, "far"));
    }},
    {"cut", [](Tree& t) -> Result<void> { return TRY(open_for_writing(t, "file"))->truncate(5); }},
    {"lengthen", [](Tree& t) -> Result<void> { return TRY(open_for_writing(t, "file"))->truncate(100'000); }},
    {"reserve", [](Tree& t) -> Result<void> { return TRY(open_for_writing(t, "file"))->allocate(0, 8192, 8192); }},
    {"punch", [](Tree& t) -> Result<void> { return TRY(open_for_writing(t, "file"))->allocate(3, 100, 8000); }},
    {"map", [](Tree& t) -> Result<void> { return no_value(TRY(open_for_writing(t, "file"))->map(MapWrites::to_file)); }},
    {"a file without a name", [](Tree& t) -> Result<void> {
        auto file = TRY(t.open_as("dir", {.mode = {.write = true}, .temporary = true, .permissions = 0600}));
        return no_value(write_text(*file, "gone with its descriptor"));
    }},
    {"make a directory", [](Tree& t) { return or_exists(make_directory(t.context(), t.root(), "dir/made", 0755)); }},
    {"remove a directory", [](Tree& t) { return remove_directory(t.context(), t.root(), "empty"); }},
    {"make a FIFO", [](Tree& t) { return or_exists(make_node(t.context(), t.root(), "fifo", FileType::fifo, 0600, 0)); }},
    {"make a symbolic link", [](Tree& t) { return or_exists(make_symlink(t.context(), t.root(), "to", "dir/inner/file")); }},
    {"link", [](Tree& t) -> Result<void> { return or_exists(link(t.context(), *TRY(t.find("file")), t.root(), "dir/second")); }},
    {"unlink", [](Tree& t) { return unlink(t.context(), t.root(), "dir/inner/file"); }},
    {"rename", [](Tree& t) { return rename(t.context(), t.root(), "file", t.root(), "dir/renamed", {}); }},
    {"rename to a long name", [](Tree& t) {
        return rename(t.context(), t.root(), "file", t.root(), "dir/renamed to what is longer than an entry has room for in itself", {});
    }},
    {"rename over another", [](Tree& t) { return rename(t.context(), t.root(), "file", t.root(), "other", {}); }},
    {"rename a directory", [](Tree& t) { return rename(t.context(), t.root(), "dir/inner", t.root(), "moved", {}); }},
    {"exchange", [](Tree& t) { return rename(t.context(), t.root(), "file", t.root(), "other", {.exchange = true}); }},
    {"set an attribute", [](Tree& t) -> Result<void> {
        return set_attribute(t.context(), *TRY(t.find("file")), "user.name", as_bytes("value"), AttributeMode::any);
    }},
    {"change permissions", [](Tree& t) -> Result<void> { return set_permissions(t.context(), *TRY(t.find("file")), 0600); }},
    {"mount", [](Tree& t) -> Result<void> {
        auto at = TRY(t.find("empty"));
        TRY(mount(*at, TRY(tmpfs::TmpFileSystem::create(1_MiB)), false));
        auto written = write_all(t, "empty/inside", "text");
        unmount(*at);
        return written;
    }},
    {"a pipe", [](Tree&) -> Result<void> {
        auto ends = TRY(create_pipe({.nonblocking = true}));
        if (TRY(write_text(*ends.writer, long_text)) != long_text.size()) return fail(Error::canceled);
        return no_value(read_text(*ends.reader, long_text.size()));
    }},
};

/// A disk whose Nth read fails, once.
class FailingDisk final : public device::BlockDevice {
public:
    explicit FailingDisk(ByteSpan bytes) : bytes_(bytes) {}
    u64 fail_at = 0;
    u64 sectors() const override { return bytes_.size() / device::sector_size; }
    bool read_only() const override { return true; }
    Result<void> read(u64 first, std::span<const device::TransferPiece> pieces) override {
        if (fail_at && --fail_at == 0) return fail(Error::io);
        u64 at = first * device::sector_size;
        for (auto& piece : pieces) {
            if (at + piece.size > bytes_.size()) return fail(Error::out_of_range);
            std::memcpy(arch::direct(piece.address), bytes_.data() + at, piece.size);
            at += piece.size;
        }
        return {};
    }
    Result<void> write(u64, std::span<const device::TransferPiece>) override { return fail(Error::read_only); }
    Result<void> flush() override { return {}; }

private:
    ByteSpan bytes_;
};

/// The same tree, as a tmpfs, as one over an image in memory or on a disk, or on a volume.
enum class Place { memory, overlay, disk, volume };

template <typename Source>
void fill(Source& source, const std::string& contents) {
    source.directory("dir/inner");
    source.directory("empty");
    source.file("dir/inner/file", "deep");
    source.file("file", contents);
    source.file("other", "other");
    source.link("link", "dir/inner/file");
}

class Faults : public testing::TestWithParam<Place> {
protected:
    Faults() {
        if (GetParam() == Place::memory) return;
        if (GetParam() == Place::volume) {
            volume_source_.emplace();
            fill(*volume_source_, contents_);
            good_volume_ = volume_source_->build(16_MiB);
            return;
        }
        ErofsSource source;
        fill(source, contents_);
        image_ = source.build();
        disk_.emplace(image_);
    }
    void make_tree() {
        if (GetParam() == Place::memory) {
            tree_.emplace(*tmpfs::TmpFileSystem::create(64_MiB));
            auto context = tree_->context();
            for (auto* name : {"dir", "dir/inner", "empty"}) ASSERT_TRUE(make_directory(context, tree_->root(), name, 0755));
            ASSERT_TRUE(tree_->write_file("dir/inner/file", "deep"));
            ASSERT_TRUE(tree_->write_file("file", contents_));
            ASSERT_TRUE(tree_->write_file("other", "other"));
            ASSERT_TRUE(make_symlink(context, tree_->root(), "link", "dir/inner/file"));
            return;
        }
        if (GetParam() == Place::volume) {
            volume_ = good_volume_->copy();
            file_system_ = *ext4::Ext4FileSystem::mount(*volume_, false);
            tree_.emplace(file_system_);
            return;
        }
        Owned<erofs::Image> image;
        if (GetParam() == Place::disk) image = *make_owned<erofs::DiskImage>(*disk_);
        else image = *make_owned<erofs::MemoryImage>(image_, erofs::MemoryImage::Frames::none);
        tree_.emplace(*tmpfs::TmpFileSystem::create_over(*erofs::ErofsFileSystem::create(std::move(image)), 64_MiB));
    }
    /// What the operation does not touch is as it was, and everything can be walked.
    void check(const Operation& operation, u64 nth) {
        for (auto* name : {".", "dir", "empty"}) EXPECT_TRUE(tree_->list(name) || tree_->list(name).error() == Error::not_found) << operation.name << nth;
        auto other = tree_->read_file("other");
        EXPECT_TRUE(other && (*other == "other" || other->size() >= 5)) << operation.name << ", allocation " << nth;
    }
    /// A volume ends in order; e2fsck takes long, so that it looks at some.
    void end_tree(u64 nth) {
        tree_.reset();
        if (!file_system_) return;
        EXPECT_FALSE(file_system_->read_only());
        EXPECT_TRUE(file_system_->unmount());
        file_system_.reset();
        if (nth % 7 == 1) EXPECT_EQ(volume_source_->check(*volume_), "");
    }
    template <typename Inject, typename Left>
    void walk(Error expected, Inject inject, Left left) {
        for (auto& operation : operations) {
            for (u64 nth = 1;; ++nth) {
                SCOPED_TRACE(testing::Message() << operation.name << ", failure " << nth);
                u64 free = memory::memory_use().free;
                make_tree();
                inject(nth);
                auto result = operation.run(*tree_);
                // Its transaction ends without memory, too.
                auto safe = file_system_ ? file_system_->sync() : Result<void>{};
                bool failed = left() == 0;
                if (!safe) EXPECT_TRUE(failed && safe.error() == expected && file_system_->sync()) << static_cast<int>(safe.error());
                if (!result) {
                    ASSERT_TRUE(failed) << "without a reason: " << static_cast<int>(result.error());
                    EXPECT_TRUE(result.error() == expected || result.error() == Error::canceled) << static_cast<int>(result.error());
                    check(operation, nth);
                    auto again = operation.run(*tree_);
                    EXPECT_TRUE(again) << static_cast<int>(error_of(again));
                }
                check(operation, nth);
                end_tree(nth);
                EXPECT_EQ(memory::memory_use().free, free) << "frames are lost";
                if (!failed) break;
                ASSERT_LT(nth, 500u);
            }
        }
    }

    std::string contents_ = pattern(40'000);
    std::vector<std::byte> image_;
    std::optional<FailingDisk> disk_;
    std::optional<Ext4Source> volume_source_;
    std::unique_ptr<RamDisk> good_volume_, volume_;
    Shared<ext4::Ext4FileSystem> file_system_;
    std::optional<Tree> tree_;
};
constexpr const char* place_names[] = {"tmpfs", "overlay", "disk", "volume"};
INSTANTIATE_TEST_SUITE_P(Places, Faults, testing::Values(Place::memory, Place::overlay, Place::disk, Place::volume),
                         [](auto& info) { return place_names[static_cast<std::size_t>(info.param)]; });

TEST_P(Faults, EveryAllocationMayFail) {
    walk(Error::no_memory, [](u64 nth) { memory::fail_allocation(nth); }, [] { return memory::fail_allocation(0); });
}

TEST_P(Faults, EveryReadOfTheDiskMayFail) {
    if (GetParam() != Place::disk) return;
    walk(Error::io, [&](u64 nth) { disk_->fail_at = nth; }, [&] { return std::exchange(disk_->fail_at, 0); });
}

}  // namespace
}  // namespace spore::fs::test
