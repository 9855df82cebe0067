#include "host/strace/strace.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "host/check/call_table.hpp"
#include "host/strace/names.hpp"

namespace spore::host {

namespace {

struct CallSet {
    std::string_view name, calls;
};
constexpr CallSet sets[] = {
    {"file", "open openat openat2 creat access faccessat faccessat2 stat lstat newfstatat statx chdir rename renameat renameat2 mkdir mkdirat rmdir "
             "link linkat unlink unlinkat symlink symlinkat readlink readlinkat chmod fchmodat chown lchown fchownat truncate utime utimes utimensat "
             "futimesat execve execveat statfs getcwd mknod mknodat chroot setxattr lsetxattr getxattr lgetxattr listxattr llistxattr removexattr"},
    {"process", "fork vfork clone clone3 execve execveat exit exit_group wait4 waitid kill tkill tgkill rt_sigqueueinfo pidfd_open pidfd_send_signal"},
    {"memory", "mmap munmap mprotect mremap madvise brk msync mincore mlock mlock2 munlock mlockall munlockall memfd_create"},
    {"network", "socket socketpair bind listen accept accept4 connect sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg shutdown getsockname "
                "getpeername setsockopt getsockopt"},
    {"signal", "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack kill tkill tgkill pause signalfd signalfd4"},
    {"desc", "read write readv writev pread64 pwrite64 preadv pwritev lseek close dup dup2 dup3 fcntl ioctl fstat ftruncate fsync fdatasync poll ppoll "
             "select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd eventfd2 timerfd_create pipe pipe2 getdents getdents64 "
             "sendfile splice copy_file_range flock"},
};

void each_word(std::string_view text, char separator, const auto& visit) {
    while (!text.empty()) {
        auto end = text.find(separator);
        if (auto word = text.substr(0, end); !word.empty()) visit(word);
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
}

}  // namespace

Outcome<void> parse_trace_expression(std::string_view text, StraceOptions& options) {
    if (text.starts_with("trace=")) text.remove_prefix(6);
    if (text.starts_with('!')) text.remove_prefix(1), options.all_but = true;
    Outcome<void> outcome;
    each_word(text, ',', [&](std::string_view word) {
        if (word == "all") return;
        if (word.starts_with('%')) word.remove_prefix(1);
        for (const auto& set : sets)
            if (set.name == word) return each_word(set.calls, ' ', [&](std::string_view name) { options.only.emplace(name); });
        if (!is_call(word)) outcome = failure(ExitStatus::failed, "-e trace={}: Linux has no such system call; sets are file, process, memory, network, signal, desc", word);
        options.only.emplace(word);
    });
    return outcome;
}

std::optional<StraceLine> parse_strace_line(std::string_view line) {
    if (line.starts_with('[')) line.remove_prefix(std::min(line.find("] ") + 2, line.size()));
    auto open = line.find('(');
    auto end = line.rfind(") = ");
    if (open == std::string_view::npos || end == std::string_view::npos || open == 0) return std::nullopt;
    auto result = line.substr(end + 4);
    return StraceLine{line.substr(0, open), result, result.starts_with("-1 ")};
}

Strace::Strace(StraceOptions options, Architecture architecture, FileDescriptor file)
    : options_(std::move(options)), architecture_(architecture), file_(std::move(file)) {}

Outcome<Strace> Strace::create(const StraceOptions& options, Architecture architecture) {
    FileDescriptor file(options.file.empty() ? ::dup(STDERR_FILENO) : ::open(options.file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file) return failure(ExitStatus::failed, "-o {}: {}", options.file.string(), error_text());
    return Strace(options, architecture, std::move(file));
}

void Strace::add(std::string_view line) {
    auto call = parse_strace_line(line);
    if (call && !options_.only.empty() && options_.only.contains(call->name) == options_.all_but) return;
    if (options_.summary) {
        if (!call) return;
        auto& count = counts_[std::string(call->name)];
        ++count.calls, count.errors += call->failed;
        return;
    }
    std::string stamp;
    if (options_.stamp == Stamp::time) {
        struct timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        std::tm parts{};
        ::localtime_r(&now.tv_sec, &parts);
        stamp = fmt::format("{:02}:{:02}:{:02}.{:06} ", parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec / 1000);
    } else if (options_.stamp == Stamp::relative) {
        auto now = std::chrono::steady_clock::now();
        stamp = fmt::format("{:12.6f} ", std::chrono::duration<double>(now - last_).count());
        last_ = now;
    }
    auto text = fmt::format("{}{}\n", stamp, with_names(line, architecture_));
    (void)write_all(file_.number(), std::as_bytes(std::span(text)));
}

void Strace::finish() {
    if (!options_.summary) return;
    std::vector<std::pair<std::string, Count>> lines(counts_.begin(), counts_.end());
    std::ranges::stable_sort(lines, [](const auto& a, const auto& b) { return a.second.calls > b.second.calls; });
    auto text = fmt::format("{:>10} {:>10}  {}\n", "calls", "errors", "system call");
    Count all;
    for (const auto& [name, count] : lines) {
        text += fmt::format("{:>10} {:>10}  {}\n", count.calls, count.errors ? fmt::to_string(count.errors) : "", name);
        all.calls += count.calls, all.errors += count.errors;
    }
    text += fmt::format("{:>10} {:>10}  total\n", all.calls, all.errors);
    (void)write_all(file_.number(), std::as_bytes(std::span(text)));
}

}  // namespace spore::host
