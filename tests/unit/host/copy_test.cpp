// What goes over the wire for spore cp, from files to files, and what a guest that lies could do.
#include "host/instances/copy_stream.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "host/instances/copy.hpp"

namespace spore::host {
namespace {

using abi::CopyEntry;
using abi::CopyType;

std::string record(CopyType type, std::string_view name, std::string_view target = {}, u16 permissions = 0644) {
    CopyEntry entry{};
    entry.type = static_cast<u8>(type);
    entry.permissions = permissions;
    entry.error = ENOENT;
    entry.name = static_cast<u16>(name.size()), entry.target = static_cast<u16>(target.size());
    auto bytes = bytes_of(entry);
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()).append(name).append(target);
}
std::string piece(std::string_view contents) {
    le32 size{};
    size = static_cast<u32>(contents.size());
    auto bytes = bytes_of(size);
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()).append(contents);
}
std::string file(std::string_view name, std::string_view contents) { return record(CopyType::file, name) + (contents.empty() ? "" : piece(contents)) + piece(""); }

class CopyTest : public testing::Test {
protected:
    void SetUp() override {
        ::signal(SIGPIPE, SIG_IGN);
        char name[] = "/tmp/spore-copy-test-XXXXXX";
        folder_ = ::mkdtemp(name);
        to_ = folder_ / "to";
    }
    void TearDown() override { fs::remove_all(folder_); }

    CopyProblem hear() {
        return [this](const std::string& below, const std::string&) { problems_.push_back(below); };
    }
    /// What a guest sends, turned into files.
    Outcome<void> receive(const std::string& stream) {
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        FileDescriptor from(ends[0]);
        std::thread guest([&] {
            FileDescriptor end(ends[1]);
            write_all(end.number(), std::as_bytes(std::span(stream)));
        });
        auto outcome = receive_files(from.number(), to_, hear());
        from.close();
        guest.join();
        return outcome;
    }
    std::string contents(const fs::path& path) { return read_file(path).value_or("(none)"); }

    fs::path folder_, to_;
    std::vector<std::string> problems_;
};

TEST_F(CopyTest, WhatIsSentArrives) {
    auto from = folder_ / "from";
    fs::create_directories(from / "sub");
    std::string large(300'000, 'x');
    ASSERT_TRUE(write_file(from / "large", large));
    ASSERT_TRUE(write_file(from / "sub/small", "small"));
    ASSERT_TRUE(write_file(from / "empty", ""));
    fs::create_symlink("../large", from / "sub/link");
    fs::permissions(from / "sub/small", fs::perms{0640});
    struct timespec times[]{{0, UTIME_OMIT}, {981'000'000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (from / "sub/small").c_str(), times, 0), 0);
    ASSERT_EQ(::mkfifo((from / "fifo").c_str(), 0600), 0);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    std::vector<std::string> skipped;
    std::thread sender([&] {
        FileDescriptor end(ends[1]);
        EXPECT_TRUE(send_files(end.number(), from, [&](const std::string& below, const std::string&) { skipped.push_back(below); }));
    });
    FileDescriptor pipe(ends[0]);
    EXPECT_TRUE(receive_files(pipe.number(), to_, hear()));
    sender.join();
    EXPECT_EQ(skipped, std::vector<std::string>{"fifo"});
    EXPECT_EQ(contents(to_ / "large"), large);
    EXPECT_EQ(contents(to_ / "sub/small"), "small");
    EXPECT_EQ(contents(to_ / "empty"), "");
    EXPECT_EQ(fs::read_symlink(to_ / "sub/link"), "../large");
    struct stat status{};
    ASSERT_EQ(::stat((to_ / "sub/small").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0640u);
    EXPECT_EQ(status.st_mtime, 981'000'000);
}

TEST_F(CopyTest, OneFileTakesTheNameThatIsGiven) {
    ASSERT_TRUE(receive(file("", "contents")));
    EXPECT_EQ(contents(to_), "contents");
    ASSERT_TRUE(receive(file("", "new")));
    EXPECT_EQ(contents(to_), "new");
}

TEST_F(CopyTest, AGuestGetsNowhereElse) {
    auto outside = folder_ / "outside";
    fs::create_directories(outside);
    ASSERT_TRUE(write_file(outside / "kept", "kept"));
    auto top = record(CopyType::folder, "");
    for (std::string_view name : {"../outside/kept", "/etc/x", "a/../../outside/kept", ".", ""}) EXPECT_FALSE(receive(top + file(name, "bad"))) << name;
    // By a link that it has sent itself: as a folder, and as a file to be written through.
    (void)receive(top + record(CopyType::link, "way", outside.string()) + file("way/kept", "bad") + file("way/new", "bad"));
    (void)receive(top + record(CopyType::link, "file", (outside / "kept").string()) + file("file", "replaced"));
    EXPECT_EQ(contents(outside / "kept"), "kept");
    EXPECT_FALSE(fs::exists(outside / "new"));
    EXPECT_EQ(contents(to_ / "file"), "replaced");
    // Nothing comes before what is copied, and that comes once.
    EXPECT_FALSE(receive(file("inside", "bad")));
    EXPECT_FALSE(receive(file("", "a") + file("", "b")));
}

TEST_F(CopyTest, WhatBreaksOffIsAFailure) {
    auto whole = record(CopyType::folder, "") + file("a", "contents");
    EXPECT_TRUE(receive(whole));
    for (std::size_t size = 1; size < whole.size(); ++size)
        if (size != sizeof(CopyEntry)) EXPECT_FALSE(receive(whole.substr(0, size))) << size;
    EXPECT_FALSE(receive(record(CopyType{9}, "")));
    EXPECT_FALSE(receive(record(CopyType::file, "") + piece(std::string(abi::max_copy_piece + 1, 'x'))));
}

TEST_F(CopyTest, ProblemsAreToldWithoutWhatATerminalWouldObey) {
    EXPECT_TRUE(receive(record(CopyType::folder, "") + record(CopyType::problem, "a\x1b[2J") + file("b", "b")));
    EXPECT_EQ(problems_, std::vector<std::string>{"a?[2J"});
    EXPECT_EQ(contents(to_ / "b"), "b");
}

TEST(CopyPlaces, AreMachinesBeforeAColonAndPathsElsewhere) {
    auto is = [](std::string_view text, std::string_view instance, std::string_view path) {
        auto place = parse_copy_place(text);
        return place.instance == instance && place.path == path;
    };
    EXPECT_TRUE(is("job:/tmp/a", "job", "/tmp/a"));
    EXPECT_TRUE(is("./job:/tmp/a", "", "./job:/tmp/a"));
    EXPECT_TRUE(is("/tmp/a:b", "", "/tmp/a:b"));
    EXPECT_TRUE(is("file", "", "file"));
    EXPECT_TRUE(is("-", "", "-"));
    EXPECT_FALSE(copy_between({"", "a"}, {"", "b"}));
    EXPECT_FALSE(copy_between({"a", "/a"}, {"b", "/b"}));
}

}  // namespace
}  // namespace spore::host
