// strace's lines and filters, the report of check, and places turned into names.
#include <gtest/gtest.h>

#include <sstream>

#include "host/check/call_table.hpp"
#include "host/check/check.hpp"
#include "host/strace/names.hpp"
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

TEST(StraceLines, NumbersGetNames) {
    auto named = [](std::string_view line) { return with_names(line, Architecture::x86_64); };
    EXPECT_EQ(named("[pid 1] openat(AT_FDCWD, \"a, 0x2)\", 0x80241, 0644) = 3"), "[pid 1] openat(AT_FDCWD, \"a, 0x2)\", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0644) = 3");
    EXPECT_EQ(named("[pid 1] mmap(0, 4096, 0x3, 0x22, -1, 0) = 0x7000"), "[pid 1] mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7000");
    EXPECT_EQ(named("[pid 1] mprotect(0x1000, 4096, 0x0) = 0"), "[pid 1] mprotect(0x1000, 4096, PROT_NONE) = 0");
    EXPECT_EQ(named("[pid 1] futex(0x10, 0x80, 2, NULL) = ?"), "[pid 1] futex(0x10, FUTEX_WAIT|FUTEX_PRIVATE_FLAG, 2, NULL) = ?");
    EXPECT_EQ(named("[pid 1] kill(2, 15) = 0"), "[pid 1] kill(2, SIGTERM) = 0");
    EXPECT_EQ(named("[pid 1] sendto(3, \"x\", 1, 0x80004000, NULL, 0) = 1"), "[pid 1] sendto(3, \"x\", 1, MSG_NOSIGNAL|0x80000000, NULL, 0) = 1");
    EXPECT_EQ(with_names("openat(AT_FDCWD, \"d\", 0x4000, 00) = 3", Architecture::arm64), "openat(AT_FDCWD, \"d\", O_RDONLY|O_DIRECTORY, 00) = 3");
    for (auto line : {"exit_group(0) = ?", "no call", "[pid 1", "read(", "read(1, \"", ""}) EXPECT_EQ(named(line), line);
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

constexpr auto x86_64 = Architecture::x86_64, arm64 = Architecture::arm64;

TEST(CallTable, ComesFromTheKernel) {
    EXPECT_EQ(find_call(0, x86_64).name, "read");
    EXPECT_EQ(find_call(63, arm64).name, "read");
    EXPECT_EQ(find_call(0, x86_64).support, Support::supported);
    EXPECT_EQ(find_call(101, x86_64).name, "ptrace");
    EXPECT_EQ(find_call(117, arm64).support, Support::missing);
    EXPECT_EQ(find_call_number("write", x86_64), 1u);
    EXPECT_EQ(find_call_number("write", arm64), 64u);
    EXPECT_FALSE(find_call_number("fork", arm64));
    EXPECT_TRUE(is_call("fork"));
    EXPECT_FALSE(find_call_number("", x86_64));
    EXPECT_EQ(find_call(9999, x86_64).name, "");
}

/// Linux's own numbers: "#define __NR_read 63", and with __NR3264_ where 32-bit CPUs differ.
void expect_numbers_of(const char* header, Architecture architecture) {
    auto text = read_file(header);
    if (!text) GTEST_SKIP() << "no " << header;
    unsigned seen = 0;
    std::istringstream lines(*text);
    for (std::string define, name, number, line; std::getline(lines, line);) {
        std::istringstream words(line);
        if (!(words >> define >> name >> number) || define != "#define" || !std::isdigit(static_cast<unsigned char>(number[0]))) continue;
        auto start = name.starts_with("__NR_") ? 5u : name.starts_with("__NR3264_") ? 9u : 0u;
        auto value = std::stoul(number);
        bool for_32_bits = (value >= 403 && value <= 423) || name == "__NR_sync_file_range2";  // time in 64 bits, where it has not always been so
        if (start == 0 || for_32_bits || name == "__NR_syscalls" || name == "__NR_arch_specific_syscall") continue;
        name = name == "__NR3264_fstatat" ? "newfstatat" : name == "__NR3264_fadvise64" ? "fadvise64" : name.substr(start);
        EXPECT_EQ(find_call_number(name, architecture), static_cast<u32>(value)) << name;
        ++seen;
    }
    EXPECT_GT(seen, 250u);
}
TEST(CallTable, HasLinuxsNumbersOfX86_64) { expect_numbers_of("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", x86_64); }
TEST(CallTable, HasLinuxsNumbersOfArm64) { expect_numbers_of("/usr/include/asm-generic/unistd.h", arm64); }

TEST(CheckReport, IsIncompleteOnlyForWhatIsSurelyNeeded) {
    Findings findings;
    findings.calls[0] = {Evidence::by_name, {"libc: read"}};
    findings.calls[101] = {Evidence::possible, {"libc: ptrace"}};
    EXPECT_TRUE(make_report("p", x86_64, findings, CheckFormat::table, false).complete);
    findings.calls[101].evidence = Evidence::seen;
    auto report = make_report("p", x86_64, findings, CheckFormat::table, true);
    EXPECT_FALSE(report.complete);
    EXPECT_NE(report.text.find("missing    seen      ptrace"), std::string::npos) << report.text;
    EXPECT_NE(make_report("p", x86_64, findings, CheckFormat::json, true).text.find("\"complete\": false"), std::string::npos);
}

TEST(Check, FollowsNumbersThroughCode) {
    // What the C library's own wrappers and syscall(3) look like is checked on the real one, where there is one.
    auto file = MappedFile::open("/bin/busybox");
    if (!file) GTEST_SKIP() << "no busybox";
    auto image = ElfImage::parse(file->bytes());
    ASSERT_TRUE(image);
    std::vector<NamedCode> files;
    files.push_back({"busybox", Code(std::move(*image)), Role::program});
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

TEST(Demangle, LeavesNamesOfCAlone) {
    EXPECT_EQ(demangle("_Z1fi"), "f(int)");
    for (auto* name : {"f", "i", "main", "_Zebra", ""}) EXPECT_EQ(demangle(name), name);
}

TEST(ElfImage, RefusesDamage) {
    EXPECT_FALSE(ElfImage::parse({}));
    auto file = MappedFile::open("/proc/self/exe");
    for (std::size_t size : {64u, 100u, 1000u, 5000u}) (void)ElfImage::parse(file->bytes().first(size));  // must not read beyond
}

}  // namespace
}  // namespace spore::host
