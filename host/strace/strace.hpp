// `spore strace`: the kernel's lines about system calls, filtered, stamped or counted, on a stream of their own.
#pragma once

#include <chrono>
#include <map>
#include <set>

#include "host/common/architecture.hpp"
#include "host/common/files.hpp"
#include "host/run/output.hpp"

namespace spore::host {

enum class Stamp : u8 { none, time, relative };

struct StraceOptions {
    std::set<std::string, std::less<>> only;    ///< names of calls; empty: all
    bool all_but = false;                       ///< `only` names those that are left out
    bool summary = false;                       ///< -c: counts at the end instead of lines
    Stamp stamp = Stamp::none;
    fs::path file;                              ///< -o; empty: standard error
};

/// "trace=open,close", "trace=!read", "open,close" and the sets file, process, memory, network, signal, desc.
Outcome<void> parse_trace_expression(std::string_view text, StraceOptions& options);

/// One call in the kernel's line: "[pid 1] openat(AT_FDCWD, "x", 0x0) = -1 ENOENT".
struct StraceLine {
    std::string_view name, result;
    bool failed = false;
};
std::optional<StraceLine> parse_strace_line(std::string_view line);

class Strace {
public:
    /// `architecture` is of the programs whose calls it shows.
    static Outcome<Strace> create(const StraceOptions& options, Architecture architecture);
    void add(std::string_view line);
    /// Prints the summary, if one was asked for.
    void finish();

private:
    Strace(StraceOptions options, Architecture architecture, FileDescriptor file);
    struct Count {
        u64 calls = 0, errors = 0;
    };

    StraceOptions options_;
    Architecture architecture_;
    FileDescriptor file_;
    std::map<std::string, Count, std::less<>> counts_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace spore::host
