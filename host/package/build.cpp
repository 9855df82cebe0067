#include "host/package/build.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/defer.hpp"
#include "host/common/ending_signals.hpp"
#include "host/common/text.hpp"
#include "host/run/boot_parts.hpp"

namespace spore::host {

namespace {

constexpr const char* first_date_of_fat = "315532800";  // 1980-01-01

Outcome<void> check_request(const Request& request, const Target& target) {
    for (const auto& volume : request.volumes)
        if (volume.kind == VolumeKind::shared)
            return failure(ExitStatus::bad_root, "-v {}: the machine that an image runs on has no folders of this one: leave :shared away, for a copy", volume.text());
    if (request.core) return failure(ExitStatus::bad_root, "--core: the machine that an image runs on has no folders of this one: give --ulimit core=SIZE, and a volume for them");
    if (request.root_place == RootPlace::disk && !target.disk_root)
        return failure(ExitStatus::bad_root, "--root-in disk: the kernel has no driver for the disks of {}'s machines: leave it away, and give the machine memory for the root",
                       target.name);
    return {};
}

/// How this machine would run the program does not count: the machine that the image is for does. It has one network card unless there is to be
/// no network. What machine that is depends on the program's CPU.
Outcome<Plan> plan_for(Request request, const Target& target) {
    request.platform = Platform::qemu;
    request.terminal = request.debug = false, request.timeout = std::nullopt;
    request.machine = std::nullopt, request.bus = std::nullopt, request.gic = std::nullopt, request.firmware = std::nullopt;
    if (!target.disk_root) request.root_place = RootPlace::memory;
    auto& network = request.network;
    network.ports.clear(), network.capture.reset();
    if (!network.choice || network.choice->kind != NetworkKind::none) network.choice = NetworkChoice{NetworkKind::given, ""};
    auto nic = std::exchange(network.nic, std::nullopt);
    auto disk = std::exchange(request.disk, std::nullopt);

    // The console is a terminal, of whatever kind: this is what Linux says of its own.
    request.environment.insert(request.environment.begin(), "TERM=linux");
    request.architecture = TRY(make_plan(request)).architecture;
    bool arm = request.architecture == Architecture::arm64;
    if (arm && !target.arm64)
        return failure(ExitStatus::wrong_architecture, "there is no {} image for arm64: give --target disk, qcow2 or kubevirt", target.name);
    network.nic = target.nic ? target.nic : nic;
    if (!target.mmio) request.bus = Bus::pci, request.machine = arm ? Machine::virt : Machine::q35;
    auto plan = TRY(make_plan(request));
    plan.standalone = true;
    plan.disk = target.disk ? target.disk : disk;
    plan.hypervisor = target.hypervisor;
    return plan;
}

std::string image_name(const Plan& plan) { return safe_name(fs::path(plan.program).filename().string()); }

std::string start_line(const Target& target, const Package& package, const fs::path& output) {
    auto line = replace_all(std::string(target.start), "{file}", shell_line({output}));
    line = replace_all(line, "{name}", package.name);
    line = replace_all(line, "{memory}", std::to_string(package.plan.memory >> 20));
    return replace_all(line, "{cpus}", std::to_string(package.plan.cpus));
}

u64 size_of(const fs::path& made) {
    std::error_code error;
    if (!fs::is_directory(made, error)) return fs::file_size(made, error);
    u64 total = 0;
    for (const auto& entry : fs::directory_iterator(made, error)) total += entry.file_size(error);
    return total;
}

/// What the target needs of the plan, as files.
Outcome<Package> lay_out(const Plan& plan, const BootParts& parts, const fs::path& scratch) {
    Package package{.plan = plan, .kernel = scratch / "kernel", .bundle = scratch / "bundle", .root = {}, .scratch = scratch, .name = image_name(plan)};
    auto open = [](const FileDescriptor& file) { return fs::path(fmt::format("/proc/self/fd/{}", file.number())); };
    TRY(copy_whole_file(open(parts.kernel), package.kernel));
    TRY(write_bundle(parts, package.bundle));
    if (parts.root_part == RootPart::none) {
        package.root = scratch / "root";
        TRY(copy_whole_file(open(parts.root_image), package.root));
    }
    return package;
}

}  // namespace

Outcome<int> build_image(const Request& request, const BuildOptions& options) {
    const auto& target = options.target;
    TRY(check_request(request, target));
    auto plan = TRY(plan_for(request, target));
    auto parts = TRY(prepare_boot_parts(plan));

    auto output = options.output.empty() ? fs::path(image_name(plan) + std::string(target.suffix)) : options.output;
    EndingSignalsWait signals;
    auto scratch = fs::path(fmt::format("{}.{}.d", output.string(), ::getpid()));
    if (::mkdir(scratch.c_str(), 0700) != 0) return failure(ExitStatus::failed, "cannot create {}: {}", scratch.string(), error_text());
    std::error_code error;
    defer { fs::remove_all(scratch, error); };
    auto package = TRY(lay_out(plan, parts, scratch));
    // The tools date files with this instead of now, so that the same parts make the same image [reproducible-builds.org/specs/source-date-epoch].
    ::setenv("SOURCE_DATE_EPOCH", first_date_of_fat, 0);
    auto made = scratch / "made";
    TRY(target.make(package, made));
    // What is there is replaced when the new one is whole; a folder only when it is empty.
    if (::rename(made.c_str(), output.c_str()) != 0)
        return failure(ExitStatus::failed, "cannot make {}: {}{}", output.string(), error_text(), errno == ENOTEMPTY || errno == EEXIST ? ": remove it, or give another -o" : "");
    fmt::print("{}: {:.1f} MB, for at least {} MiB of memory\n{}\n", output.string(), static_cast<double>(size_of(output)) / 1e6,
               align_up(parts.smallest_memory, 1_MiB) >> 20, start_line(target, package, output));
    return 0;
}

}  // namespace spore::host
