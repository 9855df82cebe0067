#include "host/common/signals.hpp"

#include <gtest/gtest.h>
#include <signal.h>

namespace spore::host {
namespace {

TEST(Signals, AreKnownByNameAndNumber) {
    EXPECT_EQ(parse_signal("TERM"), 15);
    EXPECT_EQ(parse_signal("SIGHUP"), 1);
    EXPECT_EQ(parse_signal("9"), 9);
    EXPECT_EQ(parse_signal("sigquit"), 3);
    EXPECT_EQ(parse_signal("SIGRTMIN+3"), SIGRTMIN + 3);
    EXPECT_EQ(parse_signal("RTMAX"), 64);
    EXPECT_EQ(parse_signal("RTMAX-64"), std::nullopt);
    for (auto text : {"", "0", "99", "TERMX", "-1", "9x", "SIG", "RTMIN-1", "RTMIN+", "RTMIN+x", "RTMIN+-1", "RTMIN+31", "+"}) EXPECT_FALSE(parse_signal(text)) << text;
}

}  // namespace
}  // namespace spore::host
