#include "kernel/linux/strace.hpp"

#include <algorithm>

#include "arch/registers.hpp"
#include "base/format.hpp"
#include "kernel/linux/dispatch.hpp"
#include "kernel/linux/machine/numbers.hpp"
#include "kernel/linux/octal.hpp"

namespace spore::linux {

namespace {
#define MISSING(name, x86_64, arm64) machine::number(x86_64, arm64),
constexpr i16 missing_numbers[] = {
#include "kernel/linux/calls/missing.list.hpp"
};
#undef MISSING
/// In the same order, each with its zero.
#define MISSING(name, x86_64, arm64) #name "\0"
constexpr char missing_names[] =
#include "kernel/linux/calls/missing.list.hpp"
    ;
#undef MISSING
}  // namespace

std::string_view call_name(u64 number) {
    if (auto info = find_call(number)) return info->name;
    const char* name = missing_names;
    for (i16 missing : missing_numbers) {
        if (static_cast<u64>(missing) == number) return name;
        name += std::string_view(name).size() + 1;
    }
    return {};
}

std::string_view errno_name(i64 number) {
    static constexpr struct {
        Errno number;
        std::string_view name;
    } names[] = {
        {Errno::eperm, "EPERM"}, {Errno::enoent, "ENOENT"}, {Errno::esrch, "ESRCH"}, {Errno::eintr, "EINTR"}, {Errno::eio, "EIO"},
        {Errno::enxio, "ENXIO"}, {Errno::e2big, "E2BIG"}, {Errno::enoexec, "ENOEXEC"}, {Errno::ebadf, "EBADF"}, {Errno::echild, "ECHILD"},
        {Errno::eagain, "EAGAIN"}, {Errno::enomem, "ENOMEM"}, {Errno::eacces, "EACCES"}, {Errno::efault, "EFAULT"}, {Errno::ebusy, "EBUSY"},
        {Errno::eexist, "EEXIST"}, {Errno::exdev, "EXDEV"}, {Errno::enodev, "ENODEV"}, {Errno::enotdir, "ENOTDIR"}, {Errno::eisdir, "EISDIR"},
        {Errno::einval, "EINVAL"}, {Errno::enfile, "ENFILE"}, {Errno::emfile, "EMFILE"}, {Errno::enotty, "ENOTTY"}, {Errno::etxtbsy, "ETXTBSY"},
        {Errno::efbig, "EFBIG"}, {Errno::enospc, "ENOSPC"}, {Errno::espipe, "ESPIPE"}, {Errno::erofs, "EROFS"}, {Errno::emlink, "EMLINK"},
        {Errno::epipe, "EPIPE"}, {Errno::erange, "ERANGE"}, {Errno::edeadlk, "EDEADLK"}, {Errno::enametoolong, "ENAMETOOLONG"},
        {Errno::enosys, "ENOSYS"}, {Errno::enotempty, "ENOTEMPTY"}, {Errno::eloop, "ELOOP"}, {Errno::enodata, "ENODATA"},
        {Errno::eoverflow, "EOVERFLOW"}, {Errno::enotsock, "ENOTSOCK"}, {Errno::edestaddrreq, "EDESTADDRREQ"}, {Errno::emsgsize, "EMSGSIZE"},
        {Errno::eprototype, "EPROTOTYPE"}, {Errno::enoprotoopt, "ENOPROTOOPT"}, {Errno::eprotonosupport, "EPROTONOSUPPORT"},
        {Errno::esocktnosupport, "ESOCKTNOSUPPORT"}, {Errno::eopnotsupp, "EOPNOTSUPP"}, {Errno::eafnosupport, "EAFNOSUPPORT"},
        {Errno::eaddrinuse, "EADDRINUSE"}, {Errno::eaddrnotavail, "EADDRNOTAVAIL"}, {Errno::enetdown, "ENETDOWN"},
        {Errno::enetunreach, "ENETUNREACH"}, {Errno::econnaborted, "ECONNABORTED"}, {Errno::econnreset, "ECONNRESET"},
        {Errno::enobufs, "ENOBUFS"}, {Errno::eisconn, "EISCONN"}, {Errno::enotconn, "ENOTCONN"}, {Errno::eshutdown, "ESHUTDOWN"},
        {Errno::etimedout, "ETIMEDOUT"}, {Errno::econnrefused, "ECONNREFUSED"}, {Errno::ehostunreach, "EHOSTUNREACH"},
        {Errno::ealready, "EALREADY"}, {Errno::einprogress, "EINPROGRESS"}, {Errno::ecanceled, "ECANCELED"},
    };
    for (auto& entry : names)
        if (static_cast<i64>(entry.number) == number) return entry.name;
    return {};
}

namespace {

constinit StraceSink sink = nullptr;

/// A line under construction; what does not fit is cut.
class Line {
public:
    template <typename... Args>
    void put(FormatString<Args...> format, const Args&... args) {
        used_ += format_to(std::span(text_).subspan(used_), format, args...).size();
    }
    void put_text(VirtAddr at) {
        constexpr std::size_t shown = 64;
        if (at.value == 0) return put("NULL");
        auto text = UserString{at}.read(4096);
        if (!text) return put("{}", at);
        put_quoted(text->view().substr(0, shown), text->size() > shown);
    }
    void put_bytes(VirtAddr at, u64 size) {
        char shown[32];
        auto count = std::min<u64>(size, sizeof shown);
        if (!is_program_range(at, count) || !arch::copy_from_program(shown, at, count)) return put("0x{:x}", at.value);
        put_quoted({shown, count}, size > count);
    }
    /// As in C.
    void put_quoted(std::string_view text, bool cut) {
        put("\"");
        for (std::size_t i = 0; i < text.size(); ++i) {
            char c = text[i];
            bool digit_follows = i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '7';
            if (c == '"' || c == '\\') put("\\{}", c);
            else if (c == '\n') put("\\n");
            else if (c == '\r') put("\\r");
            else if (c == '\t') put("\\t");
            else if (c >= ' ' && c <= '~') put("{}", c);
            else put("\\{}{}", digit_follows ? (static_cast<u8>(c) < 010 ? "00" : static_cast<u8>(c) < 0100 ? "0" : "") : "", Octal(static_cast<u8>(c)).view());
        }
        put(cut ? std::string_view("\"...") : std::string_view("\""));
    }
    void put(std::string_view text) { put("{}", text); }
    std::string_view view() const { return {text_, used_}; }

private:
    char text_[512];
    std::size_t used_ = 0;
};

/// `count` is of bytes, for arguments that point to some.
void put_argument(Line& line, ArgumentKind kind, u64 raw, u64 count) {
    switch (kind) {
    case ArgumentKind::nothing: return;
    case ArgumentKind::long_number: return line.put("{}", static_cast<i64>(raw));
    case ArgumentKind::unsigned_number: return line.put("{}", static_cast<u32>(raw));
    case ArgumentKind::long_unsigned_number: return line.put("{}", raw);
    case ArgumentKind::number:
    case ArgumentKind::signal:
    case ArgumentKind::descriptor: return line.put("{}", static_cast<i32>(raw));
    case ArgumentKind::directory:
        if (static_cast<i32>(raw) == DirectoryDescriptor::current) return line.put("AT_FDCWD");
        return line.put("{}", static_cast<i32>(raw));
    case ArgumentKind::flags: return line.put("0x{:x}", static_cast<u32>(raw));
    case ArgumentKind::mode: return line.put("0{}", Octal(static_cast<u32>(raw)).view());
    case ArgumentKind::address: return raw ? line.put("0x{:x}", raw) : line.put("NULL");
    case ArgumentKind::text: return line.put_text({raw});
    case ArgumentKind::data:
    case ArgumentKind::buffer: return raw ? line.put_bytes({raw}, count) : line.put("NULL");
    }
}

/// `result` is nothing before the call has one.
void put_call(Line& line, Task& task, const arch::TrapFrame& frame, i64 result = -1) {
    u64 number = arch::system_call_number(frame);
    auto info = find_call(number);
    line.put("[pid {}] ", task.id());
    if (!info) {
        auto name = call_name(number);
        if (name.empty()) return line.put("syscall_{}(", number);
        return line.put("{}(", name);
    }
    line.put("{}(", info->name);
    for (unsigned i = 0; i < 6 && info->arguments[i] != ArgumentKind::nothing; ++i) {
        if (i) line.put(", ");
        auto kind = info->arguments[i];
        auto raw = arch::system_call_argument(frame, i);
        u64 size = i < 5 ? arch::system_call_argument(frame, i + 1) : 0;
        if (kind == ArgumentKind::buffer) {
            if (result > 0) size = std::min(size, static_cast<u64>(result));
            else kind = ArgumentKind::address;
        }
        put_argument(line, kind, raw, size);
    }
}

bool does_not_return(std::string_view name) { return name == "exit" || name == "exit_group" || name == "rt_sigreturn" || name == "execve"; }

}  // namespace

void set_strace_sink(StraceSink wanted) { sink = wanted; }

void trace_begin(Task& task, const arch::TrapFrame& frame) {
    // Most calls are shown when they return, with their results. These do not return, or not to their arguments.
    if (!sink || !does_not_return(call_name(arch::system_call_number(frame)))) return;
    Line line;
    put_call(line, task, frame);
    line.put(") = ?");
    sink(line.view());
}

void trace_end(Task& task, const arch::TrapFrame& frame, i64 result) {
    if (!sink || !arch::in_system_call(frame)) return;  // rt_sigreturn's is what the signal had interrupted
    auto name = call_name(arch::system_call_number(frame));
    if (does_not_return(name) && result >= 0) return;
    Line line;
    put_call(line, task, frame, result);
    constexpr i64 largest_errno = 4095;
    if (result < 0 && result >= -largest_errno) {
        auto error = errno_name(-result);
        if (error.empty()) line.put(") = ? ERESTART");
        else line.put(") = -1 {}", error);
    } else if (name == "mmap" || name == "brk" || name == "mremap") {
        line.put(") = 0x{:x}", static_cast<u64>(result));
    } else {
        line.put(") = {}", result);
    }
    sink(line.view());
}

}  // namespace spore::linux
