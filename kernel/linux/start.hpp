// How the kernel starts programs for those outside: the first one, and others beside it; and how these learn of the end. Called by kernel/main.
#pragma once

#include "abi/channel.hpp"
#include "kernel/fs/vfs.hpp"

namespace spore::linux {

class OutsideTerminal;

struct StartLimit {
    u32 resource;
    u64 soft, hard;
};

/// Why there is no program any more.
struct End {
    abi::ExitReason reason;  ///< exited, signaled or failed
    u32 status;              ///< exit status, signal, or abi::StartFailure
};

/// Strings and spans need to live during the call only.
struct ProgramRequest {
    std::string_view path;                  ///< of the program; $PATH is searched for one without '/'
    std::span<const std::string_view> arguments, environment;
    std::string_view directory = "/";
    u32 uid = 0, gid = 0;
    std::span<const le32> groups{};         ///< besides `gid`; at most abi::most_groups
    std::span<const StartLimit> limits{};
    Shared<fs::Dentry> root;
    Shared<fs::File> standard_in, standard_out, standard_err;
    OutsideTerminal* terminal = nullptr;    ///< what these are files of, if any: the program's session begins with it
    /// Called once, on a program thread's kernel stack: it may sleep.
    void (*ended)(void* context, End end);
    void* context = nullptr;
};

struct StartRequest {
    ProgramRequest program;                 ///< `ended` flushes output, and turns the machine off
    std::string_view hostname = "spore";
    std::string_view core_pattern{};        ///< empty: Linux's
    bool strace = false;
    bool fixed_addresses = false;
    void (*restart)();                      ///< the program asks for it
};

/// Makes the first process and starts its thread, which loads the program: what goes wrong there comes through `ended`.
Result<void> start_init(const StartRequest& request);

/// The same for a process that is nobody's child, beside the first: its number. `failure` says more when it is not even begun, and then `ended` is
/// not called. May sleep.
Result<i32> start_besides(const ProgramRequest& request, abi::StartFailure& failure);

/// Sends a signal to the group of a process that start_besides() made; nothing when it is gone.
void signal_program(i32 process, i32 number);

/// Sends a signal to the first process's group (the host's `signal` frame).
void signal_first_group(i32 number);

}  // namespace spore::linux
