#include "host/plan/origin.hpp"

#include <gtest/gtest.h>

#include "host/common/temporary_folder.hpp"

namespace spore::host {
namespace {

TEST(Origin, ChangesWithWhatTheMachineIs) {
    auto folder = TemporaryFolder::create("origin");
    ASSERT_TRUE(folder);
    auto file = folder->path() / "file";
    ASSERT_TRUE(write_file(file, "first"));
    Plan plan{.host_program = file, .program = "/app", .arguments = {"app"}, .environment = {"A=1"}, .volumes = {{.host = file, .guest = "/file"}}};
    plan.network.choice.kind = NetworkKind::lan;
    plan.network.mac = {1, 2, 3, 4, 5, 6};
    auto before = origin_of(plan, {});
    plan.network.mac = {6, 5, 4, 3, 2, 1};
    EXPECT_EQ(origin_of(plan, {}), before);
    EXPECT_NE(origin_of(plan, {Restart::When::always}), before);
    EXPECT_NE(origin_of(plan, {Restart::When::on_failure, 2}), origin_of(plan, {Restart::When::on_failure, 3}));
    auto changed = [&](auto change) {
        auto other = plan;
        change(other);
        return origin_of(other, {}) != before;
    };
    EXPECT_TRUE(changed([](Plan& other) { other.memory += 1_MiB; }));
    EXPECT_TRUE(changed([](Plan& other) { other.environment = {"A=2"}; }));
    EXPECT_TRUE(changed([](Plan& other) { other.arguments.push_back(""); }));
    plan.arguments = {"app", "a", "b"};
    EXPECT_NE(origin_of(plan, {}), before);
    before = origin_of(plan, {});
    EXPECT_TRUE(changed([](Plan& other) { other.arguments = {"app", "a b"}; }));
    EXPECT_TRUE(changed([](Plan& other) { other.user.groups = {7}; }));
    EXPECT_TRUE(changed([](Plan& other) { other.tmpfs = {{"/tmp"}}; }));
    EXPECT_TRUE(changed([](Plan& other) { other.read_only_root = true; }));
    EXPECT_TRUE(changed([](Plan& other) { other.volumes[0].read_only = true; }));
    ASSERT_TRUE(write_file(file, "second"));
    EXPECT_NE(origin_of(plan, {}), before);
}

}  // namespace
}  // namespace spore::host
