// Random changes beside a model; and the power goes at random places of what was written to the disk: of what came since the last flush, any
// sectors may have got there. Whatever a program was told to be safe is there afterwards, and e2fsck finds nothing wrong.
#include <algorithm>
#include <random>

#include "ext4_fixture.hpp"

namespace spore::fs::test {
namespace {

using ext4::Ext4FileSystem;

/// How often; more when a developer asks for it.
int rounds(int usual) {
    auto* factor = std::getenv("SPORE_EXT4_ROUNDS");
    return factor ? usual * std::atoi(factor) : usual;
}

class Ext4Random : public testing::Test {
protected:
    /// What the log's length was when something came to be.
    struct Version {
        std::size_t since;
        bool known;          ///< from then on it is on the disk
        bool exists;
        std::string contents;
    };

    void mount() {
        auto mounted = Ext4FileSystem::mount(*disk, false);
        ASSERT_TRUE(mounted) << static_cast<int>(mounted.error());
        file_system = *mounted;
        tree.emplace(file_system);
    }
    void unmount() {
        tree.reset();
        EXPECT_TRUE(file_system->unmount());
        file_system.reset();
    }
    u32 random(u32 below) { return static_cast<u32>(engine() % below); }
    std::string some_path() { return "/d" + std::to_string(random(4)) + "/" + std::string(random(3) * 40, 'n') + std::to_string(random(40)); }
    void will_change(const std::string& path) { history[path].push_back({disk->log.size(), false, false, {}}); }
    bool can_fail(Error error) { return error == Error::no_space; }

    void one_change() {
        auto path = some_path();
        switch (random(12)) {
        case 0: case 1: case 2: {  // written anew
            will_change(path);
            auto contents = pattern(random(random(8) == 0 ? 300'000 : 9'000), static_cast<unsigned>(engine()));
            auto written = tree->write_file(path, contents);
            if (written) model[path] = contents;
            else full(path, written.error());
            break;
        }
        case 3: case 4: {  // changed somewhere
            if (!model.contains(path)) break;
            will_change(path);
            auto file = tree->open_as(path, {.mode = {.read = true, .write = true}});
            ASSERT_TRUE(file) << path;
            auto text = pattern(random(6000), static_cast<unsigned>(engine()));
            u64 at = random(40'000);
            auto from = IoBuffer::kernel(as_bytes(text));
            auto written = (*file)->write_at(from, at);
            if (!written || *written < text.size()) {
                full(path, written ? Error::no_space : written.error());
                break;
            }
            auto& contents = model[path];
            if (text.empty()) break;
            if (contents.size() < at + text.size()) contents.resize(at + text.size());
            contents.replace(at, text.size(), text);
            break;
        }
        case 5: {
            if (!model.contains(path)) break;
            will_change(path);
            u32 size = random(20'000);
            auto file = *tree->open_as(path, {.mode = {.read = true, .write = true}});
            ASSERT_TRUE(file->truncate(size));
            model[path].resize(size);
            break;
        }
        case 6: {
            if (!model.contains(path)) break;
            will_change(path);
            u32 at = random(30'000), size = 1 + random(30'000);
            auto file = *tree->open_as(path, {.mode = {.read = true, .write = true}});
            auto done = file->allocate(3, at, size);
            if (!done) { full(path, done.error()); break; }
            auto& contents = model[path];
            for (u32 i = at; i < std::min<u64>(at + size, contents.size()); ++i) contents[i] = '\0';
            break;
        }
        case 7: {
            if (!model.contains(path)) break;
            will_change(path);
            u32 at = random(30'000), size = 1 + random(60'000);
            auto file = *tree->open_as(path, {.mode = {.read = true, .write = true}});
            if (auto done = file->allocate(0, at, size); !done) { full(path, done.error()); break; }
            if (model[path].size() < at + size) model[path].resize(at + size);
            break;
        }
        case 8: case 9: {
            if (!model.contains(path)) break;
            will_change(path);
            ASSERT_TRUE(unlink(tree->context(), tree->root(), path));
            model.erase(path);
            break;
        }
        case 10: {
            auto to = some_path();
            if (!model.contains(path) || to == path) break;
            will_change(path), will_change(to);
            bool exchange = model.contains(to) && random(3) == 0;
            auto moved = rename(tree->context(), tree->root(), path, tree->root(), to, {.exchange = exchange});
            if (!moved) { ASSERT_TRUE(can_fail(moved.error())); break; }
            if (exchange) std::swap(model[path], model[to]);
            else model[to] = std::move(model[path]), model.erase(path);
            break;
        }
        case 11: {
            if (!model.contains(path)) break;
            auto file = *tree->open_as(path, {.mode = {.read = true, .write = true}});
            // What it tells the disk of is gone at once, whatever else of before gets there.
            if (u32 chance = random(4); chance == 0) file_system->discard_freed();
            else if (chance == 1) ASSERT_TRUE(file_system->trim(random(2) * random(8'000'000), ~u64{0}, random(20'000)));
            if (random(3) == 0) ASSERT_TRUE(file_system->sync());
            else ASSERT_TRUE(file->sync(random(2)));
            // Only this one's contents are promised; of the others, names.
            if (file->inode()) history[path].push_back({disk->log.size(), true, true, model[path]});
            break;
        }
        }
    }
    /// There was no room: what of it was written is not known.
    void full(const std::string& path, Error error) {
        ASSERT_TRUE(can_fail(error)) << static_cast<int>(error);
        auto now = tree->read_file(path);
        if (now) model[path] = *now;
        else model.erase(path);
    }
    void compare() {
        for (auto& [path, contents] : model) {
            auto found = tree->read_file(path);
            ASSERT_TRUE(found) << path << " " << static_cast<int>(found.error());
            ASSERT_TRUE(*found == contents) << path;
        }
        std::size_t count = 0;
        for (int i = 0; i < 4; ++i) count += tree->list("/d" + std::to_string(i))->size() - 2;
        ASSERT_EQ(count, model.size());
    }
    void begin(u64 bytes, unsigned seed) {
        engine.seed(seed);
        disk = source.build(bytes);
        mount();
        for (int i = 0; i < 4; ++i) ASSERT_TRUE(make_directory(tree->context(), tree->root(), "/d" + std::to_string(i), 0755));
        ASSERT_TRUE(file_system->sync());
    }

    Ext4Source source;
    std::unique_ptr<RamDisk> disk;
    Shared<Ext4FileSystem> file_system;
    std::optional<Tree> tree;
    std::mt19937 engine;
    std::map<std::string, std::string> model;
    std::map<std::string, std::vector<Version>> history;
};

TEST_F(Ext4Random, IsAsTheModel) {
    for (int round = 0; round < rounds(2); ++round) {
        model.clear(), history.clear();
        begin(round % 2 ? 14_MiB : 64_MiB, 100 + round);
        for (int part = 0; part < 6; ++part) {
            for (int i = 0; i < 250; ++i) {
                one_change();
                if (HasFatalFailure()) return;
            }
            compare();
            if (HasFatalFailure()) return;
            unmount();
            ASSERT_EQ(source.check(*disk), "") << round << " " << part;
            mount();
            compare();
            if (HasFatalFailure()) return;
        }
        unmount();
    }
}

TEST_F(Ext4Random, SurvivesPowerFailures) {
    for (int round = 0; round < rounds(2); ++round) {
        SCOPED_TRACE(round);
        model.clear(), history.clear();
        begin(24_MiB, 1 + round);
        auto before = disk->copy();
        disk->logs = true;
        for (int i = 0; i < 400; ++i) {
            one_change();
            if (HasFatalFailure()) return;
        }
        auto log = disk->log;
        disk->logs = false;
        unmount();
        disk->log.clear();
        for (int cut = 0; cut < 12; ++cut) {
            std::size_t end = random(static_cast<u32>(log.size())) + 1;
            // Mostly where a flush would have come next: all since the last one was on its way.
            if (cut % 4) while (end < log.size() && !log[end].is_flush()) ++end;
            u32 chance = random(5);  // none, some or all of what was on its way
            auto crashed = cut_off(*before, std::span(log).first(end), [&] { return random(4) < chance; });
            auto mounted = Ext4FileSystem::mount(*crashed, false);
            ASSERT_TRUE(mounted) << static_cast<int>(mounted.error()) << " cut at " << end << " of " << log.size();
            EXPECT_FALSE((*mounted)->read_only());
            {
                Tree after(*mounted);
                for (auto& [path, versions] : history) {
                    const Version* last = nullptr;
                    for (auto& version : versions)
                        if (version.since <= end - 1) last = &version;
                    if (!last || !last->known) continue;
                    auto found = after.read_file(path);
                    EXPECT_EQ(found.has_value(), last->exists) << path << " cut at " << end;
                    if (found && last->exists) EXPECT_TRUE(*found == last->contents) << path << " cut at " << end;
                }
                for (auto folder : {"/d0/", "/d1/", "/d2/", "/d3/"}) {
                    auto names = after.list(folder);
                    ASSERT_TRUE(names) << folder << " cut at " << end;
                    for (auto& name : *names) EXPECT_FALSE(has_discarded(after, folder + name)) << folder + name << " cut at " << end;
                }
                EXPECT_TRUE(after.write_file("/new", "works"));
            }
            EXPECT_TRUE((*mounted)->unmount());
            mounted->reset();
            ASSERT_EQ(source.check(*crashed), "") << "cut at " << end << " of " << log.size();
        }
    }
}

/// Others' transactions end while a file's pieces are on their way.
TEST_F(Ext4Random, HasNothingBehindTheEndOfAFileThatIsBeingWritten) {
    begin(24_MiB, 5);
    auto other = *tree->create("/other"), file = *tree->create("/file");
    constexpr u32 pieces = 6;
    auto write_at = [](auto& to, u64 at, std::size_t size) {
        std::string text(size, 'x');
        auto from = IoBuffer::kernel(std::as_writable_bytes(std::span(text)));
        return to.write_at(from, at).has_value();
    };
    ASSERT_TRUE(file->allocate(0, 0, 400 * 4096));
    for (u32 i = 0; i < pieces; ++i) ASSERT_TRUE(write_at(*file, i * 50 * 4096, 3 * 4096));
    u32 seen = 0;
    std::function<void()> look = [&] {
        disk->after_write = nullptr;
        ASSERT_TRUE(write_at(*other, seen * 4096, 4096));
        ASSERT_TRUE(other->sync(false));
        auto crashed = disk->copy();
        auto mounted = Ext4FileSystem::mount(*crashed, false);
        ASSERT_TRUE(mounted);
        ASSERT_TRUE((*mounted)->unmount());
        mounted->reset();
        ASSERT_EQ(source.check(*crashed), "") << seen;
        if (++seen < pieces) disk->after_write = look;
    };
    disk->after_write = look;
    ASSERT_TRUE(file->sync(false));
    EXPECT_EQ(seen, pieces);
    file.reset(), other.reset();
    unmount();
    EXPECT_EQ(source.check(*disk), "");
}

TEST_F(Ext4Random, IsReplayedByE2fsckToo) {
    begin(24_MiB, 77);
    for (int i = 0; i < 300; ++i) one_change();
    ASSERT_TRUE(file_system->sync());
    auto crashed = disk->copy();
    crashed->save_to(source.image());
    auto ran = run_tool("e2fsck -fy " + source.image());
    EXPECT_NE(ran.output.find("recovering journal"), std::string::npos);
    EXPECT_EQ(WEXITSTATUS(ran.status) & ~1, 0) << ran.output;
    EXPECT_EQ(ran.output.find("yes"), std::string::npos) << ran.output;
    auto replayed = std::make_unique<RamDisk>(24_MiB);
    replayed->load_from(source.image());
    unmount();
    disk = std::move(replayed);
    mount();
    compare();
    unmount();
}

}  // namespace
}  // namespace spore::fs::test
