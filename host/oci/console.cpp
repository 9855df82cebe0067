#include "host/oci/console.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "host/common/descriptor_passing.hpp"
#include "host/common/unix_address.hpp"

namespace spore::host::oci {

Outcome<void> begin_session(const fs::path& socket, const Process& process) {
    (void)::setsid();  // fails where this is a leader already
    if (socket.empty()) return {};
    auto path = fs::absolute(socket);
    auto engine = connect_to(UnixAddress(path.parent_path(), path.filename().string()));
    if (!engine) return failure(ExitStatus::failed, "--console-socket {}: {}", socket.string(), error_text());
    auto failed = [] { return failure(ExitStatus::failed, "cannot make a terminal: {}", error_text()); };
    FileDescriptor master(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
    int locked = 0, number = 0;
    if (!master || ::ioctl(master.number(), TIOCSPTLCK, &locked) != 0 || ::ioctl(master.number(), TIOCGPTN, &number) != 0) return failed();
    FileDescriptor terminal(::ioctl(master.number(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!terminal || ::ioctl(terminal.number(), TIOCSCTTY, 0) != 0) return failed();
    const struct winsize window{.ws_row = process.rows, .ws_col = process.columns, .ws_xpixel = 0, .ws_ypixel = 0};
    if (window.ws_row && window.ws_col) (void)::ioctl(terminal.number(), TIOCSWINSZ, &window);
    if (!send_with_descriptor(engine.number(), fmt::format("/dev/pts/{}", number), master.number()))
        return failure(ExitStatus::failed, "--console-socket {}: {}", socket.string(), error_text());
    for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::dup2(terminal.number(), stream) < 0) return failed();
    return {};
}

}  // namespace spore::host::oci
