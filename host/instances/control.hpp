// An instance's sockets. The supervisor's takes one request line for each connection and gives one line back:
//
//   signal N   passes signal N on to the program            → ok
//   end        ends the machine, whatever the program does  → ok
//
// The others lead to the guest itself: questions (host/run/questions.hpp), programs to run beside its first (host/run/executions.hpp), and
// having its state saved (host/run/freezer.hpp).
#pragma once

#include "host/instances/instance.hpp"

namespace spore::host {

/// The end of the instance's own processes. The path may be longer than a socket's address allows: it is reached through its folder.
enum class Door : u8 { control, questions, executions, snapshots };
Outcome<FileDescriptor> listen_at(const Instance& instance, Door door);
/// A failure when the machine does not run.
Outcome<FileDescriptor> knock(const Instance& instance, Door door);
/// Sends a request to an instance's supervisor. A failure when there is none.
Outcome<void> ask_supervisor(const Instance& instance, const std::string& request);

/// The text of a file below the guest's /proc. A failure when the guest does not run, does not answer in some seconds, or has no such file.
Outcome<std::string> ask_guest(const Instance& instance, std::string_view path);

/// One request, and the connection to answer on.
struct ControlRequest {
    FileDescriptor connection;
    std::string text;
    void answer(std::string_view text) const;
};
/// Takes one connection; a client that says nothing is not waited for.
std::optional<ControlRequest> accept_control(int listener);

}  // namespace spore::host
