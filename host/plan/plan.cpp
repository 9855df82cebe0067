#include "host/plan/plan.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <map>

#include "host/common/beside_tool.hpp"
#include "host/common/signals.hpp"
#include "host/plan/architecture.hpp"
#include "host/plan/user.hpp"

namespace spore::host {

namespace {

constexpr const char* default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr unsigned most_cpus = 64;
constexpr u64 smallest_memory_of_firmware = 128_MiB;

}  // namespace

std::string terminal_type() {
    const char* terminal = std::getenv("TERM");
    return fmt::format("TERM={}", terminal && *terminal ? terminal : "linux");
}

std::vector<std::string> join_environment(const std::vector<std::string>& lines) {
    std::vector<std::string> joined;
    std::map<std::string, std::size_t, std::less<>> places;
    for (const auto& line : lines) {
        auto key = line.substr(0, line.find('='));
        if (auto [place, fresh] = places.try_emplace(key, joined.size()); fresh) joined.push_back(line);
        else joined[place->second] = line;
    }
    return joined;
}

namespace {

Outcome<fs::path> find_kernel(const Plan& plan) {
    auto name = fmt::format("spore-{}", kernel_name(plan));
    if (auto found = find_beside_tool({"../kernel/" + name, "../lib/spore/" + name}, R_OK)) return *found;
    return failure(ExitStatus::missing_tool, "the kernel image {} is missing beside the tool's folder, {}: build it, or name it with --kernel", name, tool_folder().string());
}

/// UEFI firmware for virt, where packages put it.
Outcome<fs::path> find_firmware() {
    for (const char* candidate : {"/usr/share/qemu-efi-aarch64/QEMU_EFI.fd", "/usr/share/edk2/aarch64/QEMU_EFI.fd"})
        if (::access(candidate, R_OK) == 0) return candidate;
    return failure(ExitStatus::missing_tool, "--firmware uefi: there is no firmware for arm64: install it with 'apt install qemu-efi-aarch64'");
}

/// A process has this machine's CPU and one privilege level, and none of what a virtual machine is put together from.
Outcome<void> check_process(const Plan& plan, const Request& request) {
    auto refuse = [](std::string_view option, std::string_view why) {
        return failure(ExitStatus::failed, "--on linuxu and {} exclude each other: {}", option, why);
    };
    if (plan.architecture != native_architecture) return refuse("a program for another CPU", "leave --on away, and it is emulated");
    if (request.machine) return refuse("--machine", "a process is no machine of QEMU's");
    if (request.bus) return refuse("--bus", "a process has none");
    if (request.gic) return refuse("--gic", "a process has none");
    if (request.firmware) return refuse("--firmware", "a process has none");
    if (request.disk.value_or(Disk::virtio) != Disk::virtio) return refuse("--disk", "its disk is a file");
    if (request.accelerator) return refuse("--accel", "a process runs on this machine's CPU as it is");
    if (request.network.nic.value_or(Nic::virtio) != Nic::virtio) return refuse("--nic", "its card is the host's interface");
    if (request.network.capture) return refuse("--pcap", "capture at the TAP interface, with tcpdump -i");
    if (request.mode == abi::Mode::guarded) return refuse("--mode guarded", "a process has one privilege level only");
    return {};
}

/// Core files go into a folder of the host's; how large they may be, --ulimit can say.
Outcome<void> add_core_folder(Plan& plan, const Request& request) {
    if (!request.core) return {};
    if (!fs::is_directory(*request.core)) return failure(ExitStatus::bad_root, "--core {}: there is no such folder: make it first", request.core->string());
    plan.cores = *request.core;
    plan.volumes.push_back({.host = plan.cores, .guest = std::string(core_folder), .kind = VolumeKind::shared});
    plan.limits.insert(plan.limits.begin(), TRY(parse_limit("core=unlimited")));
    return {};
}

/// Shared folders and disks need a device each, and hide what is copied below them.
Outcome<void> check_volumes(const Plan& plan) {
    std::size_t count = 0;
    for (const auto& tmpfs : plan.tmpfs)
        for (const auto& volume : plan.volumes)
            if (volume.guest == tmpfs.guest || volume.guest.starts_with(tmpfs.guest + "/"))
                return failure(ExitStatus::bad_root, "--tmpfs {}: it would hide {}, which -v brings: give one of them another place", tmpfs.guest, volume.guest);
    for (const auto& volume : plan.volumes) {
        if (volume.kind == VolumeKind::copy) continue;
        auto name = "-v " + volume.text();
        if (volume.guest == "/") return failure(ExitStatus::bad_root, "{}: the root cannot be a volume: copy a folder there with --root", name);
        if (++count > most_volume_devices)
            return failure(ExitStatus::bad_root, "{}: there is no room for more than {} shared folders and disks: put several folders into one", name, most_volume_devices);
        for (const auto& other : plan.volumes)
            if (&other != &volume && (other.guest == volume.guest || other.guest.starts_with(volume.guest + "/")))
                return failure(ExitStatus::bad_root, "{}: {} lies in it: give it another place in the guest", name, other.guest);
        if (volume.kind != VolumeKind::disk || !volume.label.empty()) continue;
        for (const auto& other : plan.volumes)
            if (&other != &volume && other.kind == VolumeKind::disk && other.label.empty() && other.uuid == volume.uuid)
                return failure(ExitStatus::bad_root, "{}: it has the same UUID as {}: give one of them another with 'tune2fs -U random FILE'", name, other.host.string());
    }
    return {};
}

/// The CPU's kind and the machine around it, which must suit each other.
Outcome<void> choose_machine(Plan& plan, const Request& request) {
    plan.platform = request.platform.value_or(Platform::qemu);
    if (plan.platform == Platform::linuxu) return check_process(plan, request);
    bool arm = plan.architecture == Architecture::arm64;
    plan.machine = request.machine.value_or(arm ? Machine::virt : Machine::microvm);
    if ((plan.machine == Machine::virt) != arm)
        return failure(ExitStatus::failed, "--machine {} has no {} CPU, which this program is for: {}", name_of(plan.machine),
                       facts_of(plan.architecture).title, arm ? "leave it away, or give virt" : "give microvm, q35 or pc");
    bool pci_only = plan.machine == Machine::q35 || plan.machine == Machine::pc;
    plan.bus = request.bus.value_or(pci_only ? Bus::pci : Bus::mmio);
    if (plan.bus == Bus::mmio && pci_only) return failure(ExitStatus::failed, "--bus mmio: {} has PCI only: add --machine microvm", name_of(plan.machine));
    if (plan.bus == Bus::pci && plan.machine == Machine::microvm) return failure(ExitStatus::failed, "--bus pci: microvm has none: add --machine q35");
    plan.disk = request.disk.value_or(Disk::virtio);
    if (plan.disk != Disk::virtio && plan.machine == Machine::microvm) return failure(ExitStatus::failed, "--disk {} needs a PCI bus: add --machine q35", name_of(*plan.disk));
    plan.gic = request.gic;
    if (plan.gic && !arm) return failure(ExitStatus::failed, "--gic is for arm64's virt alone: leave it away");
    constexpr unsigned most_cpus_of_gic2 = 8;
    if (plan.gic == Gic::v2 && plan.cpus > most_cpus_of_gic2)
        return failure(ExitStatus::failed, "--gic 2 serves at most {} processors: give --gic 3, or fewer with --cpus", most_cpus_of_gic2);
    if (request.firmware && !arm) return failure(ExitStatus::failed, "--firmware is for arm64's virt alone: leave it away");
    if (request.firmware != Firmware::uefi) return {};
    if (plan.memory < smallest_memory_of_firmware)
        return failure(ExitStatus::too_little_memory, "--firmware uefi: {} MiB of memory are too little for it: give at least -m {}M", plan.memory >> 20,
                       smallest_memory_of_firmware >> 20);
    plan.firmware = TRY(find_firmware());
    return {};
}

/// The path below the sysroot of a program that is named by it, or by a name in the guest's $PATH.
std::optional<std::string> find_in_sysroot(const fs::path& sysroot, const std::string& name) {
    bool by_name = name.find('/') == std::string::npos;
    if (!by_name && !name.starts_with('/')) return std::nullopt;
    for (std::string_view rest = by_name ? default_path : ":"; !rest.empty();) {
        auto folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
        auto candidate = by_name ? fmt::format("{}/{}", folder, name) : fs::path(name).lexically_normal().string();
        if (open_inside(sysroot, candidate, O_PATH)) return candidate;
    }
    return std::nullopt;
}

/// Finds the program on the host and says under which path the guest will have it.
Outcome<void> locate_program(Plan& plan, const std::string& name) {
    if (name.empty()) return failure(ExitStatus::not_found, "no program is named: spore run PROGRAM [ARGUMENTS…]");
    if (plan.root) {
        // Inside a root of the user's own, names are the guest's; what $PATH means there is known only when it is read.
        plan.program = name.find('/') == std::string::npos ? name : ("/" / fs::path(name)).lexically_normal().string();
        return {};
    }
    if (plan.sysroot) {
        if (auto inside = find_in_sysroot(*plan.sysroot, name)) {
            plan.program = *inside;
            return {};
        }
        // It may be a file of this machine, given with its path.
        if (name.find('/') == std::string::npos)
            return failure(ExitStatus::not_found, "there is no program '{}' in {}: give its path", name, plan.sysroot->string());
    }
    fs::path found = name;
    if (name.find('/') == std::string::npos) {
        const char* path = std::getenv("PATH");
        auto in_path = find_in_path(name, path && *path ? path : default_path);
        if (!in_path) {
            std::error_code ignored;
            if (fs::is_directory(name, ignored))
                return failure(ExitStatus::not_found, "there is no program '{}' in $PATH, and the folder of that name has no spore.toml: write one, or name a program", name);
            if (::access(name.c_str(), F_OK) == 0)
                return failure(ExitStatus::not_found, "there is no program '{}' in $PATH; for the file in this folder say ./{}", name, name);
            return failure(ExitStatus::not_found, "there is no program '{}' in $PATH: install it, or give its path", name);
        }
        found = *in_path;
    }
    std::error_code error;
    plan.host_program = fs::absolute(found, error).lexically_normal();
    if (error) return failure(ExitStatus::not_found, "cannot tell where {} is, for the current folder is gone ({}): change to another, or give a path from /", name, error.message());
    struct stat status{};
    if (::stat(plan.host_program.c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return failure(ExitStatus::not_found, "there is no file {}: check the path", plan.host_program.string());
        return failure(ExitStatus::not_executable, "cannot look at {}: {}", plan.host_program.string(), error_text());
    }
    if (!S_ISREG(status.st_mode))
        return failure(ExitStatus::not_executable, "{} is not a file that can be run", plan.host_program.string());
    if ((status.st_mode & 0111) == 0)
        return failure(ExitStatus::not_executable, "{} is not executable: chmod +x {}", plan.host_program.string(), plan.host_program.string());
    plan.program = plan.host_program;
    return {};
}

/// A name for a machine that others are to find, and that was given none.
std::string host_name_after(const std::string& program) {
    auto name = fs::path(program).filename().string();
    std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)) && c != '-'; });
    while (name.starts_with('-')) name.erase(0, 1);
    return name.empty() ? "spore" : name.substr(0, 40);
}

}  // namespace

std::string_view kernel_name(const Plan& plan) { return plan.platform == Platform::linuxu ? name_of(plan.platform) : facts_of(plan.architecture).name; }

void rename_host(Plan& plan, const std::string& name) {
    for (auto& entry : plan.environment)
        if (entry == "HOSTNAME=" + plan.host_name) entry = "HOSTNAME=" + name;
    plan.host_name = name;
}

Outcome<Plan> make_plan(const Request& request) {
    Plan plan;
    plan.root = request.root;
    plan.root_moves = request.root_moves;
    plan.root_place = request.root_place;
    if (plan.root && !fs::is_directory(*plan.root))
        return failure(ExitStatus::bad_root, "--root {}: there is no such folder", plan.root->string());
    plan.sysroot = request.sysroot;
    if (plan.sysroot && !fs::is_directory(*plan.sysroot))
        return failure(ExitStatus::bad_root, "--sysroot {}: there is no such folder", plan.sysroot->string());
    if (plan.root && plan.sysroot)
        return failure(ExitStatus::bad_root, "--root and --sysroot exclude each other: --root takes a whole folder, --sysroot what the program needs of it");
    auto name = request.program.value_or("");
    TRY(locate_program(plan, name));

    plan.arguments.push_back(name);
    plan.arguments.insert(plan.arguments.end(), request.arguments.begin(), request.arguments.end());
    plan.host_name = request.network.host_name.value_or(request.network.has_neighbours() ? host_name_after(plan.program) : plan.host_name);
    auto [user, home] = TRY(find_user(request.user.value_or(plan.user), plan.root));
    if (home.empty()) home = user.uid == 0 ? "/root" : "/";
    plan.user = user;
    plan.limits = request.limits;
    plan.stop_signal = request.stop_signal.value_or(plan.stop_signal);
    std::vector<std::string> environment{fmt::format("PATH={}", default_path), fmt::format("HOME={}", home), fmt::format("HOSTNAME={}", plan.host_name)};
    if (request.terminal) environment.push_back(terminal_type());
    environment.insert(environment.end(), request.environment.begin(), request.environment.end());
    plan.environment = join_environment(environment);

    plan.directory = request.directory.value_or("/");
    if (!plan.directory.starts_with('/'))
        return failure(ExitStatus::failed, "--workdir {}: give an absolute path in the guest, such as /{}", plan.directory, plan.directory);
    plan.memory = align_up(request.memory.value_or(default_memory), 1_MiB);
    if (plan.memory < smallest_memory)
        return failure(ExitStatus::too_little_memory, "{} MiB of memory are too little: give at least -m {}M", plan.memory >> 20, smallest_memory >> 20);
    plan.cpus = request.cpus.value_or(1);
    if (plan.cpus < 1 || plan.cpus > most_cpus)
        return failure(ExitStatus::failed, "--cpus {}: give a number from 1 to {}", plan.cpus, most_cpus);
    plan.volumes = request.volumes;
    plan.read_only_root = request.read_only_root;
    plan.tmpfs = request.tmpfs;
    TRY(add_core_folder(plan, request));
    plan.architecture = request.architecture.value_or(find_architecture(plan).value_or(native_architecture));
    TRY(choose_machine(plan, request));
    TRY(check_volumes(plan));
    plan.accelerator = request.accelerator.value_or(Accelerator::automatic);
    plan.mode = request.mode.value_or(abi::Mode::fused);
    plan.log_level = request.log_level.value_or(abi::LogLevel::error);
    plan.timeout = request.timeout;
    plan.network = TRY(make_network(request.network, plan.machine != Machine::microvm));
    plan.terminal = request.terminal;
    plan.fixed_addresses = request.debug;
    plan.tailored = request.tailored;
    plan.kept = request.kept;
    if (!plan.kept.empty() && !plan.tailored) return failure(ExitStatus::failed, "--keep {}: only a tailored kernel lacks anything: add --tailor", plan.kept[0]);
    if (plan.tailored && request.kernel) return failure(ExitStatus::failed, "--tailor and --kernel exclude each other: it is Spore's own kernel that is tailored");
    if (request.kernel) {
        plan.kernel = fs::absolute(*request.kernel);
        if (::access(plan.kernel.c_str(), R_OK) != 0)
            return failure(ExitStatus::missing_tool, "--kernel {}: {}", plan.kernel.string(), error_text());
    } else {
        plan.kernel = TRY(find_kernel(plan));
    }
    return plan;
}

std::string describe(const Plan& plan) {
    std::string text;
    auto line = [&](std::string_view key, const std::string& value) { text += fmt::format("{:<12} {}\n", key, value); };
    line("program", plan.program);
    line("arguments", fmt::format("{}", fmt::join(plan.arguments, " ")));
    for (const auto& entry : plan.environment) line("environment", entry);
    line("directory", plan.directory);
    if (plan.user != User{}) line("user", fmt::format("{}:{}{}", plan.user.uid, plan.user.gid, plan.user.groups.empty() ? "" : fmt::format(", groups {}", fmt::join(plan.user.groups, ", "))));
    for (const auto& limit : plan.limits) line("limit", text_of(limit));
    if (!plan.cores.empty()) line("core files", plan.cores.string());
    if (plan.stop_signal != Plan{}.stop_signal) line("stop signal", signal_name(static_cast<int>(plan.stop_signal)));
    line("memory", fmt::format("{} MiB", plan.memory >> 20));
    line("cpus", fmt::format("{}", plan.cpus));
    line("architecture", std::string(facts_of(plan.architecture).name));
    line("on", std::string(name_of(plan.platform)));
    if (plan.platform == Platform::qemu) {
        line("machine", std::string(name_of(plan.machine)));
        line("bus", std::string(name_of(plan.bus)));
        if (!plan.firmware.empty()) line("firmware", plan.firmware.string());
    }
    if (plan.gic) line("gic", std::string(name_of(*plan.gic)));
    if (plan.platform == Platform::qemu) line("accelerator", std::string(name_of(plan.accelerator)));
    line("mode", std::string(name_of(plan.mode)));
    line("log", std::string(name_of(plan.log_level)));
    if (plan.timeout) line("timeout", fmt::format("{} s", static_cast<double>(plan.timeout->count()) / 1000));
    if (plan.root) line("root", plan.root->string());
    if (plan.root_place) line("root in", std::string(name_of(*plan.root_place)));
    if (plan.disk != Disk::virtio) line("disks", std::string(plan.disk ? name_of(*plan.disk) : "of any kind"));
    if (plan.sysroot) line("sysroot", plan.sysroot->string());
    for (const auto& volume : plan.volumes)
        line("volume", volume.text());
    if (plan.read_only_root) line("root is", "read-only");
    for (const auto& tmpfs : plan.tmpfs) line("in memory", tmpfs.size ? fmt::format("{}, {} KiB", tmpfs.guest, tmpfs.size >> 10) : tmpfs.guest);
    line("host name", plan.host_name);
    line("network", text_of(plan.network.choice));
    if (plan.network.present()) {
        line("nic", fmt::format("{}, {}", name_of(plan.network.nic), text_of(plan.network.mac)));
        if (plan.network.mtu) line("mtu", fmt::to_string(plan.network.mtu));
        for (const auto& address : plan.network.addresses) line("address", address.text());
        if (plan.network.automatic()) line("address", "as the network says (DHCP, router advertisements)");
        for (const auto& gateway : {plan.network.gateway_v4, plan.network.gateway_v6})
            if (gateway) line("gateway", gateway->text());
        for (const auto& server : plan.network.name_servers) line("name server", server.text());
        for (const auto& port : plan.network.ports) line("port", text_of(port));
        if (!plan.network.capture.empty()) line("capture", plan.network.capture.string());
    }
    line("kernel", plan.kernel.string());
    if (plan.tailored) line("tailored", plan.kept.empty() ? "to the program and the machine" : fmt::format("to the program and the machine, and with {}", fmt::join(plan.kept, ", ")));
    return text;
}

}  // namespace spore::host
