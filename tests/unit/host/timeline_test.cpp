// A run's phases, one after the other, and their picture.
#include <gtest/gtest.h>

#include "host/run/timeline.hpp"

namespace spore::host {
namespace {

using namespace std::chrono_literals;

constexpr Timeline::Point begin{1000s};

TEST(Timeline, PhasesFollowEachOther) {
    Timeline timeline(begin);
    timeline.machine_started(begin + 5ms);
    timeline.kernel_greets(2'000'000, begin + 42ms);  // so its first instruction came 40 ms after the beginning
    timeline.kernel_mark("memory", 1'000'000);
    timeline.kernel_mark("program loaded", 9'000'000);
    timeline.program_ended(begin + 60ms);
    auto phases = timeline.phases();
    const std::pair<std::string, double> wanted[] = {{"the tool", 5}, {"the machine starts", 40}, {"memory", 41}, {"program loaded", 49}, {"the program", 60}};
    ASSERT_EQ(phases.size(), std::size(wanted));
    double before = 0;
    for (std::size_t i = 0; i < phases.size(); ++i) {
        EXPECT_EQ(phases[i].name, wanted[i].first);
        EXPECT_DOUBLE_EQ(phases[i].begin, before);
        EXPECT_NEAR(phases[i].end, wanted[i].second, 1e-6);
        before = phases[i].end;
    }
}

TEST(Timeline, ARunThatDidNotComeFarHasFewer) {
    EXPECT_TRUE(Timeline(begin).phases().empty());
    Timeline timeline(begin);
    timeline.machine_started(begin + 5ms);
    timeline.program_ended(begin + 7ms);
    auto phases = timeline.phases();
    ASSERT_EQ(phases.size(), 2u);
    EXPECT_EQ(phases[1].name, "until the end");
}

TEST(Timeline, IsDrawnWithNamesAndTimes) {
    auto svg = timeline_svg({{"a <tool>", Timeline::Who::tool, 0, 5}, {"rest", Timeline::Who::program, 5, 12.5}}, "/bin/x & y");
    EXPECT_NE(svg.find("a &lt;tool&gt;: from 0.000 to 5.000 ms"), std::string::npos);
    EXPECT_NE(svg.find("/bin/x &amp; y: 12.5 ms"), std::string::npos);
    EXPECT_NE(svg.find(">7.5</text>"), std::string::npos);
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
    EXPECT_FALSE(timeline_svg({}, "nothing").empty());
}

}  // namespace
}  // namespace spore::host
