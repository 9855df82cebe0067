// spore flame: what perf printed and what the guest said of its memory become a picture.
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "host/profile/flame_graph.hpp"
#include "host/profile/guest_maps.hpp"
#include "host/profile/names.hpp"
#include "host/profile/samples.hpp"

namespace spore::host {
namespace {

/// A file as perf writes it: one event, and records.
class PerfFile {
public:
    explicit PerfFile(u64 fields) {
        add_text("PERFILE2");
        for (u64 word : {u64{104}, attribute_size, header_size, attribute_size, header_size + attribute_size, u64{0}}) add(word);
        bytes_.resize(header_size);
        for (u64 word : {u64{1} | u64{128} << 32, u64{0}, u64{997}, fields}) add(word);
        bytes_.resize(header_size + attribute_size);
    }
    void record(u32 type, std::initializer_list<u64> body) {
        add(type | u64{8 + 8 * body.size()} << 48);
        for (u64 word : body) add(word);
        u64 size = bytes_.size() - header_size - attribute_size;
        std::memcpy(bytes_.data() + size_at, &size, sizeof size);
    }
    ByteSpan bytes() const { return std::as_bytes(std::span(bytes_)); }
    void cut(std::size_t by) { bytes_.resize(bytes_.size() - by); }

    using All = std::vector<std::vector<u64>>;
    std::optional<All> read() const {
        All all;
        if (!read_samples(bytes(), [&](const std::vector<u64>& addresses) { all.push_back(addresses); })) return std::nullopt;
        return all;
    }

private:
    static constexpr u64 header_size = 104, attribute_size = 144, size_at = 48;
    void add(u64 word) { add_text({reinterpret_cast<const char*>(&word), sizeof word}); }
    void add_text(std::string_view text) { bytes_.append(text); }
    std::string bytes_;
};
constexpr u64 ip_tid_time_callchain_period = 0x127;

TEST(Samples, AreReadFromThePlaceOutwards) {
    PerfFile file(ip_tid_time_callchain_period);
    file.record(1, {1, 2, 3});
    file.record(9, {0x401000, 7, 8, 1, 3, ~u64{0} - 511, 0x401000, 0x402000});
    file.record(9, {0xffff'ffff'8100'0000, 7, 8, 1, 1, 0xffff'ffff'8100'0000});
    EXPECT_EQ(file.read(), (PerfFile::All{{0x401000, 0x402000}, {0xffff'ffff'8100'0000}}));
}

TEST(Samples, BelieveNoLengthThatIsNotThere) {
    PerfFile file(ip_tid_time_callchain_period);
    file.record(9, {0x401000, 7, 8, 1, 100, 0x401000});
    file.record(9, {0x401000, 7, 8, 1, ~u64{0} / 8, 0x401000});
    file.record(9, {0x401000});
    EXPECT_EQ(file.read(), PerfFile::All{});
    file.record(9, {0x401000, 7, 8, 1, 1, 0x401000});
    EXPECT_EQ(file.read(), (PerfFile::All{{0x401000}}));
    file.cut(8);
    EXPECT_EQ(file.read(), std::nullopt);  // the section is longer than the file
}

TEST(Samples, AreNotReadInAnUnknownOrder) {
    EXPECT_EQ(PerfFile(0x7).read(), std::nullopt);          // no callchain
    EXPECT_EQ(PerfFile(0x127 | 0x10).read(), std::nullopt);  // counters before it
    EXPECT_FALSE(read_samples({}, [](auto&) {}));
}

constexpr std::string_view maps_text =
    "00400000-00401000 r--p 00000000 00:15 7                          /bin/app\n"
    "00401000-00403000 r-xp 00001000 00:15 7                          /bin/app\n"
    "7ffff000-80000000 rw-p 00000000 00:00 0                          [stack]\n"
    "90000000-90001000 r-xp 00000000 00:00 0 \n";

TEST(GuestMaps, FindsTheFileAndThePlaceInIt) {
    GuestMaps maps;
    maps.take(maps_text);
    EXPECT_EQ(maps.find(0x402010).file, "/bin/app");
    EXPECT_EQ(maps.find(0x402010).offset, 0x2010u);
    for (u64 nowhere : {u64{0}, u64{0x400000}, u64{0x403000}, u64{0x7ffff000}, u64{0x90000000}}) EXPECT_EQ(maps.find(nowhere).file, "") << std::hex << nowhere;
}

TEST(GuestMaps, BelievesTheLastProcessThatWasAskedAbout) {
    GuestMaps maps;
    maps.take(maps_text);
    maps.take("00402000-00500000 r-xp 00000000 00:15 8 /lib/other.so\n");
    EXPECT_EQ(maps.find(0x402010).file, "/lib/other.so");
    EXPECT_EQ(maps.find(0x401010).file, "");  // that area is gone as a whole
}

TEST(FrameNames, TellWhoseCodeItIs) {
    GuestMaps maps;
    maps.take("00401000-00403000 r-xp 00001000 00:15 7 /bin/app\n00501000-00502000 r-xp 00000000 00:15 8 /lib/libx.so.1\n");
    FrameNames names("/nonexistent", maps, [](std::string_view) { return std::nullopt; });
    auto name = [&](u64 address) { return names.name(address, FrameNames::Place::inner); };
    EXPECT_EQ(name(0x401000), (Frame{"app", Frame::Owner::program}));
    EXPECT_EQ(name(0x501000), (Frame{"libx.so.1", Frame::Owner::library}));
    EXPECT_EQ(name(0x600000), (Frame{"(program)", Frame::Owner::program}));
    EXPECT_EQ(name(0x7000'0000'1000).owner, Frame::Owner::kernel);
    EXPECT_EQ(name(0xffff'ffff'8100'0000).owner, Frame::Owner::host);
    EXPECT_EQ(names.name(0x403000, FrameNames::Place::caller), (Frame{"app", Frame::Owner::program}));  // a call at the end of the code
}

TEST(FrameNames, NameFunctionsOfOurOwnFile) {
    auto own = fs::read_symlink("/proc/self/exe");
    auto table = FunctionTable::open(own);
    ASSERT_TRUE(table);
    GuestMaps maps;
    maps.take("00010000-10000000 r-xp 00000000 00:15 7 /bin/self\n");
    FrameNames names("/nonexistent", maps, [&](std::string_view) { return std::optional(own); });
    bool found = false;
    for (u64 offset = 0; offset < 0x400'0000 && !found; offset += 256) {
        auto address = table->offset_to_address(offset);
        auto* symbol = address ? table->find(*address) : nullptr;
        if (!symbol) continue;
        found = true;
        EXPECT_EQ(names.name(0x10000 + offset, FrameNames::Place::inner).name, demangle(symbol->name));
    }
    EXPECT_TRUE(found);
}

Frame program(const char* name) { return {name, Frame::Owner::program}; }

FlameGraph example() {
    FlameGraph graph;
    std::array deep{program("main"), program("work<int>"), Frame{"sys_read", Frame::Owner::kernel}};
    for (int i = 0; i < 3; ++i) graph.add(deep);
    graph.add(std::span(deep).first(1));
    return graph;
}

TEST(FlameGraph, AddsUpStacks) {
    auto graph = example();
    EXPECT_EQ(graph.samples(), 4u);
    EXPECT_EQ(graph.folded(), "main;work<int>;sys_read 3\nmain 1\n");
}

TEST(FlameGraph, DrawsEachBoxAsWideAsItsShare) {
    auto svg = example().svg("a & b");
    EXPECT_NE(svg.find("a &amp; b"), svg.npos);
    EXPECT_NE(svg.find("<title>main: 4 samples, 100.0 %</title>"), svg.npos);
    EXPECT_NE(svg.find("data-x=\"0.000\" data-w=\"900.000\" data-d=\"2\" data-name=\"work&lt;int&gt;\""), svg.npos);
}

TEST(FlameGraph, LeavesOutWhatNobodyCouldSee) {
    FlameGraph graph;
    for (int i = 0; i < 10'000; ++i) graph.add(std::array{program("often")});
    graph.add(std::array{program("once")});
    EXPECT_EQ(graph.svg("x").find("once"), std::string::npos);
    EXPECT_NE(graph.folded().find("once 1"), std::string::npos);
}

}  // namespace
}  // namespace spore::host
