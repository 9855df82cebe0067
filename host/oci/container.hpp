// A container: a background machine (host/instances) that a container engine looks after in place of a supervisor of ours. So the other verbs
// know it, too: `spore exec`, `spore top`, `spore cp`. Its folder has, besides what every instance's has:
//
//   config.json  the bundle's, as it was when the container was made
//   bundle       the bundle's path
//   started      since the program was let go
//   paused       while it stands still
#pragma once

#include "host/instances/instance.hpp"
#include "host/oci/spec.hpp"

namespace spore::host::oci {

/// [runtime.md, State], and runc's `paused`.
enum class Status : u8 { creating, created, running, paused, stopped };
std::string_view name_of(Status status);

class Container {
public:
    /// Claims the name. The lock is this process's and what it forks, until both have let it go.
    static Outcome<Container> create(const std::string& id, const fs::path& bundle);
    static Outcome<Container> open(const std::string& id);

    const std::string& id() const { return instance_.name(); }
    const Spec& spec() const { return spec_; }
    const Instance& instance() const { return instance_; }
    const fs::path& bundle() const { return bundle_; }
    Status status() const;
    /// The machine's process; 0 when it has ended.
    pid_t process() const;
    /// What hooks are given, and `state` prints.
    std::string state_json(Status status, pid_t process) const;
    std::string state_json(Status status) const { return state_json(status, process()); }

    /// From now on the machine's process is this one.
    Outcome<void> take_over() const;
    /// The program is let go now.
    Outcome<void> note_start() const;
    Outcome<void> note_pause() const;
    void note_resumption() const;
    void note_end(int status) const;
    void remove() const { instance_.remove(); }
    void let_lock_go() { instance_.hand_over_lock(); }

private:
    Container(Instance instance, fs::path bundle, Spec spec) : instance_(std::move(instance)), bundle_(std::move(bundle)), spec_(std::move(spec)) {}
    Instance instance_;
    fs::path bundle_;
    Spec spec_;
};

}  // namespace spore::host::oci
