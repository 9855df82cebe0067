// How the kernel starts the first program, and learns of its end. Called by kernel/main.
#pragma once

#include "abi/channel.hpp"
#include "kernel/fs/vfs.hpp"

namespace spore::linux {

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
struct StartRequest {
    std::string_view program;               ///< absolute path
    std::span<const std::string_view> arguments, environment;
    std::string_view directory = "/";
    std::string_view hostname = "spore";
    u32 uid = 0, gid = 0;
    std::span<const StartLimit> limits{};
    Shared<fs::Dentry> root;
    Shared<fs::File> standard_in, standard_out, standard_err;
    bool strace = false;
    bool fixed_addresses = false;
    /// Called once, on a program thread's kernel stack: it may sleep (to flush output), and should then turn the machine off.
    void (*ended)(End end);
    void (*restart)();  ///< the program asks for it
};

/// Makes the first process and starts its thread, which loads the program: what goes wrong there comes through `ended`.
Result<void> start_init(const StartRequest& request);

/// Sends a signal to the first process's group (the host's `signal` frame).
void signal_first_group(i32 number);

}  // namespace spore::linux
