// What a run on linuxu is made of: the kernel's settings, passt's options, the servers of shared folders, and what such a run cannot have.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "host/common/temporary_folder.hpp"
#include "host/run/linuxu_command.hpp"
#include "host/run/process_network.hpp"
#include "host/run/share_server.hpp"
#include "wire/ninep.hpp"

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

TEST(LinuxuCommand, LeadsToSharedFolders) {
    Plan plan{.platform = Platform::linuxu, .kernel = "/lib/kernel"};
    plan.volumes = {{"/tmp", "/a", false, VolumeKind::shared}, {"/tmp", "/copied"}, {"/tmp", "/b", true, VolumeKind::shared}};
    auto command = linuxu_command(plan, RootPlace::memory);
    auto first = std::ranges::find(command, "share=12");
    ASSERT_NE(first, command.end());
    auto user = fmt::format("share-user={}", ::geteuid());  // /tmp is root's: for root the same
    EXPECT_EQ(std::vector(first, command.end()), (std::vector<std::string>{"share=12", user, "share=13", user}));
}

/// Asks a real server. Skipped where there is none.
class ShareServerTest : public testing::Test {
protected:
    void SetUp() override {
        if (!find_program("diod") || !find_program("bwrap")) GTEST_SKIP() << "needs diod and bubblewrap";
        fs::create_directory(folder.path() / "shared");
        fs::create_directory_symlink("/", folder.path() / "shared/out");
        fs::create_directory_symlink("..", folder.path() / "shared/up");
    }
    Outcome<void> start(bool read_only = false) {
        server = TRY(start_share_server(volume(read_only)));
        ask(wire::ninep::Type::attach, [&](auto& out) {
            out.number(u32{0}).number(wire::ninep::no_fid).text("").text("/share").number(share_user(volume(read_only)));
        });
        return {};
    }
    Volume volume(bool read_only) { return {folder.path() / "shared", "/data", read_only, VolumeKind::shared}; }
    Result<wire::ninep::Reader> ask(wire::ninep::Type type, auto&& fields) {
        wire::ninep::Writer out(buffer, type, 1);
        fields(out);
        auto request = *out.finish();
        EXPECT_EQ(::send(server.link.number(), request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
        auto size = ::recv(server.link.number(), buffer.data(), buffer.size(), 0);
        return wire::ninep::Reader::reply(ByteSpan(buffer).first(static_cast<std::size_t>(std::max(size, ssize_t{0}))), type, 1);
    }
    /// How many of the names lead somewhere, from the folder on.
    u16 walk(std::initializer_list<std::string_view> names) {
        static u32 next = 1;
        auto reply = ask(wire::ninep::Type::walk, [&](auto& out) {
            out.number(u32{0}).number(next++).number(static_cast<u16>(names.size()));
            for (auto name : names) out.text(name);
        });
        return reply ? reply->template number<u16>() : u16{0};
    }

    TemporaryFolder folder = *TemporaryFolder::create("test");
    ShareServer server;
    std::array<std::byte, 8192> buffer{};
};

TEST_F(ShareServerTest, SeesNothingButItsFolder) {
    ASSERT_TRUE(start());
    EXPECT_EQ(walk({"up"}), 1u);
    for (auto* name : {"home", "root", "tmp", "proc", "dev", "sys", "var", "run", "boot"}) {
        EXPECT_LT(walk({"..", name}), 2u) << name;
        EXPECT_LT(walk({"out", name}), 2u) << name;
        EXPECT_LT(walk({"up", name}), 2u) << name;
    }
    EXPECT_LT(walk({"..", "etc", "passwd"}), 3u);
    EXPECT_LT(walk({"..", "usr", "bin", "env"}), 4u);
}

TEST_F(ShareServerTest, ChangesNothingInAFolderToLookAt) {
    ASSERT_TRUE(start(true));
    auto made = ask(wire::ninep::Type::make_directory, [](auto& out) { out.number(u32{0}).text("new").number(u32{0755}).number(u32{0}); });
    EXPECT_EQ(made.error(), Error::read_only);
    ASSERT_TRUE(start());
    EXPECT_TRUE(ask(wire::ninep::Type::make_directory, [](auto& out) { out.number(u32{0}).text("new").number(u32{0755}).number(u32{0}); }));
    EXPECT_TRUE(fs::exists(folder.path() / "shared/new"));
}

TEST_F(ShareServerTest, SaysWhyItCannotStart) {
    Volume missing{folder.path() / "nothing", "/data", false, VolumeKind::shared};
    auto started = start_share_server(missing);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().status, ExitStatus::bad_root);
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
