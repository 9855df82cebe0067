#include "host/strace/names.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <charconv>
#include <optional>
#include <span>

#include "host/common/failure.hpp"

namespace spore::host {

namespace {

struct Name {
    u64 value;
    std::string_view name;
    /// Of a set of flags: the bits that tell `value` from its neighbours; 0: its own.
    u64 mask = 0;
};
#define NAME(name) Name{static_cast<u64>(name), #name}

constexpr Name access_modes[] = {{0, "O_RDONLY", 3}, {1, "O_WRONLY", 3}, {2, "O_RDWR", 3}};
constexpr Name open_flags[] = {{0100, "O_CREAT"}, {0200, "O_EXCL"}, {0400, "O_NOCTTY"}, {01000, "O_TRUNC"}, {02000, "O_APPEND"}, {04000, "O_NONBLOCK"}, {04010000, "O_SYNC"},
                               {010000, "O_DSYNC"}, {020000, "O_ASYNC"}, {01000000, "O_NOATIME"}, {02000000, "O_CLOEXEC"}, {010000000, "O_PATH"}};
// The four that CPUs number differently [arch/arm64/include/uapi/asm/fcntl.h].
constexpr Name open_flags_x86_64[] = {{040000, "O_DIRECT"}, {0100000, "O_LARGEFILE"}, {020200000, "O_TMPFILE"}, {0200000, "O_DIRECTORY"}, {0400000, "O_NOFOLLOW"}};
constexpr Name open_flags_arm64[] = {{0200000, "O_DIRECT"}, {0400000, "O_LARGEFILE"}, {020040000, "O_TMPFILE"}, {040000, "O_DIRECTORY"}, {0100000, "O_NOFOLLOW"}};
constexpr Name protections[] = {NAME(PROT_READ), NAME(PROT_WRITE), NAME(PROT_EXEC), NAME(PROT_GROWSDOWN), {0, "PROT_NONE", ~u64{0}}};
constexpr Name mappings[] = {{MAP_SHARED_VALIDATE, "MAP_SHARED_VALIDATE", 15}, {MAP_SHARED, "MAP_SHARED", 15}, {MAP_PRIVATE, "MAP_PRIVATE", 15}, NAME(MAP_FIXED_NOREPLACE), NAME(MAP_FIXED),
                             NAME(MAP_ANONYMOUS), NAME(MAP_NORESERVE), NAME(MAP_POPULATE), NAME(MAP_STACK), NAME(MAP_DENYWRITE), NAME(MAP_GROWSDOWN), NAME(MAP_LOCKED), NAME(MAP_HUGETLB)};
constexpr Name at_flags[] = {NAME(AT_SYMLINK_NOFOLLOW), NAME(AT_SYMLINK_FOLLOW), NAME(AT_EMPTY_PATH), NAME(AT_NO_AUTOMOUNT)};
constexpr Name unlink_flags[] = {NAME(AT_REMOVEDIR)};
constexpr Name access_kinds[] = {{F_OK, "F_OK", ~u64{0}}, NAME(R_OK), NAME(W_OK), NAME(X_OK)};
constexpr Name clones[] = {NAME(CLONE_VM), NAME(CLONE_FS), NAME(CLONE_FILES), NAME(CLONE_SIGHAND), NAME(CLONE_PTRACE), NAME(CLONE_VFORK), NAME(CLONE_PARENT), NAME(CLONE_THREAD), NAME(CLONE_NEWNS),
                           NAME(CLONE_SYSVSEM), NAME(CLONE_SETTLS), NAME(CLONE_PARENT_SETTID), NAME(CLONE_CHILD_CLEARTID), NAME(CLONE_DETACHED), NAME(CLONE_CHILD_SETTID), NAME(CLONE_PIDFD),
                           {SIGCHLD, "SIGCHLD", 255}};
constexpr Name messages[] = {NAME(MSG_OOB), NAME(MSG_PEEK), NAME(MSG_DONTROUTE), NAME(MSG_CTRUNC), NAME(MSG_TRUNC), NAME(MSG_DONTWAIT), NAME(MSG_EOR), NAME(MSG_WAITALL), NAME(MSG_ERRQUEUE),
                             NAME(MSG_NOSIGNAL), NAME(MSG_MORE), NAME(MSG_WAITFORONE), NAME(MSG_ZEROCOPY), NAME(MSG_FASTOPEN), NAME(MSG_CMSG_CLOEXEC)};
constexpr Name kinds_of_socket[] = {{SOCK_STREAM, "SOCK_STREAM", 15}, {SOCK_DGRAM, "SOCK_DGRAM", 15}, {SOCK_RAW, "SOCK_RAW", 15}, {SOCK_SEQPACKET, "SOCK_SEQPACKET", 15}, NAME(SOCK_CLOEXEC), NAME(SOCK_NONBLOCK)};
constexpr Name new_descriptor[] = {NAME(O_CLOEXEC), NAME(O_NONBLOCK)};
constexpr Name event_counters[] = {NAME(EFD_SEMAPHORE), NAME(EFD_CLOEXEC), NAME(EFD_NONBLOCK)};
constexpr Name waits[] = {NAME(WNOHANG), NAME(WUNTRACED), NAME(WCONTINUED), NAME(WEXITED), NAME(WNOWAIT)};
constexpr Name memory_files[] = {NAME(MFD_CLOEXEC), NAME(MFD_ALLOW_SEALING), NAME(MFD_HUGETLB)};
constexpr Name entropy[] = {NAME(GRND_NONBLOCK), NAME(GRND_RANDOM), NAME(GRND_INSECURE)};
constexpr Name remaps[] = {NAME(MREMAP_MAYMOVE), NAME(MREMAP_FIXED), NAME(MREMAP_DONTUNMAP)};
constexpr Name timer_flags[] = {NAME(TIMER_ABSTIME)};

constexpr Name domains[] = {NAME(AF_UNIX), NAME(AF_INET), NAME(AF_INET6), NAME(AF_NETLINK), NAME(AF_PACKET)};
constexpr Name levels[] = {NAME(SOL_SOCKET), {0, "SOL_IP"}, {6, "SOL_TCP"}, {17, "SOL_UDP"}, {41, "SOL_IPV6"}};
constexpr Name ends_of_socket[] = {NAME(SHUT_RD), NAME(SHUT_WR), NAME(SHUT_RDWR)};
constexpr Name epoll_changes[] = {NAME(EPOLL_CTL_ADD), NAME(EPOLL_CTL_DEL), NAME(EPOLL_CTL_MOD)};
constexpr Name file_commands[] = {NAME(F_DUPFD), NAME(F_GETFD), NAME(F_SETFD), NAME(F_GETFL), NAME(F_SETFL), NAME(F_GETLK), NAME(F_SETLK), NAME(F_SETLKW), NAME(F_SETOWN), NAME(F_GETOWN),
                                  NAME(F_DUPFD_CLOEXEC), NAME(F_SETPIPE_SZ), NAME(F_GETPIPE_SZ), NAME(F_ADD_SEALS), NAME(F_GET_SEALS), NAME(F_OFD_SETLK), NAME(F_OFD_SETLKW), NAME(F_OFD_GETLK)};
constexpr Name advice[] = {NAME(MADV_NORMAL), NAME(MADV_RANDOM), NAME(MADV_SEQUENTIAL), NAME(MADV_WILLNEED), NAME(MADV_DONTNEED), NAME(MADV_FREE), NAME(MADV_DONTFORK), NAME(MADV_HUGEPAGE),
                           NAME(MADV_NOHUGEPAGE), NAME(MADV_DONTDUMP), NAME(MADV_COLD), NAME(MADV_POPULATE_READ), NAME(MADV_POPULATE_WRITE)};
constexpr Name origins[] = {NAME(SEEK_SET), NAME(SEEK_CUR), NAME(SEEK_END), {3, "SEEK_DATA"}, {4, "SEEK_HOLE"}};
constexpr Name mask_changes[] = {NAME(SIG_BLOCK), NAME(SIG_UNBLOCK), NAME(SIG_SETMASK)};
constexpr Name clocks[] = {NAME(CLOCK_REALTIME), NAME(CLOCK_MONOTONIC), NAME(CLOCK_PROCESS_CPUTIME_ID), NAME(CLOCK_THREAD_CPUTIME_ID), NAME(CLOCK_MONOTONIC_RAW), NAME(CLOCK_REALTIME_COARSE),
                           NAME(CLOCK_MONOTONIC_COARSE), NAME(CLOCK_BOOTTIME)};
constexpr Name signals[] = {NAME(SIGHUP), NAME(SIGINT), NAME(SIGQUIT), NAME(SIGILL), NAME(SIGTRAP), NAME(SIGABRT), NAME(SIGBUS), NAME(SIGFPE), NAME(SIGKILL), NAME(SIGUSR1), NAME(SIGSEGV), NAME(SIGUSR2),
                            NAME(SIGPIPE), NAME(SIGALRM), NAME(SIGTERM), NAME(SIGCHLD), NAME(SIGCONT), NAME(SIGSTOP), NAME(SIGTSTP), NAME(SIGTTIN), NAME(SIGTTOU), NAME(SIGURG), NAME(SIGXCPU), NAME(SIGXFSZ),
                            NAME(SIGVTALRM), NAME(SIGPROF), NAME(SIGWINCH), NAME(SIGIO), NAME(SIGPWR), NAME(SIGSYS), {32, "SIGRT_0"}, {33, "SIGRT_1"}, {34, "SIGRT_2"}};
constexpr Name device_requests[] = {NAME(TCGETS), NAME(TCSETS), NAME(TCSETSW), NAME(TCSETSF), NAME(TIOCGWINSZ), NAME(TIOCSWINSZ), NAME(TIOCGPGRP), NAME(TIOCSPGRP), NAME(TIOCSCTTY), NAME(TIOCNOTTY),
                                    NAME(FIONREAD), NAME(FIONBIO), NAME(FIOCLEX), NAME(FIONCLEX), NAME(TIOCGPTN), NAME(TIOCSPTLCK), {0x8912, "SIOCGIFCONF"}, {0x8913, "SIOCGIFFLAGS"}, {0x8915, "SIOCGIFADDR"}};
constexpr Name futex_operations[] = {{FUTEX_WAIT, "FUTEX_WAIT", 127}, {FUTEX_WAKE, "FUTEX_WAKE", 127}, {FUTEX_REQUEUE, "FUTEX_REQUEUE", 127}, {FUTEX_CMP_REQUEUE, "FUTEX_CMP_REQUEUE", 127},
                                     {FUTEX_WAKE_OP, "FUTEX_WAKE_OP", 127}, {FUTEX_LOCK_PI, "FUTEX_LOCK_PI", 127}, {FUTEX_UNLOCK_PI, "FUTEX_UNLOCK_PI", 127},
                                     {FUTEX_WAIT_BITSET, "FUTEX_WAIT_BITSET", 127}, {FUTEX_WAKE_BITSET, "FUTEX_WAKE_BITSET", 127}, NAME(FUTEX_PRIVATE_FLAG), NAME(FUTEX_CLOCK_REALTIME)};
constexpr Name process_options[] = {NAME(PR_SET_PDEATHSIG), NAME(PR_GET_DUMPABLE), NAME(PR_SET_DUMPABLE), NAME(PR_SET_KEEPCAPS), NAME(PR_SET_NAME), NAME(PR_GET_NAME), NAME(PR_GET_SECCOMP),
                                    NAME(PR_SET_SECCOMP), NAME(PR_CAPBSET_READ), NAME(PR_CAPBSET_DROP), NAME(PR_SET_TIMERSLACK), NAME(PR_SET_NO_NEW_PRIVS), NAME(PR_GET_NO_NEW_PRIVS), NAME(PR_CAP_AMBIENT)};
constexpr Name resources[] = {NAME(RLIMIT_CPU), NAME(RLIMIT_FSIZE), NAME(RLIMIT_DATA), NAME(RLIMIT_STACK), NAME(RLIMIT_CORE), NAME(RLIMIT_RSS), NAME(RLIMIT_NPROC), NAME(RLIMIT_NOFILE), NAME(RLIMIT_MEMLOCK),
                              NAME(RLIMIT_AS), NAME(RLIMIT_LOCKS), NAME(RLIMIT_SIGPENDING), NAME(RLIMIT_MSGQUEUE), NAME(RLIMIT_NICE), NAME(RLIMIT_RTPRIO)};
#undef NAME

enum class Shape : u8 { flags, open_flags, one, address };
struct Meaning {
    std::string_view calls;  ///< separated by blanks
    unsigned argument;       ///< from 0
    Shape shape;
    std::span<const Name> names;
};
constexpr Meaning meanings[] = {
    {"mmap", 0, Shape::address, {}}, {"ioctl", 2, Shape::address, {}},
    {"open", 1, Shape::open_flags, open_flags}, {"openat", 2, Shape::open_flags, open_flags},
    {"mmap", 2, Shape::flags, protections}, {"mprotect", 2, Shape::flags, protections}, {"mmap", 3, Shape::flags, mappings}, {"mremap", 3, Shape::flags, remaps},
    {"madvise", 2, Shape::one, advice}, {"memfd_create", 1, Shape::flags, memory_files},
    {"newfstatat fchownat statx execveat", 3, Shape::flags, at_flags}, {"faccessat2 utimensat", 3, Shape::flags, at_flags}, {"statx", 2, Shape::flags, at_flags},
    {"linkat execveat fchownat", 4, Shape::flags, at_flags}, {"unlinkat", 2, Shape::flags, unlink_flags}, {"access", 1, Shape::flags, access_kinds}, {"faccessat faccessat2", 2, Shape::flags, access_kinds},
    {"clone", 0, Shape::flags, clones}, {"unshare", 0, Shape::flags, clones}, {"wait4", 2, Shape::flags, waits}, {"waitid", 3, Shape::flags, waits},
    {"socket socketpair", 0, Shape::one, domains}, {"socket socketpair", 1, Shape::flags, kinds_of_socket}, {"accept4", 3, Shape::flags, kinds_of_socket}, {"shutdown", 1, Shape::one, ends_of_socket},
    {"sendto recvfrom sendmmsg recvmmsg", 3, Shape::flags, messages}, {"sendmsg recvmsg", 2, Shape::flags, messages}, {"getsockopt setsockopt", 1, Shape::one, levels},
    {"pipe2", 1, Shape::flags, new_descriptor}, {"dup3", 2, Shape::flags, new_descriptor}, {"epoll_create1 inotify_init1", 0, Shape::flags, new_descriptor},
    {"timerfd_create", 1, Shape::flags, new_descriptor}, {"signalfd4", 3, Shape::flags, new_descriptor}, {"eventfd2", 1, Shape::flags, event_counters},
    {"epoll_ctl", 1, Shape::one, epoll_changes}, {"fcntl", 1, Shape::one, file_commands}, {"ioctl", 1, Shape::one, device_requests}, {"lseek", 2, Shape::one, origins}, {"futex", 1, Shape::flags, futex_operations},
    {"rt_sigaction", 0, Shape::one, signals}, {"kill tkill", 1, Shape::one, signals}, {"tgkill", 2, Shape::one, signals}, {"rt_sigprocmask", 0, Shape::one, mask_changes},
    {"clock_gettime clock_getres clock_settime clock_nanosleep timer_create timerfd_create", 0, Shape::one, clocks}, {"clock_nanosleep", 1, Shape::flags, timer_flags},
    {"prctl", 0, Shape::one, process_options}, {"getrlimit setrlimit", 0, Shape::one, resources}, {"prlimit64", 1, Shape::one, resources}, {"getrandom", 2, Shape::flags, entropy},
};

bool among(std::string_view words, std::string_view word) {
    for (std::size_t at = 0; (at = words.find(word, at)) != std::string_view::npos; at += word.size())
        if ((at == 0 || words[at - 1] == ' ') && (at + word.size() == words.size() || words[at + word.size()] == ' ')) return true;
    return false;
}

/// Takes the flags that have names out of `left`.
void take_flags(std::span<const Name> names, u64 all, u64& left, std::string& text) {
    for (const auto& [value, name, mask] : names) {
        u64 bits = mask ? mask : value;
        // "PROT_NONE" and its like: nothing else is set.
        if (mask == ~u64{0} ? all != value : ((all & bits) != value || (left & value) != value)) continue;
        left &= ~bits;
        if (!text.empty()) text += '|';
        text += name;
    }
}

std::optional<std::string> named(const Meaning& meaning, u64 value, Architecture architecture) {
    if (meaning.shape == Shape::address) return value ? fmt::format("0x{:x}", value) : "NULL";
    if (meaning.shape == Shape::one) {
        for (const auto& name : meaning.names)
            if (name.value == value) return std::string(name.name);
        return std::nullopt;
    }
    std::string text;
    u64 left = value;
    if (meaning.shape == Shape::open_flags) {
        take_flags(access_modes, value, left, text);
        take_flags(architecture == Architecture::arm64 ? std::span<const Name>(open_flags_arm64) : open_flags_x86_64, value, left, text);
    }
    take_flags(meaning.names, value, left, text);
    if (text.empty()) return std::nullopt;
    return left ? text + fmt::format("|0x{:x}", left) : text;
}

std::optional<u64> number_of(std::string_view text) {
    bool hexadecimal = text.starts_with("0x");
    if (hexadecimal) text.remove_prefix(2);
    u64 value;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// Where an argument ends: at a comma or parenthesis that no string holds.
std::size_t end_of_argument(std::string_view text) {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (quoted && text[i] == '\\') ++i;
        else if (text[i] == '"') quoted = !quoted;
        else if (!quoted && (text[i] == ',' || text[i] == ')')) return i;
    }
    return text.size();
}

}  // namespace

std::string with_names(std::string_view line, Architecture architecture) {
    auto begin = line.starts_with('[') ? line.find("] ") : 0;
    auto open = line.find('(');
    if (begin == std::string_view::npos || open == std::string_view::npos || open < begin) return std::string(line);
    auto call = line.substr(begin ? begin + 2 : 0, open - (begin ? begin + 2 : 0));
    std::string text(line.substr(0, open + 1));
    line.remove_prefix(open + 1);
    for (unsigned index = 0;; ++index) {
        auto size = end_of_argument(line);
        auto argument = line.substr(0, size);
        std::optional<std::string> name;
        if (auto value = number_of(argument))
            for (const auto& meaning : meanings)
                if (!name && meaning.argument == index && among(meaning.calls, call)) name = named(meaning, *value, architecture);
        text += name.value_or(std::string(argument));
        line.remove_prefix(size);
        if (!line.starts_with(", ")) break;
        text += ", ";
        line.remove_prefix(2);
    }
    return text.append(line);
}

}  // namespace spore::host
