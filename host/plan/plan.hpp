// The plan: everything that a run is made of, as one value. Made from the arguments and spore.toml, checked, printable
// (`--dry-run`), and then carried out; nothing after it asks the environment again.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "abi/manifest.hpp"
#include "host/common/architecture.hpp"
#include "host/plan/network.hpp"

namespace spore::host {

/// What runs the kernel: a virtual machine of QEMU's, or this Linux, as a process.
enum class Platform : u8 { qemu, linuxu };
/// QEMU's machines; virt is arm64's, the others are x86-64's.
enum class Machine : u8 { microvm, q35, pc, virt };
/// How devices are reached: each at an address of its own, or as cards on a bus that can be searched.
enum class Bus : u8 { mmio, pci };
/// virt's interrupt controller.
enum class Gic : u8 { v2, v3 };
/// What starts the kernel: QEMU itself, or UEFI firmware that QEMU starts.
enum class Firmware : u8 { none, uefi };
/// Where the guest has its root: in memory, read in place, or on a disk that is read when it is needed.
enum class RootPlace : u8 { memory, disk };
/// How the machine's disks are attached. All but virtio's are on PCI.
enum class Disk : u8 { virtio, nvme, ahci, pvscsi, virtio_scsi };
/// Whose guest a machine is, where that is known and makes a difference.
enum class Hypervisor : u8 { any, xen, hyperv };
enum class Accelerator : u8 { automatic, kvm, tcg };

/// `-v host:guest[:ro][:shared|:disk]`: a file or folder of the host that is copied into the root, a folder that the guest uses where it is, or
/// the image of a disk with a file system of its own.
enum class VolumeKind : u8 { copy, shared, disk };
struct Volume {
    fs::path host;       ///< of a disk that whoever runs the machine attaches: empty
    std::string guest;
    bool read_only = false;
    VolumeKind kind = VolumeKind::copy;
    std::array<u8, 16> uuid{};  ///< of a disk's file system
    std::string label{};        ///< the same of a disk that whoever runs the machine attaches
    /// As the user wrote it.
    std::string text() const;
    friend bool operator==(const Volume&, const Volume&) = default;
};

/// `--tmpfs PATH[:size=SIZE,mode=MODE]`: a folder of the guest's whose files are in its memory only.
struct Tmpfs {
    std::string guest;
    u64 size = 0;     ///< bytes; 0: half of the memory
    u32 mode = 01777;
    friend bool operator==(const Tmpfs&, const Tmpfs&) = default;
};

/// Who a program runs as.
struct User {
    u32 uid = 0, gid = 0;
    std::vector<u32> groups{};  ///< besides gid; at most abi::most_groups
    friend bool operator==(const User&, const User&) = default;
};
/// `--user`: numbers, or NAME, NAME:GROUP, UID:GROUP with at least one name, which the guest's files say the number of (host/plan/user.hpp).
using UserChoice = std::variant<User, std::string>;

/// `--ulimit NAME=SOFT[:HARD]`: a limit that the program begins with [setrlimit(2)].
struct Limit {
    u32 resource = 0;  ///< RLIMIT_*, the same on every CPU
    u64 soft = 0, hard = 0;
    friend bool operator==(const Limit&, const Limit&) = default;
};

/// `--restart`: when a background machine is started anew after its end.
struct Restart {
    enum class When : u8 { never, on_failure, always };
    When when = When::never;
    std::optional<unsigned> most = {};  ///< times; empty: any number
    /// Whether, after an end with this status, and so many times before.
    bool wants(int status, unsigned before) const { return when == When::always || (when == When::on_failure && status != 0 && (!most || before < *most)); }
    friend bool operator==(const Restart&, const Restart&) = default;
};

/// What the user asked for. A field that is empty was not named, so that the layers (defaults, spore.toml, arguments) can be merged.
struct Request {
    std::optional<std::string> program;
    std::vector<std::string> arguments;      ///< without the program's name
    std::vector<std::string> environment;    ///< "KEY=value", later ones win
    std::optional<std::string> directory;
    std::optional<u64> memory;               ///< bytes
    std::optional<unsigned> cpus;
    std::optional<Architecture> architecture;
    std::optional<Platform> platform;
    std::optional<Machine> machine;
    std::optional<Bus> bus;
    std::optional<Gic> gic;
    std::optional<Firmware> firmware;
    std::optional<Accelerator> accelerator;
    std::optional<abi::Mode> mode;
    std::optional<abi::LogLevel> log_level;
    std::optional<std::chrono::milliseconds> timeout;
    std::optional<std::string> image;        ///< --image: a container image that is the root; what follows the options replaces its command
    std::optional<std::string> entrypoint;   ///< --entrypoint: what the image starts
    std::optional<fs::path> root;
    bool root_moves = false;                 ///< the same files may be elsewhere the next time
    std::optional<RootPlace> root_place;
    std::optional<Disk> disk;
    std::optional<fs::path> sysroot;
    std::optional<fs::path> kernel;
    bool tailored = false;
    std::vector<std::string> kept;
    std::vector<Volume> volumes;
    bool read_only_root = false;             ///< --read-only
    std::vector<Tmpfs> tmpfs;
    std::optional<UserChoice> user;
    std::vector<Limit> limits;               ///< later ones win
    std::optional<unsigned> stop_signal;     ///< --stop-signal
    std::optional<fs::path> core;            ///< --core: the folder of core files
    std::optional<Restart> restart;          ///< --restart
    NetworkRequest network;
    bool terminal = false;
    bool debug = false;                      ///< --debug: QEMU offers a debugger socket, addresses are fixed

    /// Takes over what `upper` names; lists are joined.
    void merge(const Request& upper);
};

/// Where the guest has the folder of --core, a volume like those of -v …:shared, and what it calls core files there [core(5)].
inline constexpr std::string_view core_folder = "/run/cores", core_pattern = "/run/cores/core.%e.%p";

/// Shared folders and disks that -v takes together; microvm has no room for more devices.
inline constexpr std::size_t most_volume_devices = 4;

/// From this on, free memory goes back to the host: of less there is hardly a whole block of it.
inline constexpr u64 smallest_memory_with_balloon = 64_MiB;
inline constexpr u64 default_memory = 256_MiB;
/// Below this, not even the kernel and an empty program fit.
inline constexpr u64 smallest_memory = 2_MiB;

/// What the kernel records.
struct Trace {
    u32 points;  ///< a set of abi::trace_bit()
    u32 events;  ///< that each processor keeps, as in abi::TraceRecord
};

struct Plan {
    fs::path host_program;               ///< the file on the host; empty when it lies inside `root` or `sysroot`
    std::string program;                 ///< its absolute path in the guest
    std::vector<std::string> arguments;  ///< argv, with argv[0]
    std::vector<std::string> environment;
    std::string directory = "/";
    u64 memory = default_memory;
    unsigned cpus = 1;
    Architecture architecture = native_architecture;
    Platform platform = Platform::qemu;
    Machine machine = Machine::microvm;
    Bus bus = Bus::mmio;
    std::optional<Gic> gic;              ///< empty: the one that this accelerator is best at
    fs::path firmware;                   ///< the image of the firmware that starts the kernel; empty: QEMU does
    Accelerator accelerator = Accelerator::automatic;
    abi::Mode mode = abi::Mode::fused;
    abi::LogLevel log_level = abi::LogLevel::error;
    std::optional<std::chrono::milliseconds> timeout;
    std::optional<fs::path> root;        ///< a folder that is the base of the guest's root
    bool root_moves = false;             ///< the same files may be elsewhere the next time
    std::optional<RootPlace> root_place; ///< empty: as suits its size
    std::optional<Disk> disk = Disk::virtio; ///< empty: of any kind, since an image's machine is not known
    std::optional<fs::path> sysroot;     ///< a folder that the program and what it needs are taken from, instead of this machine's root
    fs::path kernel;
    bool tailored = false;               ///< the kernel is to have only what the program and the machine need,
    std::vector<std::string> kept;       ///< and these parts and system calls
    std::vector<Volume> volumes;
    bool read_only_root = false;         ///< the root can be written nowhere; volumes, and what the kernel mounts, as ever
    std::vector<Tmpfs> tmpfs;
    User user;
    std::vector<Limit> limits;
    fs::path cores;                      ///< where core files appear, which the guest has as core_folder; empty: as the program says
    unsigned stop_signal = 15;           ///< what the program is sent when the machine is asked to stop: a number of Linux's
    Network network;
    std::string host_name = "spore";     ///< the guest's
    bool terminal = false;
    bool strace = false;                 ///< the kernel reports every system call
    std::optional<Trace> trace;          ///< it records what happens, and tells at the end
    bool timeline = false;               ///< it tells at the end when its boot came to what
    bool fixed_addresses = false;        ///< no address space randomisation, so that a debugger knows where things are
    fs::path debugger;                   ///< where QEMU's debugger socket is made; empty: none
    bool paused = false;                 ///< the machine waits for the debugger before its first instruction
    bool detached = false;               ///< in the background: signals are the program's alone
    bool restored = false;               ///< the machine goes on from a saved state in place of booting
    bool standalone = false;             ///< whoever runs the machine is not this tool: the program's console is the first serial port, or Xen's
    Hypervisor hypervisor = Hypervisor::any;  ///< a particular one has devices of its own, and there are no others
};

/// Of the kernel that the plan runs: its image is called spore-NAME.
std::string_view kernel_name(const Plan& plan);
std::string_view name_of(Platform platform);
std::string_view name_of(Machine machine);
std::string_view name_of(Accelerator accelerator);
std::string_view name_of(RootPlace place);
std::string_view name_of(Disk disk);
std::string_view name_of(Bus bus);
std::string_view name_of(Gic gic);
std::string_view name_of(Firmware firmware);
std::string_view name_of(abi::Mode mode);
std::string_view name_of(abi::LogLevel level);
template <typename T>
std::optional<T> from_name(std::string_view name);

/// "64M", "1G", "512K" or plain bytes.
std::optional<u64> parse_size(std::string_view text);
/// "30", "1.5" seconds.
std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text);
/// "host:guest[:ro][:shared|:disk]" or "LABEL=name:guest:disk", the message of the failure says what is wrong.
Outcome<Volume> parse_volume(std::string_view text, const fs::path& base);
/// "PATH" or "PATH:OPTIONS", where options are those of tmpfs(5), with commas; of these size and mode count.
Outcome<Tmpfs> parse_tmpfs(std::string_view text);
/// The number of a user or group.
std::optional<u32> parse_id(std::string_view text);
Outcome<UserChoice> parse_user(std::string_view text);
Outcome<Limit> parse_limit(std::string_view text);
std::string text_of(const Limit& limit);
/// "no", "always", "on-failure", "on-failure:TIMES"; "unless-stopped" is "always": nothing outlives this machine's own restart.
Outcome<Restart> parse_restart(std::string_view text);
/// A signal that may mean "stop" to a program.
Outcome<unsigned> parse_stop_signal(std::string_view text);
/// What --keep names: a part of the kernel, a system call, or "calls".
Outcome<std::string> parse_kept(std::string_view text);
/// The lines "KEY=value" of a file; '#' begins a comment line.
Outcome<std::vector<std::string>> parse_environment_file(const fs::path& path);
/// What a program is told of the terminal that it gets from us: "TERM=…".
std::string terminal_type();
/// A later value of a variable replaces an earlier one, the order of first mention stays.
std::vector<std::string> join_environment(const std::vector<std::string>& lines);

/// Another name for the guest, where it is told of it too.
void rename_host(Plan& plan, const std::string& name);
/// Resolves a request: finds the program, fills in defaults, checks what can be checked without reading the program.
Outcome<Plan> make_plan(const Request& request);
/// The plan for people, one line per field.
std::string describe(const Plan& plan);

}  // namespace spore::host
