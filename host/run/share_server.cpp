#include "host/run/share_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/defer.hpp"
#include "host/common/pipe.hpp"
#include "host/common/text.hpp"
#include "host/root/libraries.hpp"
#include "wire/ninep.hpp"

namespace spore::host {

namespace {

constexpr std::string_view folder_inside = "/share";
constexpr int stream = 3;

Outcome<std::string> find_tool(const std::string& name, std::string_view package) {
    auto found = find_program(name);
    if (!found)
        return failure(ExitStatus::missing_tool, "{} is missing, which --on linuxu needs for shared folders: install it with 'apt install {}'", name, package);
    return found->string();
}

/// Options by which bwrap shows the files in `root`, and cannot change them.
std::vector<std::string> options_for(const Root& root) {
    std::vector<std::string> options;
    for (const auto& [path, entry] : root.entries()) {
        // Folders that it makes by itself nobody else may enter.
        if (entry.kind == Entry::Kind::directory && path != "/") options.insert(options.end(), {"--dir", path});
        else if (entry.kind == Entry::Kind::file) options.insert(options.end(), {"--ro-bind", entry.host, path});
        else if (entry.kind == Entry::Kind::link) options.insert(options.end(), {"--symlink", entry.content, path});
    }
    return options;
}

/// diod as root does everything as the user who asks; it makes no device files, and opens none (bwrap mounts the folder without devices).
constexpr std::string_view capabilities_of_root[] = {"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_SETUID", "CAP_SETGID", "CAP_SYS_RESOURCE"};
/// To become somebody else, once.
constexpr std::string_view capabilities_to_change[] = {"CAP_SETUID", "CAP_SETGID"};

/// What the server says when it is asked for the protocol; the guest's kernel asks once more.
bool answers(int socket) {
    using namespace wire::ninep;
    std::array<std::byte, 64> buffer{};
    auto request = Writer(buffer, Type::version, no_tag).number(u32{1_MiB}).text(protocol).finish();
    if (!request || ::send(socket, request->data(), request->size(), MSG_NOSIGNAL) < 0) return false;
    constexpr int limit_ms = 10'000;
    struct pollfd answer{socket, POLLIN, 0};
    if (::poll(&answer, 1, limit_ms) != 1) return false;
    auto size = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (size <= 0) return false;
    auto reply = Reader::reply(ByteSpan(buffer).first(static_cast<std::size_t>(size)), Type::version, no_tag);
    if (!reply) return false;
    (void)reply->number<u32>();
    return reply->text() == protocol && reply->check();
}

std::string first_words(int descriptor) {
    std::array<char, 1024> buffer;
    auto size = ::read(descriptor, buffer.data(), buffer.size());
    std::string text(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    return text.substr(0, text.find('\n'));
}

}  // namespace

u32 share_user(const Volume& volume) {
    struct stat folder{};
    if (::geteuid() != 0 || ::stat(volume.host.c_str(), &folder) != 0) return ::geteuid();
    return folder.st_uid;
}

Outcome<std::vector<std::string>> share_server_command(const Volume& volume) {
    struct stat folder{};
    std::error_code error;
    auto path = fs::canonical(volume.host, error);
    if (error || ::stat(path.c_str(), &folder) != 0) return failure(ExitStatus::bad_root, "volume {}: {}", volume.host.string(), error ? error.message() : error_text());
    auto diod = TRY(find_tool("diod", "diod")), bwrap = TRY(find_tool("bwrap", "bubblewrap"));
    bool root = ::geteuid() == 0, changes = root && folder.st_uid != 0;
    std::vector<std::string> inner{diod, "--foreground", "--rfdno", std::to_string(stream), "--wfdno", std::to_string(stream),
                                   "--no-auth", "--no-userdb", "--export", std::string(folder_inside)};
    // Symbolic links in the folder, and names with dots, lead to what is there: the folder, and the programs themselves.
    Root files(Root::Source::host);
    Libraries libraries(files, native_architecture, "");
    std::vector<std::string> programs{diod};
    if (changes) {
        programs.push_back(TRY(find_tool("setpriv", "util-linux")));
        inner.insert(inner.begin(), {programs[1], "--reuid", std::to_string(folder.st_uid), "--regid", std::to_string(folder.st_gid), "--clear-groups", "--"});
    }
    for (const auto& program : programs) {
        auto real = files.provide(program);
        if (!real) return failure(ExitStatus::missing_tool, "cannot read {}", program);
        TRY(libraries.add_program(*real));
    }
    std::vector<std::string> command{bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--die-with-parent", "--clearenv"};
    if (root) {
        command.insert(command.end(), {"--cap-drop", "ALL"});
        for (auto capability : changes ? std::span<const std::string_view>(capabilities_to_change) : capabilities_of_root)
            command.insert(command.end(), {"--cap-add", std::string(capability)});
    }
    auto shown = options_for(files);
    command.insert(command.end(), shown.begin(), shown.end());
    command.insert(command.end(), {volume.read_only ? "--ro-bind" : "--bind", path.string(), std::string(folder_inside), "--chdir", "/", "--"});
    command.insert(command.end(), inner.begin(), inner.end());
    return command;
}

Outcome<ShareServer> start_share_server(const Volume& volume) {
    auto command = TRY(share_server_command(volume));
    auto [ours, theirs] = TRY(make_socket_pair());
    int pipe[2];
    FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    // Without waiting: a server that says much, for ever, is not held up by nobody's listening.
    if (::pipe2(pipe, O_CLOEXEC | O_NONBLOCK) != 0) return failure(ExitStatus::failed, "cannot make a pipe: {}", error_text());
    FileDescriptor words(pipe[0]), said(pipe[1]);
    // Each file that the guest has open is open in the server, too.
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit raised{before.rlim_max, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &raised);
    defer { ::setrlimit(RLIMIT_NOFILE, &before); };
    auto server = start(command, {{nothing.number(), 0}, {nothing.number(), 1}, {said.number(), 2}, {theirs.number(), stream}});
    if (!server) return failure(ExitStatus::failed, "cannot start {}: {}", command[0], std::strerror(server.error()));
    theirs.close(), said.close();
    if (!answers(ours.number())) {
        auto why = first_words(words.number());
        return failure(ExitStatus::failed, "volume {}: diod, which serves shared folders on linuxu, does not answer: {}", volume.host.string(),
                       why.empty() ? fmt::format("run it by hand for what it says: {}", shell_line(command)) : why);
    }
    return ShareServer{std::move(ours), std::move(words), std::move(*server)};
}

}  // namespace spore::host
