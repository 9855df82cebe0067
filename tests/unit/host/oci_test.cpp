// A container engine's configuration, and what machine comes of it.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "host/common/temporary_folder.hpp"
#include "host/oci/cgroup.hpp"
#include "host/oci/namespace_network.hpp"
#include "host/oci/request.hpp"

namespace spore::host::oci {
namespace {

/// A whole configuration: `more` goes before its other keys.
std::string config(std::string_view more = "", std::string_view process = R"("args": ["/bin/app", "-x"])") {
    return fmt::format(R"({{"ociVersion": "1.0.2", "root": {{"path": "rootfs"}}, {}{}"process": {{"cwd": "/", {}}}}})", more, more.empty() ? "" : ", ", process);
}
Spec parsed(std::string_view more = "", std::string_view process = R"("args": ["/bin/app", "-x"])") {
    auto spec = parse_spec(config(more, process), "/bundle");
    EXPECT_TRUE(spec) << spec.error().message;
    return spec.value_or(Spec{});
}
std::string problem(std::string_view more, std::string_view process = R"("args": ["/bin/app"])") {
    auto spec = parse_spec(config(more, process), "/bundle");
    return spec ? "" : spec.error().message;
}
Outcome<Request> request_of(std::string_view more) { return make_request(parsed(more), {}); }

TEST(OciSpec, HasTheProcess) {
    auto spec = parsed("", R"("args": ["/bin/app", "-x"], "env": ["A=1", "damaged", "=2"], "user": {"uid": 7, "gid": 8, "additionalGids": [9]}, "terminal": true,
                              "consoleSize": {"height": 30, "width": 100}, "noNewPrivileges": true,
                              "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 20}, {"type": "RLIMIT_MEMLOCK", "soft": 1, "hard": 1}])");
    EXPECT_EQ(spec.root, "/bundle/rootfs");
    EXPECT_EQ(spec.process.arguments, (std::vector<std::string>{"/bin/app", "-x"}));
    EXPECT_EQ(spec.process.environment, std::vector<std::string>{"A=1"});
    EXPECT_EQ(spec.process.user, (User{7, 8, {9}}));
    EXPECT_TRUE(spec.process.terminal);
    EXPECT_EQ(spec.process.rows, 30);
    EXPECT_EQ(spec.process.columns, 100);
    EXPECT_EQ(spec.process.limits, (std::vector<Limit>{{RLIMIT_NOFILE, 10, 20}}));
    EXPECT_EQ(spec.network, NetworkPlace::host);
    EXPECT_FALSE(spec.holds_pod());
}

TEST(OciSpec, HasOnlyMountsThatTheGuestHasNot) {
    auto spec = parsed(R"("mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}, {"destination": "/dev/shm", "type": "bind", "source": "/shm"},
        {"destination": "/tmp/", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "noexec", "size=65536k", "mode=1755"]}, {"destination": "/data/", "type": "none", "source": "/srv/../data", "options": ["rbind", "ro"]},
        {"destination": "etc/hosts", "type": "bind", "source": "hosts"}, {"destination": "/device", "type": "bind", "source": "/x"}])");
    ASSERT_EQ(spec.mounts.size(), 3u);
    EXPECT_EQ(spec.mounts[0].guest, "/data");
    EXPECT_EQ(spec.mounts[0].host, "/data");
    EXPECT_TRUE(spec.mounts[0].read_only);
    EXPECT_EQ(spec.mounts[1].guest, "/etc/hosts");
    EXPECT_EQ(spec.mounts[1].host, "/bundle/hosts");
    EXPECT_FALSE(spec.mounts[1].read_only);
    EXPECT_EQ(spec.mounts[2].guest, "/device");
    EXPECT_EQ(spec.tmpfs, (std::vector<Tmpfs>{{"/tmp", 64_MiB, 01755}}));
    EXPECT_FALSE(spec.read_only_root);
    EXPECT_NE(problem(R"("mounts": [{"destination": "/a", "type": "tmpfs", "options": ["size=x"]}])").find("mounts[0] is a folder in memory that cannot be: --tmpfs /a"), std::string::npos);
}

TEST(OciSpec, HasNamespacesResourcesAndHooks) {
    auto spec = parsed(R"("linux": {"namespaces": [{"type": "pid"}, {"type": "network", "path": "/run/netns/a"}],
                                    "resources": {"memory": {"limit": 67108864}, "cpu": {"quota": 150000, "period": 100000}}},
                          "hooks": {"createRuntime": [{"path": "/b"}], "prestart": [{"path": "/a", "args": ["a", "-x"], "env": ["K=v"], "timeout": 3}], "poststop": [{"path": "/c"}]})");
    EXPECT_EQ(spec.network, NetworkPlace::given);
    EXPECT_EQ(spec.network_namespace, "/run/netns/a");
    EXPECT_EQ(spec.memory, u64{64_MiB});
    EXPECT_EQ(spec.processors, 1.5);
    ASSERT_EQ(spec.hooks.create_runtime.size(), 2u);
    EXPECT_EQ(spec.hooks.create_runtime[0].arguments, (std::vector<std::string>{"a", "-x"}));
    EXPECT_EQ(spec.hooks.create_runtime[0].timeout, std::chrono::seconds(3));
    EXPECT_EQ(spec.hooks.create_runtime[1].arguments, std::vector<std::string>{"/b"});
    EXPECT_EQ(spec.hooks.poststop.size(), 1u);
    EXPECT_EQ(parsed(R"("linux": {"namespaces": [{"type": "network"}]})").network, NetworkPlace::made);
    EXPECT_EQ(parsed(R"("linux": {"resources": {"cpu": {"quota": 9223372036854775807, "period": 1}}})").processors, 65'536);
    EXPECT_FALSE(parsed(R"("linux": {"resources": {"memory": {"limit": -1}, "cpu": {"quota": -1}}})").memory);
    EXPECT_FALSE(parsed(R"("linux": {"resources": {"memory": {"limit": 0}, "cpu": {"period": 100000}}})").processors);
}

TEST(OciSpec, KnowsWhatHoldsAPod) {
    EXPECT_TRUE(parsed("", R"("args": ["/pause"])").holds_pod());
    EXPECT_TRUE(parsed("", R"("args": ["/catatonit", "-P"])").holds_pod());
    EXPECT_FALSE(parsed("", R"("args": ["/catatonit", "--", "app"])").holds_pod());
    EXPECT_TRUE(parsed(R"("annotations": {"io.kubernetes.cri.container-type": "sandbox"})").holds_pod());
    EXPECT_FALSE(parsed(R"("annotations": {"io.kubernetes.cri.container-type": "container"})").holds_pod());
}

TEST(OciSpec, NamesWhatIsWrong) {
    EXPECT_EQ(parse_spec("[]", "/").error().message, "config.json is no JSON object: it is the container engine's to write");
    EXPECT_EQ(parse_spec("{", "/").error().status, ExitStatus::bad_configuration);
    EXPECT_EQ(problem("", R"("args": [])"), "the container's process.args must name a program");
    EXPECT_EQ(problem("", R"("args": ["a", 1])"), "the container's process.args[1] must be a string");
    EXPECT_EQ(problem("", R"("args": ["a\u0000b"])"), "the container's process.args[0] may not contain a zero character");
    EXPECT_EQ(problem("", R"("args": ["a"], "user": {"uid": -1})"), "the container's process.user.uid must be a number from 0 to 4294967294");
    EXPECT_EQ(problem("", R"("args": ["a"], "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 2, "hard": 1}])"), "the container's process.rlimits[0] has a soft limit above its hard one");
    EXPECT_EQ(problem(R"("mounts": [{"type": "bind", "destination": "/", "source": "/x"}])"), "the container's mounts[0].destination is the root: give the container another root");
    EXPECT_NE(problem(R"("hooks": {"startContainer": [{"path": "/a"}]})").find("leave these hooks away"), std::string::npos);
    EXPECT_NE(problem(R"("linux": {"namespaces": [{"type": "user"}]})").find("--userns"), std::string::npos);
    EXPECT_EQ(parse_spec(R"({"ociVersion": "2.0", "process": {"args": ["a"], "cwd": "/"}})", "/").error().message,
              "the container's ociVersion is '2.0', and this runtime knows versions 1.x");
    EXPECT_EQ(parse_process(R"({"args": ["a"], "cwd": "x"})").error().message, "the container's process.cwd must be an absolute path");
}

TEST(OciRequest, IsAMachineForIt) {
    auto spec = parsed(R"("hostname": "name", "annotations": {"org.opencontainers.image.stopSignal": "3", "other": "x"},
                          "linux": {"resources": {"memory": {"limit": 67108864}, "cpu": {"quota": 150000, "period": 100000}}})");
    auto request = make_request(spec, {.choice = NetworkChoice{.kind = NetworkKind::tap, .name = "spore0"}});
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->program, "/bin/app");
    EXPECT_EQ(request->arguments, std::vector<std::string>{"-x"});
    EXPECT_EQ(request->memory, u64{64_MiB});
    EXPECT_EQ(request->cpus, 2u);
    EXPECT_EQ(request->stop_signal, 3u);
    EXPECT_EQ(request->network.host_name, "name");
    EXPECT_EQ(request->network.choice->kind, NetworkKind::tap);
    EXPECT_EQ(request_of("\"hostname\": \"\"")->memory, memory_without_limit);
}

TEST(OciRequest, HearsAnnotations) {
    auto request = request_of(R"("annotations": {"spore.memory": "96M", "spore.cpus": "3", "spore.mode": "guarded", "spore.tailor": "true", "spore.keep": "[\"disk\"]"})");
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->memory, u64{96_MiB});
    EXPECT_EQ(request->cpus, 3u);
    EXPECT_EQ(request->mode, abi::Mode::guarded);
    EXPECT_TRUE(request->tailored);
    EXPECT_EQ(request->kept, std::vector<std::string>{"disk"});
    auto problem = [](const std::string& annotation) { return request_of(fmt::format(R"("annotations": {{{}}})", annotation)).error().message; };
    EXPECT_TRUE(problem(R"("spore.on": "linuxu")").starts_with("annotation spore.on: a container's machine takes spore. and one of accelerator, "));
    EXPECT_TRUE(problem(R"("spore.cpus": "many")").starts_with("annotation spore.cpus:1: cpus must be"));
    EXPECT_TRUE(problem(R"("spore.memory": "1M\nprogram = \"x\"")").starts_with("annotation spore.memory:1: memory"));
}

TEST(OciRequest, SharesFoldersAndCopiesFiles) {
    auto folder = TemporaryFolder::create("oci");
    ASSERT_TRUE(folder);
    auto path = folder->path().string();
    for (int i = 0; i < 6; ++i) fs::create_directory(folder->path() / fmt::format("d{}", i));
    ASSERT_TRUE(write_file(folder->path() / "file", "text"));
    std::string mounts;
    for (int i = 0; i < 6; ++i) mounts += fmt::format(R"({{"type": "bind", "destination": "/d{0}", "source": "{1}/d{0}", "options": ["{2}"]}}, )", i, path, i == 1 || i > 3 ? "ro" : "rw");
    auto request = request_of(fmt::format(R"("mounts": [{}{{"type": "bind", "destination": "/file", "source": "{}/file"}}])", mounts, path));
    ASSERT_TRUE(request) << request.error().message;
    std::string kinds;
    for (const auto& volume : request->volumes) kinds += volume.kind == VolumeKind::shared ? 's' : 'c';
    EXPECT_EQ(kinds, "scsscsc");  // four shared at most: of the read-only ones the first two are copied
    auto none = request_of(R"("mounts": [{"type": "bind", "destination": "/x", "source": "/none/there"}])");
    EXPECT_EQ(none.error().message, "the mount at /x: /none/there is not there");
    auto device = request_of(R"("mounts": [{"type": "bind", "destination": "/x", "source": "/dev/null"}])");
    EXPECT_NE(device.error().message.find("leave this mount away"), std::string::npos);
}

TEST(OciCgroup, IsInEachHierarchy) {
    constexpr auto mounts = "29 1 0:1 / /sys rw shared:1 - sysfs sysfs rw\n30 29 0:26 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu\n"
                            "31 29 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n32 29 0:28 /part /mnt rw - cgroup2 cgroup2 rw\ndamaged\n";
    EXPECT_EQ(cgroup_folders("/docker/one", mounts), (std::vector<fs::path>{"/sys/fs/cgroup/cpu/docker/one", "/sys/fs/cgroup/unified/docker/one"}));
    EXPECT_EQ(cgroup_folders("docker/../../one", mounts)[0], "/sys/fs/cgroup/cpu/one");
    for (const char* none : {"", "/", "..", "system.slice:docker:one"}) EXPECT_TRUE(cgroup_folders(none, mounts).empty()) << none;
    EXPECT_EQ(parsed(R"("linux": {"cgroupsPath": "/a/b", "resources": {"cpu": {"shares": 512}}})").cpu_shares, 512u);
}

TEST(OciNetwork, ReadsInterfaces) {
    auto interfaces = parse_interfaces(R"([{"ifname": "lo", "link_type": "loopback", "addr_info": [{"local": "127.0.0.1", "prefixlen": 8, "scope": "host"}]},
        {"ifname": "eth0", "mtu": 1400, "address": "52:37:cb:0c:66:d9", "link_type": "ether", "addr_info": [{"local": "10.88.0.2", "prefixlen": 16, "scope": "global"},
         {"local": "fd00::2", "prefixlen": 64, "scope": "global"}, {"local": "fe80::1", "prefixlen": 64, "scope": "link"}]},
        {"ifname": "eth1", "address": "52:37:cb:0c:66:da", "addr_info": []}, {"ifname": "spore0", "addr_info": [{"local": "10.0.0.1", "prefixlen": 8, "scope": "global"}]}])");
    ASSERT_TRUE(interfaces) << interfaces.error().message;
    ASSERT_EQ(interfaces->size(), 1u);
    const auto& interface = interfaces->front();
    EXPECT_EQ(interface.name, "eth0");
    EXPECT_EQ(interface.mtu, 1400u);
    EXPECT_EQ(text_of(interface.mac), "52:37:cb:0c:66:d9");
    ASSERT_EQ(interface.addresses.size(), 2u);
    EXPECT_EQ(interface.addresses[0].text(), "10.88.0.2/16");
    EXPECT_EQ(interface.addresses[1].text(), "fd00::2/64");
    EXPECT_FALSE(parse_interfaces("{}"));
    EXPECT_FALSE(parse_interfaces(R"([{"ifname": "eth0", "address": "none", "addr_info": [{"local": "10.88.0.2", "prefixlen": 16, "scope": "global"}]}])"));
    for (const char* damaged : {R"([{"ifname": 3}])", R"([{"addr_info": 4}])", R"([{"addr_info": [{"scope": 6}]}])", "[{\"mtu\": -1}]", "{", ""}) EXPECT_FALSE(parse_interfaces(damaged)) << damaged;
    EXPECT_TRUE(parse_interfaces("[1, [], {}]")->empty());
}

TEST(OciNetwork, ReadsGateways) {
    constexpr auto routes = R"([{"dst": "default", "gateway": "10.0.0.1", "dev": "eth1"}, {"dst": "default", "gateway": "10.88.0.1", "dev": "eth0"}])";
    EXPECT_EQ(parse_gateway(routes, "eth0").value()->text(), "10.88.0.1");
    EXPECT_FALSE(parse_gateway(routes, "eth2").value());
    EXPECT_FALSE(parse_gateway("", "eth0").value());
    EXPECT_FALSE(parse_gateway(R"([{"dev": "eth0", "gateway": "x"}, 3])", "eth0"));
}

}  // namespace
}  // namespace spore::host::oci
