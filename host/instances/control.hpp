// The supervisor's socket: one request line for each connection, one line back.
//
//   signal N   passes signal N on to the program            → ok
//   end        ends the machine, whatever the program does  → ok
#pragma once

#include "host/instances/instance.hpp"

namespace spore::host {

/// The supervisor's end. The path may be longer than a socket's address allows: it is reached through its folder.
Outcome<FileDescriptor> listen_for_control(const Instance& instance);
/// Sends a request to an instance's supervisor. A failure when there is none.
Outcome<void> ask_supervisor(const Instance& instance, const std::string& request);

/// One request, and the connection to answer on.
struct ControlRequest {
    FileDescriptor connection;
    std::string text;
    void answer(std::string_view text) const;
};
/// Takes one connection; a client that says nothing is not waited for.
std::optional<ControlRequest> accept_control(int listener);

}  // namespace spore::host
