// A good EROFS image with bytes changed at will, read through the whole VFS: no fault, no endless loop, no unbounded reading.
// The input is a list of changes, three bytes of offset and one of value each.
#include <algorithm>
#include <cstdlib>
#include <functional>

#include "kernel/fs/erofs/file_system.hpp"
#include "tests/unit/kernel/fs/erofs_fixture.hpp"
#include "tests/unit/kernel/fs/tree_fixture.hpp"

using namespace spore;
using namespace spore::fs;
using namespace spore::fs::test;

namespace {

std::vector<std::byte> make_image() {
    ErofsSource source;
    source.directory("dir/inner");
    for (int i = 0; i < 100; ++i) source.file("dir/file_" + std::to_string(i), "contents");
    source.file("tail", pattern(10000));
    source.file("block", pattern(8192));
    source.link("link", "dir/file_7");
    source.link("loop", "loop");
    return source.build("-Enoinline_data");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    static const auto good = make_image();
    auto image = good;
    for (; size >= 4; data += 4, size -= 4) {
        // Mostly the superblock and the inodes behind it, where a change matters.
        u32 offset = (u32{data[0]} | u32{data[1]} << 8 | u32{data[2]} << 16) % image.size();
        image[offset] = static_cast<std::byte>(data[3]);
    }
    auto memory = make_owned<erofs::MemoryImage>(image, erofs::MemoryImage::Frames::none);
    auto file_system = erofs::ErofsFileSystem::create(std::move(*memory));
    if (!file_system) return 0;
    auto root = (*file_system)->root();
    if (!root || !(*root)->is_directory()) return 0;
    Tree tree(*file_system);
    unsigned budget = 500;
    explore(tree, "", 0, budget);
    return 0;
}
