// A good volume with bytes changed at will, mounted, read and changed through the whole VFS: no fault, no endless loop.
// The input is a list of changes, four bytes each: which of the blocks in use, two of the offset in it, and the value. The first byte of all chooses
// how the volume was made.
#include <algorithm>

#include "tests/unit/kernel/fs/ext4_fixture.hpp"

using namespace spore;
using namespace spore::fs;
using namespace spore::fs::test;

namespace {

struct Volume {
    std::unique_ptr<RamDisk> disk;
    std::vector<u64> blocks;  ///< in use

    explicit Volume(const std::string& options) {
        Ext4Source source;
        source.directory("dir/inner");
        for (int i = 0; i < 60; ++i) source.file("dir/file_" + std::to_string(i) + std::string(70, 'n'), "contents");
        source.file("tail", pattern(30000));
        source.link("link", "dir/inner");
        source.link("long", std::string(100, '/') + "tail");
        disk = source.build(16_MiB, options);
        std::array<std::byte, 4096> page;
        for (u64 block = 0; block < disk->sectors() / 8; ++block) {
            disk->load(block * 4096, page);
            if (std::ranges::any_of(page, [](std::byte b) { return b != std::byte{0}; })) blocks.push_back(block);
        }
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    static const Volume volumes[] = {Volume(""), Volume("-O ^metadata_csum"), Volume("-O ^metadata_csum,^extent,^64bit,^flex_bg")};
    if (size == 0) return 0;
    auto& volume = volumes[*data % std::size(volumes)];
    auto disk = volume.disk->copy();
    for (++data, --size; size >= 4; data += 4, size -= 4) {
        u64 block = volume.blocks[data[0] % volume.blocks.size()], within = (data[1] | data[2] << 8) % 4096;
        std::byte value[1] = {std::byte(data[3])};
        disk->store(block * 4096 + within, value);
    }
    auto mounted = ext4::Ext4FileSystem::mount(*disk, false);
    if (!mounted) return 0;
    Tree tree(*mounted);
    unsigned budget = 300;
    explore(tree, "", 0, budget);
    (void)tree.write_file("/dir/new", pattern(20'000));
    (void)make_directory(tree.context(), tree.root(), "/made", 0755);
    (void)rename(tree.context(), tree.root(), "/dir/new", tree.root(), "/made/new", {});
    (void)unlink(tree.context(), tree.root(), "/tail");
    (void)unlink(tree.context(), tree.root(), "/long");
    (void)(*mounted)->sync();
    (*mounted)->discard_freed();
    (void)(*mounted)->trim(0, ~u64{0}, 0);
    return 0;
}
