// Which CPU a machine gets, what goes with it, and QEMU's command line for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "host/cli/options.hpp"
#include "host/common/first_line.hpp"
#include "host/plan/architecture.hpp"
#include "host/root/root.hpp"
#include "host/run/qemu_command.hpp"

namespace spore::host {
namespace {

class Folder : public ::testing::Test {
protected:
    Folder() {
        std::string text = ::testing::TempDir() + "spore-architecture-XXXXXX";
        path = ::mkdtemp(text.data());
    }
    ~Folder() override { fs::remove_all(path); }
    void add(const std::string& name, std::string_view content) {
        fs::create_directories((path / name).parent_path());
        std::ofstream(path / name) << content;
        fs::permissions(path / name, fs::perms::owner_all);
    }
    static std::string elf(u16 machine) {
        std::string head(64, '\0');
        head.replace(0, 7, std::string_view("\x7f" "ELF\2\1\1", 7));
        head[18] = static_cast<char>(machine);
        return head;
    }
    Outcome<Plan> plan(Request request) {
        request.kernel = "/dev/null";
        return make_plan(request);
    }
    fs::path path;
};

using ArchitectureOfProgram = Folder;

TEST_F(ArchitectureOfProgram, IsThatOfItsFile) {
    add("arm", elf(183)), add("intel", elf(62)), add("other", elf(243));
    EXPECT_EQ(plan({.program = path / "arm"})->architecture, Architecture::arm64);
    EXPECT_EQ(plan({.program = path / "arm"})->machine, Machine::virt);
    EXPECT_EQ(plan({.program = path / "intel"})->machine, Machine::microvm);
    EXPECT_EQ(plan({.program = path / "other"})->architecture, native_architecture);
}

TEST_F(ArchitectureOfProgram, IsThatOfItsInterpreterInTheRoot) {
    add("root/bin/interpreter", elf(183));
    add("root/script", "#!/bin/link -x\n");
    add("root/through-env", "#!/usr/bin/env -S interpreter --option\n");
    fs::create_symlink("/bin/interpreter", path / "root/bin/link");  // which leads elsewhere on this machine
    for (const char* program : {"/script", "/through-env", "interpreter"}) {
        EXPECT_EQ(plan({.program = program, .root = path / "root"})->architecture, Architecture::arm64) << program;
        EXPECT_EQ(plan({.program = program, .sysroot = path / "root"})->architecture, Architecture::arm64) << program;
    }
}

TEST_F(ArchitectureOfProgram, LoopsOfScriptsEnd) {
    add("root/loop", "#!/loop\n");
    EXPECT_EQ(plan({.program = "/loop", .root = path / "root"})->architecture, native_architecture);
}

TEST_F(ArchitectureOfProgram, SuitsMachineBusAndInterruptController) {
    add("arm", elf(183));
    Request request{.program = path / "arm"};
    EXPECT_EQ(plan(request)->bus, Bus::mmio);
    request.bus = Bus::pci;
    EXPECT_EQ(plan(request)->bus, Bus::pci);
    request.gic = Gic::v2, request.cpus = 9;
    EXPECT_FALSE(plan(request));
    request.gic = Gic::v3;
    EXPECT_TRUE(plan(request));
    request.firmware = Firmware::uefi, request.memory = 64_MiB;
    EXPECT_EQ(plan(request).error().status, ExitStatus::too_little_memory);
    request.firmware = std::nullopt;
    request.machine = Machine::q35;
    EXPECT_FALSE(plan(request));
    EXPECT_FALSE(plan({.program = "/bin/true", .gic = Gic::v3}));
    EXPECT_FALSE(plan({.program = "/bin/true", .firmware = Firmware::none}));
    EXPECT_FALSE(plan({.program = "/bin/true", .bus = Bus::pci}));
    EXPECT_FALSE(plan({.program = "/bin/true", .machine = Machine::q35, .bus = Bus::mmio}));
}

using Sysroot = Folder;

TEST_F(Sysroot, HidesThisMachinesFiles) {
    add("system/usr/bin/tool", elf(183));
    fs::create_symlink("usr/bin", path / "system/bin");
    Root root(Root::Source::host, path / "system");
    EXPECT_EQ(root.provide("/bin/tool"), "/usr/bin/tool");
    EXPECT_EQ(root.find("/usr/bin/tool")->host, path / "system/usr/bin/tool");
    EXPECT_FALSE(root.provide("/bin/sh"));
    auto own = plan({.program = path / "system/usr/bin/tool", .sysroot = path});
    EXPECT_EQ(own->host_program, path / "system/usr/bin/tool");
}

bool has_pair(const std::vector<std::string>& command, std::string_view option, std::string_view value) {
    for (std::size_t i = 0; i + 1 < command.size(); ++i)
        if (command[i] == option && command[i + 1] == value) return true;
    return false;
}

TEST(QemuCommand, OfArm64) {
    Plan plan{.architecture = Architecture::arm64, .machine = Machine::virt};
    auto command = qemu_command(plan, Accelerator::tcg, RootPlace::memory);
    EXPECT_EQ(command[0], "qemu-system-aarch64");
    EXPECT_TRUE(has_pair(command, "-machine", "virt,gic-version=3"));
    EXPECT_TRUE(has_pair(command, "-global", "virtio-mmio.force-legacy=false"));
    EXPECT_TRUE(has_pair(qemu_command(plan, Accelerator::kvm, RootPlace::memory), "-machine", "virt,gic-version=host"));
    EXPECT_TRUE(has_pair(qemu_command(plan, Accelerator::kvm, RootPlace::memory), "-cpu", "host"));
    plan.gic = Gic::v2, plan.bus = Bus::pci;
    command = qemu_command(plan, Accelerator::tcg, RootPlace::disk);
    EXPECT_TRUE(has_pair(command, "-machine", "virt,gic-version=2"));
    EXPECT_TRUE(std::ranges::any_of(command, [](const std::string& word) { return word.starts_with("virtio-blk-pci"); }));
    plan.disk = Disk::nvme;
    EXPECT_TRUE(has_pair(qemu_command(plan, Accelerator::tcg, RootPlace::disk), "-device", "nvme,serial=root,drive=root"));
    plan.disk = Disk::ahci;
    EXPECT_TRUE(has_pair(qemu_command(plan, Accelerator::tcg, RootPlace::disk), "-device", "ide-hd,bus=disks.0,drive=root"));
    EXPECT_FALSE(std::ranges::contains(command, "-bios"));
    plan.firmware = "/firmware.fd";
    EXPECT_TRUE(has_pair(qemu_command(plan, Accelerator::tcg, RootPlace::memory), "-bios", "/proc/self/fd/9"));
}

TEST(CommandLine, NamesTheArchitecture) {
    const char* words[] = {"spore", "run", "--arch", "arm64", "--gic", "2", "--bus", "pci", "--machine", "virt", "--firmware", "uefi", "/bin/app"};
    auto command = parse_command_line(std::size(words), words);
    ASSERT_TRUE(command);
    auto& request = std::get<RunCommand>(*command).request;
    EXPECT_EQ(request.architecture, Architecture::arm64);
    EXPECT_EQ(request.gic, Gic::v2);
    EXPECT_EQ(request.bus, Bus::pci);
    EXPECT_EQ(request.machine, Machine::virt);
    EXPECT_EQ(request.firmware, Firmware::uefi);
    const char* wrong[] = {"spore", "run", "--arch", "sparc", "/bin/app"};
    EXPECT_FALSE(parse_command_line(std::size(wrong), wrong));
}

TEST(FirstLine, IsSplitAsTheKernelDoes) {
    auto line = parse_first_line("#! /bin/sh  -e x \nrest");
    ASSERT_TRUE(line);
    EXPECT_EQ(line->interpreter, "/bin/sh");
    EXPECT_EQ(line->argument, "-e x");
    EXPECT_FALSE(line->name_for_env());
    EXPECT_EQ(parse_first_line("#!/usr/bin/env python3\n")->name_for_env(), "python3");
    EXPECT_EQ(parse_first_line("#!/usr/bin/env -S python3 -u\n")->name_for_env(), "python3");
    EXPECT_FALSE(parse_first_line("\x7f" "ELF"));
}

}  // namespace
}  // namespace spore::host
