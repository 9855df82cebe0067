#include "kernel/fs/pipe.hpp"

#include "kernel/fs/tmpfs/file_system.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/threads.hpp"
#include "tree_fixture.hpp"

namespace spore::fs::test {
namespace {

constexpr OpenMode impatient{.nonblocking = true};

TEST(Pipe, CarriesBytes) {
    auto ends = *create_pipe(impatient);
    EXPECT_EQ(error_of(read_text(*ends.reader, 10)), Error::would_block);
    EXPECT_EQ(write_text(*ends.writer, "hello"), 5u);
    EXPECT_EQ(read_text(*ends.reader, 2), "he");
    EXPECT_EQ(read_text(*ends.reader, 10), "llo");
    EXPECT_EQ(error_of(write_text(*ends.reader, "x")), Error::bad_descriptor);
    EXPECT_EQ(error_of(read_text(*ends.writer, 1)), Error::bad_descriptor);
    EXPECT_EQ(error_of(ends.reader->seek(0, Whence::start)), Error::illegal_seek);
    EXPECT_EQ(ends.reader->stat()->type, FileType::fifo);
    char buffer[32];
    EXPECT_TRUE(ends.reader->describe(buffer).starts_with("pipe:["));
}

TEST(Pipe, FillsUpAndKeepsSmallWritesWhole) {
    auto ends = *create_pipe(impatient);
    std::string text(65536 - 100, 'x');
    EXPECT_EQ(write_text(*ends.writer, text), text.size());
    EXPECT_EQ(error_of(write_text(*ends.writer, std::string(200, 'y'))), Error::would_block);
    EXPECT_EQ(write_text(*ends.writer, std::string(5000, 'y')), 100u);
    EXPECT_EQ(ends.writer->ready(), Ready::none);
    EXPECT_EQ(ends.reader->ready(), Ready::in);
    EXPECT_EQ(read_text(*ends.reader, 70'000), text + std::string(100, 'y'));
    EXPECT_EQ(ends.writer->ready(), Ready::out);
    // Round the ring, in odd steps.
    std::string sent, received;
    for (unsigned i = 1; i < 400; ++i) {
        std::string part(i * 13 % 3000 + 1, static_cast<char>('a' + i % 26));
        sent += part;
        ASSERT_EQ(write_text(*ends.writer, part), part.size());
        received += *read_text(*ends.reader, part.size() / 2 + 1000);
    }
    while (auto part = read_text(*ends.reader, 9999)) received += *part;
    EXPECT_EQ(received, sent);
}

TEST(Pipe, TellsOfClosedEnds) {
    auto ends = *create_pipe(impatient);
    ASSERT_TRUE(write_text(*ends.writer, "last"));
    ends.writer.reset();
    EXPECT_EQ(ends.reader->ready(), Ready::in | Ready::hang_up);
    EXPECT_EQ(read_text(*ends.reader, 10), "last");
    EXPECT_EQ(read_text(*ends.reader, 10), "");
    ends = *create_pipe(impatient);
    ends.reader.reset();
    EXPECT_EQ(error_of(write_text(*ends.writer, "x")), Error::broken_pipe);
    EXPECT_TRUE(any(ends.writer->ready() & Ready::error));
}

TEST(Pipe, ChangesItsSize) {
    auto ends = *create_pipe(impatient);
    auto& pipe = *pipe_of(*ends.reader);
    EXPECT_EQ(pipe.capacity(), 65536u);
    ASSERT_TRUE(write_text(*ends.writer, std::string(10'000, 'x')));
    EXPECT_EQ(read_text(*ends.reader, 5000)->size(), 5000u);
    EXPECT_EQ(error_of(pipe.resize(4096)), Error::busy);
    EXPECT_EQ(pipe.resize(9000), 16384u);
    EXPECT_EQ(pipe.resize(100'000), 131072u);
    EXPECT_EQ(write_text(*ends.writer, std::string(200'000, 'y')), 131072u - 5000 );
    EXPECT_EQ(read_text(*ends.reader, 200'000), std::string(5000, 'x') + std::string(131072 - 5000, 'y'));
    EXPECT_EQ(error_of(pipe.resize(2_MiB)), Error::not_permitted);
}

struct Watcher final : PollObserver {
    Ready seen = Ready::none;
    bool notify(Ready what) override {
        seen |= what;
        return false;
    }
};

TEST(Pipe, NotifiesObservers) {
    auto ends = *create_pipe(impatient);
    Watcher watcher;
    ends.reader->poll_source()->attach(watcher);
    ASSERT_TRUE(write_text(*ends.writer, "x"));
    EXPECT_TRUE(any(watcher.seen & Ready::in));
    ends.reader->poll_source()->detach(watcher);
    watcher.seen = Ready::none;
    ASSERT_TRUE(write_text(*ends.writer, "x"));
    EXPECT_EQ(watcher.seen, Ready::none);
}

TEST(Pipe, MakesThreadsWait) {
    bool ok = fakes::simulate({}, [] {
        auto ends = *create_pipe({});
        fakes::Join join;
        std::string sent(300'000, 'x'), received;
        fakes::spawn(join, [&] {
            EXPECT_EQ(write_text(*ends.writer, sent), sent.size());
            ends.writer.reset();
        });
        fakes::spawn(join, [&] {
            while (auto part = read_text(*ends.reader, 7777)) {
                if (part->empty()) break;
                received += *part;
            }
        });
        join.wait();
        EXPECT_EQ(received, sent);
    });
    EXPECT_TRUE(ok);
}

TEST(Fifo, OpensWithItsOtherEnd) {
    bool ok = fakes::simulate({}, [] {
        Tree tree(*tmpfs::TmpFileSystem::create(1_MiB, 0777));
        ASSERT_TRUE(make_node(tree.context(), tree.root(), "fifo", FileType::fifo, 0666, 0));
        EXPECT_EQ(error_of(tree.open_as("fifo", {.mode = {.write = true, .nonblocking = true}})), Error::no_such_device_address);
        fakes::Join join;
        fakes::spawn(join, [&] {
            auto writer = *tree.open_as("fifo", {.mode = {.write = true}});
            EXPECT_EQ(write_text(*writer, "through"), 7u);
        });
        fakes::spawn(join, [&] {
            auto reader = *tree.open_as("fifo", {.mode = {.read = true}});
            EXPECT_EQ(Tree::read_all(*reader), "through");
        });
        join.wait();
        auto both = *tree.open_as("fifo", {.mode = {.read = true, .write = true}});
        EXPECT_EQ(write_text(*both, "x"), 1u);
        both.reset();
        auto reader = *tree.open_as("fifo", {.mode = {.read = true, .nonblocking = true}});
        EXPECT_EQ(read_text(*reader, 5), "");  // what was in it went with its last end
    });
    EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace spore::fs::test
