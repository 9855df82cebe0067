#include "host/plan/config.hpp"

#include <gtest/gtest.h>

namespace spore::host {
namespace {

std::string problem(std::string_view text) {
    auto request = parse_config(text, "/project/spore.toml");
    return request ? "" : request.error().message;
}

TEST(Config, ReadsEveryKey) {
    auto request = parse_config(R"(
program = "./app"
arguments = ["a", "b c"]
directory = "/srv"
memory = "64M"
cpus = 2
machine = "q35"
accelerator = "tcg"
mode = "guarded"
log = "warn"
timeout = 1.5
root = "rootfs"
volumes = ["/:/data:ro"]
user = "1000:100"
limits = ["nofile=1024:4096", "core=unlimited"]
core = "crashes"
restart = "on-failure:3"
read-only = true
tmpfs = ["/tmp", "/run:size=8m,mode=755"]
[environment]
KEY = "value"
)", "/project/spore.toml");
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->program, "/project/app");
    EXPECT_EQ(request->arguments, (std::vector<std::string>{"a", "b c"}));
    EXPECT_EQ(request->directory, "/srv");
    EXPECT_EQ(request->memory, 64_MiB);
    EXPECT_EQ(request->cpus, 2u);
    EXPECT_EQ(request->machine, Machine::q35);
    EXPECT_EQ(request->accelerator, Accelerator::tcg);
    EXPECT_EQ(request->mode, abi::Mode::guarded);
    EXPECT_EQ(request->log_level, abi::LogLevel::warn);
    EXPECT_EQ(request->timeout, std::chrono::milliseconds(1500));
    EXPECT_EQ(request->root, "/project/rootfs");
    EXPECT_EQ(request->user, UserChoice(User{1000, 100}));
    EXPECT_EQ(request->limits, (std::vector<Limit>{{7, 1024, 4096}, {4, ~u64{0}, ~u64{0}}}));
    EXPECT_EQ(request->core, "/project/crashes");
    EXPECT_EQ(request->restart, (Restart{Restart::When::on_failure, 3}));
    EXPECT_EQ(request->volumes, (std::vector<Volume>{{"/", "/data", true}}));
    EXPECT_TRUE(request->read_only_root);
    EXPECT_EQ(request->tmpfs, (std::vector<Tmpfs>{{"/tmp"}, {"/run", 8_MiB, 0755}}));
    EXPECT_EQ(request->environment, std::vector<std::string>{"KEY=value"});
}

TEST(Config, ErrorsNameLineAndKey) {
    EXPECT_EQ(problem("program = \"a\"\nmemry = \"64M\""), "/project/spore.toml:2: there is no key 'memry'; did you mean 'memory'?");
    EXPECT_NE(problem("env = {}").find("did you mean 'environment'?"), std::string::npos);
    EXPECT_NE(problem("args = []").find("did you mean 'arguments'?"), std::string::npos);
    EXPECT_NE(problem("qqqqqqqqqq = 1").find("known are program"), std::string::npos);
    EXPECT_NE(problem("\n\nmemory = 64").find(":3: memory must be"), std::string::npos);
    EXPECT_NE(problem("cpus = 0").find("from 1 to 64"), std::string::npos);
    EXPECT_NE(problem("machine = \"toaster\"").find("microvm, q35, pc"), std::string::npos);
    EXPECT_NE(problem("timeout = true").find("seconds"), std::string::npos);
    EXPECT_NE(problem("arguments = [\"a\", 1]").find("arguments must be a string"), std::string::npos);
    EXPECT_NE(problem("[environment]\nA = 1").find(":2: environment.A"), std::string::npos);
    EXPECT_NE(problem("program = ").find("/project/spore.toml:1:"), std::string::npos);
    EXPECT_NE(problem("keep = [\"nope\"]").find("/project/spore.toml:1: keep: 'nope' is no part"), std::string::npos);
}

TEST(Values, Sizes) {
    EXPECT_EQ(parse_size("64M"), 64_MiB);
    EXPECT_EQ(parse_size("2GiB"), 2_GiB);
    EXPECT_EQ(parse_size("512k"), 512_KiB);
    EXPECT_EQ(parse_size("100"), 100u);
    for (const char* text : {"", "M", "-1", "1.5M", "64X", "99999999999999999999", "99999999999T"}) EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(Values, Seconds) {
    EXPECT_EQ(parse_seconds("2"), std::chrono::seconds(2));
    EXPECT_EQ(parse_seconds("0.5s"), std::chrono::milliseconds(500));
    for (const char* text : {"", "0", "-1", "nan", "inf", "soon", "1x"}) EXPECT_EQ(parse_seconds(text), std::nullopt) << text;
}

TEST(Values, Volumes) {
    EXPECT_EQ(*parse_user("7"), UserChoice(User{7, 7}));
    for (const char* text : {"www-data", "a:b", "1:b", "a:1"}) EXPECT_EQ(*parse_user(text), UserChoice(std::string(text)));
    for (const char* text : {"", ":", "1:", ":1", "a:", ":b", "a b", "-1", "4294967295", "1:2:3", "1 "}) EXPECT_FALSE(parse_user(text)) << text;
    EXPECT_EQ(text_of(*parse_limit("stack=65536:unlimited")), "stack=65536:unlimited");
    for (const char* text : {"", "nofile", "nofile=", "nofile=x", "nofile=2:1", "nofile=1:", "files=1", "=1"}) EXPECT_FALSE(parse_limit(text)) << text;
    auto volume = parse_volume("/tmp:/data:ro", "/");
    ASSERT_TRUE(volume);
    EXPECT_EQ(volume->guest, "/data");
    EXPECT_TRUE(volume->read_only);
    EXPECT_EQ(volume->kind, VolumeKind::copy);
    for (const char* text : {"/tmp:/data:shared:ro", "/tmp:/data:ro:shared"}) {
        auto shared = parse_volume(text, "/");
        ASSERT_TRUE(shared) << text;
        EXPECT_EQ(*shared, (Volume{"/tmp", "/data", true, VolumeKind::shared}));
    }
    for (const char* text : {"", ":", "/tmp", "/etc/passwd:/data:shared", "/tmp:relative", ":/data", "/no/such/thing:/data", "/tmp:/a:b"}) EXPECT_FALSE(parse_volume(text, "/")) << text;
}

TEST(Request, UpperLayersWin) {
    Request lower{.program = "a", .arguments = {"1"}, .memory = 1_MiB, .cpus = 2}, upper{.arguments = {"2"}, .memory = 2_MiB};
    lower.merge(upper);
    EXPECT_EQ(lower.program, "a");
    EXPECT_EQ(lower.memory, 2_MiB);
    EXPECT_EQ(lower.cpus, 2u);
    EXPECT_EQ(lower.arguments, (std::vector<std::string>{"1", "2"}));
}

}  // namespace
}  // namespace spore::host
