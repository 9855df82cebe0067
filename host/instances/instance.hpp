// Background machines: one folder for each below $XDG_RUNTIME_DIR/spore, or ~/.local/state/spore where there is none.
//
//   lock     held (flock) by the process that made the folder, and then by the supervisor for as long as it lives: who can take it knows that
//            nothing runs
//   state    what ps shows, as JSON; replaced as a whole, so that readers see the old or the new one
//   log      what the program printed (log_file.hpp)
//   control  the supervisor's socket (control.hpp)
//
// The folder's name is the instance's, and making it is what claims the name.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "host/common/files.hpp"

namespace spore::host {

struct InstanceState {
    pid_t supervisor = 0;        ///< or who is starting it
    std::vector<std::string> command;
    i64 started = 0;             ///< seconds since 1970
    std::optional<i64> ended;    ///< the same; set with `status`
    std::optional<int> status;   ///< the exit status, as `spore run` would give it
    unsigned restarts = 0;       ///< how often it was started anew
    std::string debugger;        ///< the path of QEMU's debugger socket; empty without --debug
    std::string origin = {};     ///< stands for all that it was started from (host/plan/origin.hpp); empty where nobody wants to know

    std::string to_json() const;
    /// Nothing when the text is damaged.
    static std::optional<InstanceState> from_json(std::string_view text);
};

enum class Life : u8 {
    running,
    ended,  ///< its status is known
    lost,   ///< its supervisor was killed, and the machine with it, or who was starting it
};

class Instance {
public:
    /// Claims a name for this command. `failed` when it is taken; what was killed while it started is cleared away.
    static Outcome<Instance> create(const std::string& name, std::vector<std::string> command);
    /// An instance that is there; without a state only when who made its folder was killed at once.
    static Outcome<Instance> open(const std::string& name);
    /// One that runs.
    static Outcome<Instance> open_running(const std::string& name);
    static Outcome<std::vector<Instance>> all();

    const std::string& name() const { return name_; }
    fs::path folder() const { return folder_; }
    fs::path log() const { return folder_ / "log"; }
    fs::path control() const { return folder_ / "control"; }

    std::optional<InstanceState> state() const;
    Outcome<void> write(const InstanceState& state) const;
    Life life() const;
    /// The supervisor holds the lock exclusively; who asks whether there is one takes it shared for a moment.
    enum class Hold : u8 { shared, exclusive };
    /// Nothing when another process has it.
    FileDescriptor take_lock(Hold hold) const;
    /// What create() took, for the supervisor.
    FileDescriptor hand_over_lock() { return std::move(lock_); }
    /// Waits until nothing runs; false when `milliseconds` are over.
    bool wait_for_end(i64 milliseconds) const;
    void remove() const;

private:
    FileDescriptor take_fresh_lock() const;

    Instance(std::string name, fs::path folder) : name_(std::move(name)), folder_(std::move(folder)) {}

    std::string name_;
    fs::path folder_;
    FileDescriptor lock_;
};

/// A name for an instance that was given none: the program's, and a few digits.
std::string make_instance_name(std::string_view program);
/// Letters, digits, and - _ . after the first character.
bool is_instance_name(std::string_view name);

}  // namespace spore::host
