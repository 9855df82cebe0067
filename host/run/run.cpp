#include "host/run/run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <span>

#include "host/common/pipe.hpp"
#include "host/common/process.hpp"
#include "host/lan/join.hpp"
#include "host/run/accelerator.hpp"
#include "host/run/core_folder.hpp"
#include "host/run/identity.hpp"
#include "host/run/linuxu_command.hpp"
#include "host/run/network.hpp"
#include "host/run/process_network.hpp"
#include "host/run/qemu_command.hpp"
#include "host/run/qemu_version.hpp"
#include "host/run/session.hpp"
#include "host/run/share_server.hpp"
#include "host/run/terminal.hpp"
#include "host/symbols/symboliser.hpp"

namespace spore::host {

namespace {

/// To the machine: a stream with room for all that the guest sends on credit [abi/channel.hpp], as the host's kernel counts it; more than a default socket has.
Outcome<SocketPair> make_channel() {
    auto pair = TRY(make_socket_pair());
    int room = 3 * static_cast<int>(abi::initial_output_credit + abi::log_overdraft);
    (void)::setsockopt(pair.theirs.number(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    return pair;
}

/// What QEMU said on its standard error, as far as it is there.
std::string last_words(int descriptor) {
    ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
    char buffer[4096];
    auto size = ::read(descriptor, buffer, sizeof buffer);
    std::string text(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

Outcome<FileDescriptor> open_share(const Volume& volume) {
    FileDescriptor folder(::open(volume.host.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return failure(ExitStatus::bad_root, "volume {}: {}", volume.host.string(), error_text());
    return folder;
}

/// One machine at a time may write it; several may read what none writes.
Outcome<FileDescriptor> open_disk(const Volume& volume) {
    struct stat status{};
    bool device = ::stat(volume.host.c_str(), &status) == 0 && S_ISBLK(status.st_mode);
    // A device that is mounted here says so with O_EXCL [open(2)].
    FileDescriptor disk(::open(volume.host.c_str(), (volume.read_only ? O_RDONLY : O_RDWR) | (device ? O_EXCL : 0) | O_CLOEXEC));
    if (!disk) return failure(ExitStatus::bad_root, "-v {}: {}", volume.text(), error_text());
    if (::flock(disk.number(), (volume.read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0)
        return failure(ExitStatus::bad_root, "-v {}: another machine uses it (spore ps): stop that, or give it to both with :ro", volume.text());
    return disk;
}

/// What ended the machine's process, when a signal did.
std::string what_ended(Child& process, bool qemu) {
    if (!process.ends_within(std::chrono::seconds(1))) return {};
    int status = process.wait();
    return WIFSIGNALED(status) ? fmt::format("{} got signal {} ({})", qemu ? "QEMU" : "its process", WTERMSIG(status), ::strsignal(WTERMSIG(status))) : "";
}

/// Ends the machine when it goes, with all that is its own. linuxu's machine is several processes with one table of files: the first takes the
/// others along, but need not be the last to go; when nobody has their standard error any more, nobody writes to the disks.
struct EndOfMachine {
    Child& process;
    int words;
    std::span<const FileDescriptor> disks;

    ~EndOfMachine() {
        process.end();
        pollfd hangup{words, 0, 0};
        (void)::poll(&hangup, 1, 10'000);
        // Before the host has closed what it takes from the last of them, which would unlock these too.
        for (const auto& disk : disks) (void)::flock(disk.number(), LOCK_UN);
    }
};

/// A process needs no stub to be debugged: its number is all that a debugger is told.
Outcome<void> tell_debugger(const Plan& plan, pid_t process) {
    siginfo_t stopped{};
    if (plan.paused && ::waitid(P_PID, static_cast<id_t>(process), &stopped, WSTOPPED | WEXITED | WNOWAIT) != 0)
        return failure(ExitStatus::failed, "cannot wait for the process to stop: {}", error_text());
    auto number = std::to_string(process), beside = plan.debugger.string() + ".new";
    FileDescriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file || !write_all(file.number(), std::as_bytes(std::span(number))) || ::rename(beside.c_str(), plan.debugger.c_str()) != 0)
        return failure(ExitStatus::failed, "cannot write {}: {}", plan.debugger.string(), error_text());
    return {};
}

}  // namespace

Outcome<Prepared> prepare(Plan& plan) {
    for (const auto& volume : plan.volumes)
        if (!volume.label.empty())
            return failure(ExitStatus::bad_root, "-v {}: here a disk is attached by its file or device; labels are for what 'spore build' makes", volume.text());
    bool process = plan.platform == Platform::linuxu;
    auto accelerator = process ? plan.accelerator : TRY(choose_accelerator(plan.accelerator, plan.architecture, plan.gic));
    FileDescriptor wire;
    if (plan.network.choice.kind == NetworkKind::lan) {
        TRY(check_network(plan.network));
        wire = TRY(lan::join(plan));
    }
    Prepared prepared{TRY(prepare_boot_parts(plan)), {}, std::move(wire), {}, accelerator, {}};
    if (!plan.firmware.empty()) prepared.firmware = TRY(open_to_read(plan.firmware));
    prepared.command = process ? linuxu_command(plan, prepared.root_place) : qemu_command(plan, accelerator, prepared.root_place);
    return prepared;
}

Outcome<int> run(const Plan& plan, Prepared prepared, RunHooks run_hooks) {
    CoreFolder cores(plan.cores);
    auto channel = TRY(make_channel());
    auto serial = TRY(make_channel());
    auto [words, words_of_qemu] = TRY(make_pipe());
    FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    auto signals = take_signals();

    if (!prepared.wire) TRY(check_network(plan.network));  // else its ports are open already
    std::vector<Inherited> inherited{{nothing.number(), 0}, {nothing.number(), 1}, {words_of_qemu.number(), 2},
                                     {channel.theirs.number(), qemu_descriptor::channel}, {serial.theirs.number(), qemu_descriptor::serial},
                                     {prepared.bundle.number(), qemu_descriptor::bundle}, {prepared.kernel.number(), qemu_descriptor::kernel}};
    std::vector<int> opened_again{prepared.bundle.number(), prepared.kernel.number()};
    if (prepared.root_image) inherited.push_back({prepared.root_image.number(), qemu_descriptor::root}), opened_again.push_back(prepared.root_image.number());
    if (prepared.state) inherited.push_back({prepared.state.number(), qemu_descriptor::state});
    std::optional<Monitor> monitor;
    FileDescriptor monitor_of_qemu;
    if (has_monitor(plan)) {
        auto pair = TRY(make_socket_pair());
        monitor.emplace(std::move(pair.ours));
        monitor_of_qemu = std::move(pair.theirs);
        inherited.push_back({monitor_of_qemu.number(), qemu_descriptor::monitor});
    }
    if (prepared.firmware) inherited.push_back({prepared.firmware.number(), qemu_descriptor::firmware}), opened_again.push_back(prepared.firmware.number());
    std::vector<FileDescriptor> shares;
    std::vector<ShareServer> share_servers;
    int share = qemu_descriptor::first_share;
    for (const auto& volume : plan.volumes) {
        if (volume.kind != VolumeKind::shared) continue;
        bool process = plan.platform == Platform::linuxu;
        auto& descriptor = process ? share_servers.emplace_back(TRY(start_share_server(volume))).link : shares.emplace_back(TRY(open_share(volume)));
        inherited.push_back({descriptor.number(), share++});
    }
    std::vector<FileDescriptor> disks;
    for (const auto& volume : plan.volumes) {
        if (volume.kind != VolumeKind::disk) continue;
        auto& descriptor = disks.emplace_back(TRY(open_disk(volume)));
        inherited.push_back({descriptor.number(), qemu_descriptor::first_disk + static_cast<int>(disks.size()) - 1});
    }
    FileDescriptor bridge;
    ProcessNetwork process_network;
    if (prepared.wire) {
        inherited.push_back({prepared.wire.number(), qemu_descriptor::network});
    } else if (plan.platform == Platform::linuxu && plan.network.present()) {
        process_network = TRY(open_process_network(plan.network));
        inherited.push_back({process_network.link.number(), qemu_descriptor::network});
    } else if (plan.network.choice.kind == NetworkKind::bridge) {
        bridge = TRY(open_bridge(plan.network));
        inherited.push_back({bridge.number(), qemu_descriptor::network});
    }
    auto identity = plan.platform == Platform::qemu ? qemu_identity(plan, prepared.accelerator, opened_again) : std::nullopt;
    auto machine = start(prepared.command, inherited, identity);
    if (!machine && machine.error() == ENOENT)
        return failure(ExitStatus::missing_tool, "{} is missing: install it with 'apt install {}'", prepared.command[0],
                       facts_of(plan.architecture).qemu_package);
    if (!machine) return failure(ExitStatus::failed, "cannot start {}: {}", prepared.command[0], std::strerror(machine.error()));
    if (run_hooks.timeline) run_hooks.timeline->machine_started();
    channel.theirs.close(), serial.theirs.close(), words_of_qemu.close(), monitor_of_qemu.close(), prepared.state.close(), prepared.wire.close();
    if (!run_hooks.save) prepared.bundle.close();
    EndOfMachine end{*machine, words.number(), disks};

    if (plan.platform == Platform::linuxu && !plan.debugger.empty()) TRY(tell_debugger(plan, machine->process()));

    RawTerminal terminal(plan.terminal);
    Symboliser symboliser(plan.kernel, [&](const std::string& guest) -> std::optional<fs::path> {
        auto real = prepared.root.provide(guest);
        auto* entry = real ? prepared.root.find(*real) : nullptr;
        return entry && entry->kind == Entry::Kind::file ? std::optional(entry->host) : std::nullopt;
    });
    SessionHooks hooks{.strace = std::move(run_hooks.strace), .explain = [&](std::string_view line) { return symboliser.explain(line); }};
    hooks.trace = std::move(run_hooks.trace);
    if (auto* timeline = run_hooks.timeline) {
        hooks.greeted = [timeline](u64 nanoseconds) { timeline->kernel_greets(nanoseconds); };
        hooks.boot_mark = [timeline](std::string_view name, u64 nanoseconds) { timeline->kernel_mark(std::string(name), nanoseconds); };
    }
    FileDescriptor state;
    if (run_hooks.save) {
        hooks.saving.before = [&](const FileDescriptor& folder) -> Outcome<void> {
            state = TRY(run_hooks.save(folder, plan, prepared));
            return {};
        };
        hooks.saving.still = [&](const FileDescriptor&) { return monitor->save_state(std::exchange(state, {})); };
    }
    Session session({.channel = channel.ours.number(), .serial = serial.ours.number(), .machine = machine->descriptor(),
                     .signals = signals.number(), .questions = run_hooks.questions, .executions = run_hooks.executions,
                     .snapshots = run_hooks.snapshots}, plan.timeout, std::move(hooks),
                    plan.detached ? SecondSignal::passes : SecondSignal::ends, plan.restored ? Beginning::saved_state : Beginning::boot);
    auto loaded = plan.restored ? monitor->continue_from_state() : Outcome<void>();
    if (!loaded && loaded.error().status == ExitStatus::machine_ended) loaded.error().message = "the saved state cannot be loaded";
    if (loaded && plan.restored) loaded = forward_ports(plan.network, *monitor);
    auto status = loaded ? session.run() : std::unexpected(loaded.error());
    for (const auto& core : cores.written()) tell_of_core(plan, core);
    if (run_hooks.timeline) run_hooks.timeline->program_ended();
    if (!status && status.error().status == ExitStatus::machine_ended) {
        bool qemu = plan.platform == Platform::qemu;
        auto how = what_ended(*machine, qemu);
        machine->end();
        if (auto old = qemu ? ask_whether_too_old(prepared.command[0]) : std::nullopt) return failure(ExitStatus::missing_tool, "{}", *old);
        auto message = how.empty() ? status.error().message : fmt::format("the machine ended: {}", how);
        auto text = last_words(words.number());
        if (qemu && text.find("cannot set up guest memory") != std::string::npos)
            return failure(ExitStatus::too_little_memory, "this machine does not have the {} MiB of memory that -m asks for: give less", plan.memory >> 20);
        if (!text.empty()) message += fmt::format("; {}{}", qemu ? "QEMU says: " : "", text);
        return failure(ExitStatus::machine_ended, "{}", message);
    }
    // Nothing in the machine outlives the run, so it need not shut down in order.
    if (run_hooks.observed) (void)machine->ends_within(std::chrono::seconds(60));
    return status;
}

}  // namespace spore::host
