#include "host/snapshot/snapshot.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/common/descriptor_passing.hpp"
#include "host/image/kernel_image.hpp"
#include "host/instances/control.hpp"
#include "host/run/accelerator.hpp"
#include "host/run/qemu_command.hpp"
#include "host/snapshot/saved_machine.hpp"

namespace spore::host {

namespace {

/// QEMU may run as a user who could not open them by their paths; the folder is its owner's alone.
constexpr mode_t readable = 0644, own = 0600;

fs::path path_of(const FileDescriptor& folder, const char* name) { return fmt::format("/proc/self/fd/{}/{}", folder.number(), name); }

Outcome<FileDescriptor> make_file(const FileDescriptor& folder, const char* name, mode_t mode) {
    FileDescriptor file(::openat(folder.number(), name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file || ::fchmod(file.number(), mode) != 0) return failure(ExitStatus::failed, "cannot make the file {}: {}", name, error_text());
    return file;
}

Outcome<void> copy_file(const FileDescriptor& from, const FileDescriptor& folder, const char* name) {
    auto to = TRY(make_file(folder, name, readable));
    auto bytes = MappedFile::open(fmt::format("/proc/self/fd/{}", from.number()));
    if (!bytes || !write_all(to.number(), bytes->bytes())) return failure(ExitStatus::failed, "cannot write the file {}: {}", name, error_text());
    return {};
}

/// One line, as long as it takes.
std::string read_answer(int socket) {
    std::string answer;
    char buffer[256];
    ssize_t size;
    while ((size = ::recv(socket, buffer, sizeof buffer, 0)) > 0 || (size < 0 && errno == EINTR))
        if (size > 0) answer.append(buffer, static_cast<std::size_t>(size));
    while (answer.ends_with('\n')) answer.pop_back();
    return answer;
}

}  // namespace

std::optional<std::string> problem_of_saving(const Plan& plan) {
    if (plan.platform != Platform::qemu) return "it is a process of this Linux (--on linuxu): run it as a virtual machine";
    for (const auto& volume : plan.volumes) {
        if (volume.kind == VolumeKind::shared) return fmt::format("the state of the folder {} is not the machine's: run it without -v …:shared and --core", volume.host.string());
        if (volume.kind == VolumeKind::disk) return fmt::format("what is on the disk {} is not saved with it: run it without -v …:disk", volume.host.string());
    }
    if (plan.network.choice.kind == NetworkKind::lan) return fmt::format("its address on the network {} is not free any more when it is restored: run it with --network user", plan.network.choice.name);
    return std::nullopt;
}

Outcome<FileDescriptor> save_machine(const FileDescriptor& folder, const Plan& plan, const Prepared& prepared) {
    if (auto problem = problem_of_saving(plan)) return failure(ExitStatus::failed, "{}", *problem);
    TRY(copy_file(prepared.kernel, folder, saved_file::kernel));
    TRY(copy_file(prepared.bundle, folder, saved_file::bundle));
    if (prepared.root_image) TRY(copy_file(prepared.root_image, folder, saved_file::root));
    if (prepared.firmware) TRY(copy_file(prepared.firmware, folder, saved_file::firmware));
    SavedMachine saved{.plan = plan, .root_place = prepared.root_place, .firmware = static_cast<bool>(prepared.firmware)};
    saved.plan.accelerator = prepared.accelerator;
    TRY(write_file(path_of(folder, saved_file::machine), saved.to_json()));
    return make_file(folder, saved_file::state, own);
}

Outcome<void> save_instance(const std::string& name, const fs::path& folder) {
    auto instance = TRY(Instance::open_running(name));
    auto connection = TRY(knock(instance, Door::snapshots));
    auto refused = [&](const fs::path& path) { return failure(ExitStatus::failed, "cannot make the folder {}: {}", path.string(), error_text()); };
    struct stat status{};
    if (::lstat(folder.c_str(), &status) == 0) return failure(ExitStatus::failed, "{} is there already: remove it, or choose another name", folder.string());
    // It has its name when it is whole.
    auto part = folder;
    part += ".part";
    if (::mkdir(part.c_str(), 0700) != 0) {
        if (errno == EEXIST) return failure(ExitStatus::failed, "{} is there: another saves to it now, or was ended meanwhile; then remove it", part.string());
        return refused(part);
    }
    auto saved = [&]() -> Outcome<void> {
        FileDescriptor place(::open(part.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!place) return refused(part);
        if (!send_with_descriptor(connection.number(), "\n", place.number())) return failure(ExitStatus::failed, "the machine {} does not run", name);
        auto answer = read_answer(connection.number());
        if (answer != "ok") return failure(ExitStatus::failed, "the machine {} cannot be saved: {}", name, answer.empty() ? "it has ended" : answer);
        if (::rename(part.c_str(), folder.c_str()) != 0) return refused(folder);
        return {};
    }();
    std::error_code error;
    if (!saved) fs::remove_all(part, error);
    return saved;
}

Outcome<Restored> open_saved(const fs::path& folder, const NetworkRequest& network) {
    auto text = read_file(folder / saved_file::machine, most_settings);
    if (!text) return failure(ExitStatus::failed, "{}: {}: give a folder that 'spore snapshot' made", (folder / saved_file::machine).string(), error_text());
    auto saved = SavedMachine::from_json(*text);
    if (!saved) return failure(ExitStatus::failed, "{}: {}", (folder / saved_file::machine).string(), saved.error().message);
    auto& plan = saved->plan;
    plan.kernel = folder / saved_file::kernel;
    if (saved->firmware) plan.firmware = folder / saved_file::firmware;
    if (network.choice && plan.network.present() != (network.choice->kind != NetworkKind::none))
        return failure(ExitStatus::failed, "the machine was saved {} a network card: leave --network away", plan.network.present() ? "with" : "without");
    if (network.choice && network.choice->kind == NetworkKind::lan)
        return failure(ExitStatus::failed, "the machine was saved with an address that is not one of {}'s: give --network user, tap=NAME or bridge=NAME", text_of(*network.choice));
    if (network.choice) plan.network.choice = *network.choice;
    if (!network.ports.empty()) plan.network.ports = network.ports;
    if (plan.network.choice.kind != NetworkKind::user) {
        if (!network.ports.empty()) return failure(ExitStatus::failed, "-p leads to machines with --network user: this one has {}", text_of(plan.network.choice));
        plan.network.ports.clear();
    }
    TRY(check_kernel(plan));
    auto accelerator = TRY(choose_accelerator(plan.accelerator, plan.architecture, plan.gic));
    auto file = [&](const char* name) { return open_to_read(folder / name); };
    bool has_root = saved->root_place == RootPlace::disk;
    Prepared prepared{BootParts{TRY(file(saved_file::bundle)), TRY(file(saved_file::kernel)), RootPart::inside, has_root ? TRY(file(saved_file::root)) : FileDescriptor(),
                                saved->root_place, smallest_memory, Root(Root::Source::nothing)},
                      {}, {}, TRY(file(saved_file::state)), accelerator, {}};
    if (saved->firmware) prepared.firmware = TRY(open_to_read(plan.firmware));
    prepared.command = qemu_command(plan, accelerator, prepared.root_place);
    return Restored{std::move(plan), std::move(prepared)};
}

}  // namespace spore::host
