// strace's lines and filters, the report of check, and places turned into names.
#include <gtest/gtest.h>

#include "host/check/call_table.hpp"
#include "host/check/check.hpp"
#include "host/strace/strace.hpp"
#include "host/symbols/symboliser.hpp"

namespace spore::host {
namespace {

extern "C" [[gnu::noinline, gnu::used]] int function_to_be_found(int x) { return x + 1; }

TEST(StraceLines, AreTakenApart) {
    auto line = parse_strace_line("[pid 12] openat(AT_FDCWD, \"a) = b\", 0x0) = -1 ENOENT");
    ASSERT_TRUE(line);
    EXPECT_EQ(line->name, "openat");
    EXPECT_EQ(line->result, "-1 ENOENT");
    EXPECT_TRUE(line->failed);
    EXPECT_FALSE(parse_strace_line("[pid 12]"));
}

TEST(StraceFilter, KnowsCallsAndSets) {
    StraceOptions options;
    ASSERT_TRUE(parse_trace_expression("trace=read,%network", options));
    EXPECT_TRUE(options.only.contains("read") && options.only.contains("socket"));
    EXPECT_FALSE(options.all_but);
    StraceOptions negative;
    ASSERT_TRUE(parse_trace_expression("!write", negative));
    EXPECT_TRUE(negative.all_but);
    EXPECT_FALSE(parse_trace_expression("nonsense", options));
}

TEST(CallTable, ComesFromTheKernel) {
    EXPECT_EQ(find_call(0).name, "read");
    EXPECT_EQ(find_call(0).support, Support::supported);
    EXPECT_EQ(find_call(101).name, "ptrace");
    EXPECT_EQ(find_call(101).support, Support::missing);
    EXPECT_EQ(find_call_number("write"), 1u);
    EXPECT_FALSE(find_call_number(""));
    EXPECT_EQ(find_call(9999).name, "");
}

TEST(CheckReport, IsIncompleteOnlyForWhatIsSurelyNeeded) {
    Findings findings;
    findings.calls[0] = {Evidence::by_name, {"libc: read"}};
    findings.calls[101] = {Evidence::possible, {"libc: ptrace"}};
    EXPECT_TRUE(make_report("p", findings, CheckFormat::table, false).complete);
    findings.calls[101].evidence = Evidence::seen;
    auto report = make_report("p", findings, CheckFormat::table, true);
    EXPECT_FALSE(report.complete);
    EXPECT_NE(report.text.find("missing    seen      ptrace"), std::string::npos) << report.text;
    EXPECT_NE(make_report("p", findings, CheckFormat::json, true).text.find("\"complete\": false"), std::string::npos);
}

TEST(Check, FollowsNumbersThroughCode) {
    // What the C library's own wrappers and syscall(3) look like is checked on the real one, where there is one.
    auto file = MappedFile::open("/bin/busybox");
    if (!file) GTEST_SKIP() << "no busybox";
    auto image = ElfImage::parse(file->bytes());
    ASSERT_TRUE(image);
    std::vector<NamedCode> files;
    files.push_back({"busybox", Code(std::move(*image))});
    auto findings = find_calls(files);
    for (u32 number : {0u, 1u, 9u, 60u, 231u}) EXPECT_TRUE(findings.calls.contains(number)) << number;
}

TEST(Symboliser, NamesPlacesInFiles) {
    auto self = fs::read_symlink("/proc/self/exe");
    auto file = MappedFile::open(self);
    auto image = ElfImage::parse(file->bytes());
    ASSERT_TRUE(image);
    u64 address = 0;
    for (const auto& symbol : image->symbols())
        if (symbol.name == "function_to_be_found") address = symbol.address;
    ASSERT_NE(address, 0u);
    u64 offset = 0;
    for (const auto& segment : image->segments())
        if (address >= segment.address && address < segment.address + segment.file_size) offset = segment.offset + (address - segment.address);
    Symboliser symboliser("/nowhere", [&](const std::string& guest) { return guest == "/app" ? std::optional(self) : std::nullopt; });
    auto line = symboliser.explain(fmt::format("  at 0x1234 /app+{:#x}", offset));
    EXPECT_NE(line.find("function_to_be_found+0x0"), std::string::npos) << line;
    EXPECT_EQ(symboliser.explain("  at 0x1234 /other+0x10"), "  at 0x1234 /other+0x10");
    EXPECT_EQ(symboliser.explain("nothing here"), "nothing here");
}

TEST(ElfImage, RefusesDamage) {
    EXPECT_FALSE(ElfImage::parse({}));
    auto file = MappedFile::open("/proc/self/exe");
    for (std::size_t size : {64u, 100u, 1000u, 5000u}) (void)ElfImage::parse(file->bytes().first(size));  // must not read beyond
}

}  // namespace
}  // namespace spore::host
