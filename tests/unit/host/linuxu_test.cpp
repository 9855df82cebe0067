// What a run on linuxu is made of: the kernel's settings, passt's options, and what such a run cannot have.
#include <gtest/gtest.h>

#include <algorithm>

#include "host/run/linuxu_command.hpp"
#include "host/run/process_network.hpp"

namespace spore::host {
namespace {

bool has(const std::vector<std::string>& command, std::string_view word) { return std::ranges::find(command, word) != command.end(); }

bool has_pair(const std::vector<std::string>& command, std::string_view option, std::string_view value) {
    auto at = std::ranges::find(command, option);
    while (at != command.end() && at + 1 != command.end() && at[1] != value) at = std::find(at + 1, command.end(), option);
    return at != command.end() && at + 1 != command.end();
}

Outcome<Plan> plan_of(Request request) {
    request.program = "/bin/true";
    request.platform = Platform::linuxu;
    request.kernel = "/dev/null";
    return make_plan(request);
}

TEST(LinuxuCommand, HoldsTheSettings) {
    Plan plan{.memory = 64_MiB, .cpus = 3, .platform = Platform::linuxu, .kernel = "/lib/kernel"};
    plan.network.choice.kind = NetworkKind::none;
    auto command = linuxu_command(plan, RootPlace::memory);
    EXPECT_EQ(command[0], "/lib/kernel");
    EXPECT_TRUE(has(command, "memory=67108864"));
    EXPECT_TRUE(has(command, "cpus=3"));
    EXPECT_TRUE(has(command, "channel=3"));
    EXPECT_FALSE(std::ranges::any_of(command, [](const std::string& word) { return word.starts_with("disk=") || word.starts_with("mac="); }));
    EXPECT_TRUE(has(command, "root=8"));
    EXPECT_TRUE(has(linuxu_command(plan, RootPlace::disk), "disk=8"));
}

TEST(LinuxuCommand, LeadsToTheNetwork) {
    Plan plan{.platform = Platform::linuxu, .kernel = "/lib/kernel"};
    plan.network.mac = {0x52, 0x54, 0, 0, 0, 1};
    plan.network.choice = {NetworkKind::tap, "guest"};
    auto command = linuxu_command(plan, RootPlace::memory);
    EXPECT_TRUE(has(command, "tap=6"));
    EXPECT_TRUE(has(command, fmt::format("mac={}", 0x5254'0000'0001)));
    plan.network.choice = {NetworkKind::user, ""};
    EXPECT_TRUE(has(linuxu_command(plan, RootPlace::memory), "stream=6"));
}

TEST(PasstCommand, GivesTheGuestsAddressesAndPorts) {
    auto network = make_network({.ports = {{"127.0.0.1", 8080, 80, false}, {"", 5353, 53, true}}}, true);
    ASSERT_TRUE(network);
    auto command = passt_command(*network);
    EXPECT_TRUE(has_pair(command, "--fd", "3"));
    EXPECT_TRUE(has_pair(command, "--address", "10.0.2.15"));
    EXPECT_TRUE(has_pair(command, "--netmask", "24"));
    EXPECT_TRUE(has_pair(command, "--gateway", "10.0.2.2"));
    EXPECT_TRUE(has_pair(command, "--tcp-ports", "127.0.0.1/8080:80"));
    EXPECT_TRUE(has_pair(command, "--udp-ports", "5353:53"));
}

TEST(LinuxuPlan, RefusesWhatAProcessCannotHave) {
    EXPECT_TRUE(plan_of({}));
    auto refused = [](Request request, std::string_view option) {
        auto plan = plan_of(std::move(request));
        return !plan && plan.error().message.find(option) != std::string::npos;
    };
    EXPECT_TRUE(refused({.machine = Machine::q35}, "--machine"));
    EXPECT_TRUE(refused({.bus = Bus::pci}, "--bus"));
    EXPECT_TRUE(refused({.accelerator = Accelerator::kvm}, "--accel"));
    EXPECT_TRUE(refused({.mode = abi::Mode::guarded}, "--mode guarded"));
    EXPECT_TRUE(refused({.network = {.nic = Nic::e1000}}, "--nic"));
}

}  // namespace
}  // namespace spore::host
