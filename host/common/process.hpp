// Starting other programs: without a shell, without copying this process's memory, and never leaving one behind.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "host/common/files.hpp"

namespace spore::host {

/// Which of our descriptors the child has under which number. Everything else is closed in it (O_CLOEXEC).
struct Inherited {
    int ours, theirs;
};

/// A started child; killed and waited for when this goes.
class Child {
public:
    Child() = default;
    Child(pid_t process, FileDescriptor descriptor) : process_(process), descriptor_(std::move(descriptor)) {}
    Child(Child&& other) noexcept : process_(std::exchange(other.process_, -1)), descriptor_(std::move(other.descriptor_)) {}
    Child& operator=(Child&& other) noexcept {
        std::swap(process_, other.process_);
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~Child() { end(); }

    /// Becomes readable when the child has ended (pidfd).
    int descriptor() const { return descriptor_.number(); }
    pid_t process() const { return process_; }
    /// Waits for the end and gives the status of waitpid(2).
    int wait();
    /// Waits for the end, but not for longer. False when it goes on.
    bool ends_within(std::chrono::milliseconds time) const;
    void end();

private:
    pid_t process_ = -1;
    FileDescriptor descriptor_;
};

/// Another user that a child of root's becomes.
struct Identity {
    uid_t user;
    gid_t group, extra_group;
};

/// Where $PATH and the system's folders have a program.
std::optional<fs::path> find_program(const std::string& name);

/// Starts `command` (found in $PATH) in a process group of its own; it dies when this process dies. The error is errno.
std::expected<Child, int> start(const std::vector<std::string>& command, const std::vector<Inherited>& inherited,
                                const std::optional<Identity>& identity = {});

struct Finished {
    bool not_found = false;
    int status = 0;
    std::string output, errors;
};
/// Runs a short command to its end and keeps what it prints. A signal that is to end this process, and waits, ends the command.
Finished run_to_end(const std::vector<std::string>& command);

}  // namespace spore::host
