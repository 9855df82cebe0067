// QEMU's monitor [QEMU, docs/interop/qmp-spec.rst]: commands as JSON on a stream socket, one at a time.
#pragma once

#include <nlohmann/json.hpp>

#include "host/common/files.hpp"

namespace spore::host {

class Monitor {
public:
    /// Our end; QEMU has the other one.
    explicit Monitor(FileDescriptor socket) : socket_(std::move(socket)) {}

    /// Waits for what QEMU returns. A failure with QEMU's words where it refuses, and where it has ended or does not answer for long.
    Outcome<nlohmann::json> execute(std::string_view command, nlohmann::json arguments = nlohmann::json::object(), int descriptor = -1);

    /// The machine stands still while its state goes to the file, and goes on. A failure where QEMU cannot, such as for one of the machine's devices.
    Outcome<void> save_state(const FileDescriptor& file);
    /// Waits until the state is loaded that QEMU was started with; the machine goes on then.
    Outcome<void> continue_from_state();

private:
    Outcome<nlohmann::json> read_message();
    Outcome<void> begin();

    FileDescriptor socket_;
    std::string received_;
    bool begun_ = false;
};

}  // namespace spore::host
