// A server of shared folders whose answers are changed at will, used through the whole VFS: no fault, no endless loop, no unbounded reading.
// The input is a list of changes, for one answer after another: how many answers to leave alone, where to change, how.
#include <cstdlib>

#include "kernel/fs/ninep/file_system.hpp"
#include "kernel/memory/address_space.hpp"
#include "kernel/memory/page_cache.hpp"
#include "tests/fakes/ninep_server.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/unit/kernel/fs/tree_fixture.hpp"

using namespace spore;
using namespace spore::fs;
using namespace spore::fs::test;

namespace {

/// The server may say that a file is a pipe, which nobody would ever write to.
constexpr OpenMode reads_and_writes{.read = true, .write = true, .nonblocking = true};

void use_all(Tree& tree) {
    for (auto* path : {"/greeting", "/folder/inner", "/way", "/folder/new"}) {
        auto stat = tree.stat_of(path);
        if (stat && stat->type == FileType::regular) {
            auto open = tree.open_as(path, {.mode = reads_and_writes});
            if (open) {
                (void)read_text(**open, 5000);
                (void)write_text(**open, "text");
                if (auto mapped = (*open)->map(MapWrites::to_file))
                    if (auto page = (*mapped)->pages().get(0)) memory::PageCache::mark_dirty(**page);
            }
        }
        (void)tree.link_text(path);
        if (auto entry = tree.find(path)) {
            std::byte value[100];
            (void)get_attribute(tree.context(), **entry, "user.a", value);
            (void)list_attributes(tree.context(), **entry, value);
            (void)set_attribute(tree.context(), **entry, "user.a", as_bytes("value"), AttributeMode::any);
        }
    }
    (void)tree.list("/");
    if (auto made = tree.open_as("/folder/new", {.mode = reads_and_writes, .create = true, .truncate = true, .permissions = 0644})) (void)write_text(**made, "text");
    (void)make_directory(tree.context(), tree.root(), "/made", 0755);
    (void)rename(tree.context(), tree.root(), "/folder/new", tree.root(), "/made/new", {});
    (void)tree.list("/made");
    (void)unlink(tree.context(), tree.root(), "/made/new");
    (void)remove_directory(tree.context(), tree.root(), "/made");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    fakes::NinepServer server;
    server.message_size = 1 << 17;
    server.add(*server.root, "greeting", 0100644, "hello");
    auto folder = server.add(*server.root, "folder", 0040755);
    server.add(*folder, "inner", 0100600, std::string(10'000, 'x'));
    server.add(*server.root, "way", 0120777, "folder/inner");
    unsigned wait = 0;
    server.spoil = [&](std::vector<std::byte>& reply) {
        if (wait-- != 0 || size < 4) return;
        wait = data[0];
        u32 where = data[1] | u32{data[2]} << 8;
        if (where == 0xffff) reply.resize(data[3] % (reply.size() + 1));
        else reply[where % std::min<std::size_t>(reply.size(), 200)] = static_cast<std::byte>(data[3]);
        data += 4, size -= 4;
    };
    auto made = ninep::NinepFileSystem::create(server);
    if (!made) return 0;
    auto root = (*made)->root();
    if (!root || !(*root)->is_directory()) return 0;
    root = fail(Error::not_found);
    auto tree = make_tree(*made);
    if (!tree || !(*tree)->inode()->is_directory()) return 0;
    Tree used(*std::exchange(tree, fail(Error::not_found)));
    use_all(used);
    return 0;
}
