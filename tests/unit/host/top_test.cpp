// What `spore top` makes of the guest's texts.
#include "host/instances/top.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace spore::host {
namespace {

constexpr std::string_view stat = "42 (a (strange) name) S 7 42 42 34816 42 4194304 5 0 0 0 123 45 0 0 20 0 3 0 900 8192000 300 18446744073709551615 1 2 3 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
constexpr std::string_view status = "Name:\ta (strange) name\nState:\tS (sleeping)\nUid:\t1000\t1001\t1000\t1000\nGid:\t5\t5\t5\t5\n";

TEST(Top, UnderstandsTheGuestsTexts) {
    auto process = parse_process(stat, status, std::string_view("/bin/tool\0--now\0a\nb\0", 20));
    ASSERT_TRUE(process);
    EXPECT_EQ(process->id, 42u);
    EXPECT_EQ(process->parent, 7u);
    EXPECT_EQ(process->user, 1001u);
    EXPECT_EQ(process->state, 'S');
    EXPECT_EQ(process->threads, 3u);
    EXPECT_EQ(process->processor_milliseconds, 1680u);
    EXPECT_EQ(process->resident_bytes, 300u * 4096);
    EXPECT_EQ(process->command, "/bin/tool --now a b");
}

TEST(Top, NamesWhatHasNoArgumentsLeft) {
    auto process = parse_process(stat, "", "");
    ASSERT_TRUE(process);
    EXPECT_EQ(process->command, "[a (strange) name]");
    EXPECT_EQ(process->user, 0u);
}

TEST(Top, LeavesOutWhatItCannotUnderstand) {
    EXPECT_FALSE(parse_process("", status, ""));
    EXPECT_FALSE(parse_process("42 tool S 1", status, ""));
    EXPECT_FALSE(parse_process(")42 (", status, ""));
    EXPECT_FALSE(parse_process("x (tool) S 7", status, ""));
    std::string damaged(stat);
    damaged.replace(damaged.find(" 123 "), 5, " -12 ");
    EXPECT_FALSE(parse_process(damaged, status, ""));
    for (std::size_t size = 0; size < stat.size(); ++size) (void)parse_process(stat.substr(0, size), status.substr(0, size % status.size()), "");
}

TEST(Top, ShowsATableAndJson) {
    std::vector processes{*parse_process(stat, status, "/bin/tool"), *parse_process(stat, status, "\xff")};
    processes[1].processor_milliseconds = 3'723'000, processes[1].resident_bytes = 40_MiB;
    auto text = processes_as_text(processes);
    EXPECT_NE(text.find("   1001 S       3    0:01.68   1.2 MiB  /bin/tool\n"), text.npos) << text;
    EXPECT_NE(text.find("    1:02:03  40.0 MiB"), text.npos) << text;
    auto json = nlohmann::json::parse(processes_as_json(processes));
    EXPECT_EQ(json[0]["command"], "/bin/tool");
    EXPECT_EQ(json[0]["ppid"], 7);
}

}  // namespace
}  // namespace spore::host
