// The descriptions that `spore build` writes for others. That they are what the others boot is shown by tests/boot/images.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "host/package/appliance.hpp"
#include "host/package/build.hpp"
#include "host/package/fat.hpp"
#include "host/package/firecracker.hpp"
#include "host/package/xen.hpp"

namespace spore::host {
namespace {

using testing::HasSubstr;
using testing::Not;

class PackageTest : public testing::Test {
protected:
    PackageTest() {
        plan.cpus = 3, plan.memory = 96_MiB;
        plan.network.choice = {NetworkKind::given, ""};
        plan.network.mac = {2, 0, 0, 0, 0, 7};
    }
    Plan plan;
    Package package{.plan = plan, .kernel = "k", .bundle = "b", .root = {}, .scratch = "s", .name = "app"};
};

TEST_F(PackageTest, AnApplianceHasWhatThePlanSays) {
    auto text = appliance_description(package, vmware, "app.vmdk", 123, 456);
    for (auto* part : {"vmx-13", "ovf:href=\"app.vmdk\" ovf:size=\"123\"", "ovf:capacity=\"456\"", "<rasd:VirtualQuantity>3<", "<rasd:VirtualQuantity>96<",
                       "<rasd:ResourceSubType>VmxNet3<", "<rasd:ResourceSubType>vmware.sata.ahci<", "<Network ovf:name=\"network\">"})
        EXPECT_THAT(text, HasSubstr(part));
    plan.network.choice = {NetworkKind::none, ""};
    EXPECT_THAT(appliance_description(package, virtualbox, "app.vmdk", 123, 456), Not(HasSubstr("network")));
}

TEST_F(PackageTest, SettingsOfAnApplianceAreInAlphabeticalOrder) {
    auto text = appliance_description(package, virtualbox, "d", 1, 1);
    for (std::size_t at = 0; (at = text.find("<Item>", at)) != text.npos; ++at) {
        auto item = text.substr(at, text.find("</Item>", at) - at);
        std::string before;
        for (std::size_t name = 0; (name = item.find("<rasd:", name)) != item.npos; ++name) {
            auto one = item.substr(name, item.find('>', name) - name);
            EXPECT_LT(before, one);
            before = one;
        }
    }
}

TEST_F(PackageTest, FirecrackerIsToldOfTheRootOnlyWhereItIsADisk) {
    auto settings = nlohmann::json::parse(firecracker_configuration(package));
    EXPECT_EQ(settings["machine-config"]["mem_size_mib"], 96);
    EXPECT_EQ(settings["machine-config"]["vcpu_count"], 3);
    EXPECT_TRUE(settings["drives"].empty());
    EXPECT_EQ(settings["network-interfaces"][0]["guest_mac"], "02:00:00:00:00:07");
    package.root = "r";
    plan.network.choice = {NetworkKind::none, ""};
    settings = nlohmann::json::parse(firecracker_configuration(package));
    EXPECT_EQ(settings["drives"][0]["path_on_host"], "root.erofs");
    EXPECT_EQ(settings["drives"][0]["is_read_only"], true);
    EXPECT_FALSE(settings.contains("network-interfaces"));
}

std::vector<Volume> some_volumes() {
    return {{"/data", "/copied"}, {.host = {}, .guest = "/db", .kind = VolumeKind::disk, .label = "my/data"}, {.host = "/srv/a \"b\".img", .guest = "/x", .read_only = true, .kind = VolumeKind::disk}};
}

TEST_F(PackageTest, FirecrackerIsToldOfVolumes) {
    plan.volumes = some_volumes();
    package.root = "r";
    auto drives = nlohmann::json::parse(firecracker_configuration(package))["drives"];
    ASSERT_EQ(drives.size(), 3u);
    EXPECT_EQ(drives[1]["path_on_host"], "my-data.img");
    EXPECT_EQ(drives[1]["is_read_only"], false);
    EXPECT_EQ(drives[2]["path_on_host"], "/srv/a \"b\".img");
    EXPECT_EQ(drives[2]["is_read_only"], true);
    std::set<std::string> ids;
    for (auto& drive : drives) EXPECT_TRUE(ids.insert(drive["drive_id"]).second);
}

TEST_F(PackageTest, XenIsToldOfVolumes) {
    plan.volumes = some_volumes();
    EXPECT_THAT(xen_configuration(package), HasSubstr(R"(disk = ["format=raw, vdev=xvda, access=rw, target=my-data.img", "format=raw, vdev=xvdb, access=ro, target=/srv/a \"b\".img"])" "\n"));
    package.root = "r";
    EXPECT_THAT(xen_configuration(package), HasSubstr(R"(target=root.erofs", "format=raw, vdev=xvdb, access=rw, target=my-data.img", )"));
}

TEST_F(PackageTest, XenIsToldOfCardAndDiskWhereThereAreSome) {
    EXPECT_EQ(xen_configuration(package), R"(type = "pvh"
name = "app"
kernel = "kernel"
ramdisk = "bundle"
memory = 96
vcpus = 3
on_crash = "destroy"
vif = ["mac=02:00:00:00:00:07"]
)");
    package.root = "r";
    plan.network.choice = {NetworkKind::none, ""};
    auto text = xen_configuration(package);
    EXPECT_THAT(text, HasSubstr("disk = [\"format=raw, vdev=xvda, access=ro, target=root.erofs\"]"));
    EXPECT_THAT(text, Not(HasSubstr("vif")));
}

TEST(Targets, EachHasANameOfItsOwn) {
    std::set<std::string_view> names;
    for (const auto& target : targets()) {
        EXPECT_TRUE(names.insert(target.name).second) << target.name;
        EXPECT_EQ(find_target(target.name), &target);
        EXPECT_THAT(std::string(target.start), HasSubstr("{file}")) << target.name;
    }
    EXPECT_EQ(find_target("floppy"), nullptr);
}

TEST(NeedTools, NamesThePackagesOfAllThatIsMissing) {
    EXPECT_TRUE(need_tools("it", {{"sh", "dash"}, {"/proc/self/exe", "none"}}));
    auto missing = need_tools("it", {{"sh", "dash"}, {"no-such-tool", "one"}, {"/no/such/file", "two"}, {"no-such-tool-either", "one"}});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().status, ExitStatus::missing_tool);
    EXPECT_THAT(missing.error().message, HasSubstr("apt install one two'"));
}

}  // namespace
}  // namespace spore::host
