// The control channel: one byte stream in each direction between the running kernel and the host tool, over a
// virtio-console port. Everything the tool needs travels here in order: output, log lines, the exit status.
//
// Each frame is a FrameHeader and `size` bytes of payload. A frame of an unknown kind is skipped by its size.
#pragma once

#include "abi/groups.hpp"
#include "base/bytes.hpp"

namespace spore::abi {

inline constexpr u16 channel_version = 2;
inline constexpr u32 max_frame_payload = 65536;
/// Bytes of standard input that the host may send before the first `stdin_credit` frame.
inline constexpr u32 initial_stdin_credit = 65536;
/// What the guest may send before the first `output_credit` frame: QEMU throws away what its socket does not take at once. Each frame
/// of output, log, strace or trace counts its payload and frame_cost, which is about what the host's kernel adds to a small one.
inline constexpr u32 initial_output_credit = 128 * 1024;
inline constexpr u32 frame_cost = 1024;
/// Log lines do not wait for credit. They go this far beyond it, and are lost after that.
inline constexpr u32 log_overdraft = 48 * 1024;

struct FrameHeader {
    u8 kind;        ///< a GuestFrame or HostFrame, by direction
    u8 reserved[3];
    le32 size;      ///< bytes of payload
};
static_assert(sizeof(FrameHeader) == 8 && alignof(FrameHeader) == 1);

/// Guest to host.
enum class GuestFrame : u8 {
    hello = 1,         ///< HelloPayload: first frame of all
    standard_out = 2,  ///< bytes
    standard_err = 3,  ///< bytes
    log = 4,           ///< u8 LogLevel, then the line as text without newline
    exit = 5,          ///< ExitPayload: last frame of all; the machine powers off after it
    stdin_credit = 6,  ///< le32: bytes of standard input that were consumed
    strace = 7,        ///< one line in strace's format without newline
    reply = 8,         ///< ReplyPayload, then a piece of the text that a `query` asked for
    boot_mark = 9,     ///< BootMarkPayload, then what boot had come to, as text; before `exit`, where the manifest asks for it
    nested = 10,       ///< NestedPayload, then a frame of that program: hello, standard_out, standard_err, stdin_credit or exit
    trace = 11,        ///< TracePayload, then TraceEvents (trace.hpp); before `exit`, where the manifest asks for it
    frozen = 12,       ///< FrozenPayload: the answer to `freeze`
};

/// Host to guest.
enum class HostFrame : u8 {
    standard_in = 1,   ///< bytes
    stdin_end = 2,     ///< end of file on standard input
    signal = 3,        ///< le32: deliver this signal to the program's process group
    window_size = 4,   ///< le16 rows, le16 columns
    query = 5,         ///< le32 number of the question, then the path of a file below /proc ("net/tcp"): the kernel reports its text, or the names in a folder; or one of trace_questions (trace.hpp)
    shutdown = 6,      ///< stop the program by its signal (the manifest's), close the volumes, power off; who insists, by another within 5 seconds, does not wait for the program
    output_credit = 7, ///< le32: what of the guest's output was taken, see initial_output_credit
    nested = 8,        ///< NestedPayload, then a frame for that program: start, standard_in, stdin_end, signal, window_size, output_credit, output_end or hang_up
    start = 9,         ///< nested only, the first of all: StartPayload, then the program's strings
    hang_up = 10,      ///< nested only, the last of all: nobody is there any more
    output_end = 11,   ///< u8 GuestFrame, standard_out or standard_err: nobody takes that any more
    freeze = 12,       ///< the machine's state is to be saved: from `frozen` to `thaw` nothing runs in the guest, and neither side sends anything
    thaw = 13,         ///< ThawPayload
    copy = 14,         ///< nested only, the first of all in place of `start`: CopyPayload (copy.hpp) and its strings; ends with `exit` like a program
};

struct HelloPayload {
    le16 version;
    le16 reserved;
    le32 reserved2;
    le64 boot_nanoseconds;  ///< from the kernel's first instruction to this frame
};

/// A program beside the first has a channel of its own within this one, from `start` to `exit` or `hang_up`, with credits of its own; its output
/// counts against the first's, too, header and all.
struct NestedPayload {
    le32 number;  ///< of the program, which the host gives it; free again after its end
};
/// How many there can be at a time.
inline constexpr u32 max_nested = 16;

struct StartPayload {
    u8 terminal;         ///< 1: a terminal of its own
    u8 own_user;         ///< 1: `uid`, `gid` and `groups` count; otherwise it runs as who the first program began as
    le16 rows, columns;  ///< of the terminal's window
    u8 group_count;      ///< at most most_groups
    u8 reserved;
    le32 uid, gid;
    le32 arguments;      ///< how many
    le32 groups[most_groups];
};
static_assert(sizeof(StartPayload) == 148);
/// Its strings, each with its zero: the folder to begin in (empty: the first program's), the arguments, of which the first names the program by a
/// path or as $PATH finds it, and what its environment has besides the first program's or other than that ("KEY=value").

struct BootMarkPayload {
    le64 nanoseconds;  ///< since the kernel's first instruction
};

enum class FreezeState : u8 {
    still = 0,      ///< until `thaw`
    no_memory = 1,  ///< it goes on
    tailored = 2,   ///< likewise: the kernel cannot
};
struct FrozenPayload {
    u8 state;       ///< FreezeState
    u8 reserved[3];
};

struct ThawPayload {
    u8 restored;    ///< 1: this is a machine that was made of the saved state. Its channel begins anew, with `hello`, the credits, and nobody who asked anything
    u8 reserved[7];
    le64 wall_nanoseconds;  ///< since 1970, and
    u8 seed[32];            ///< random bytes that no other machine was given; both where it was restored
};
static_assert(sizeof(ThawPayload) == 48 && alignof(ThawPayload) == 1);

enum class ExitReason : u8 {
    exited = 0,    ///< `status` is the program's exit status
    signaled = 1,  ///< `status` is the signal that killed it
    panic = 2,     ///< the kernel stopped; the message came as log frames
    failed = 3,    ///< the program could not be started; `status` is a StartFailure
};
struct ExitPayload {
    u8 reason;
    u8 reserved[3];
    le32 status;
};

/// A text comes in any number of pieces, then one frame without text that says how it ended.
enum class ReplyState : u8 {
    more = 0,
    complete = 1,
    unknown = 2,   ///< there is no such file
    failed = 3,    ///< it cannot be read now: no memory, or max_queries wait already
};
struct ReplyPayload {
    le32 number;  ///< of the question
    u8 state;     ///< ReplyState
    u8 reserved[3];
};
static_assert(sizeof(ReplyPayload) == 8 && alignof(ReplyPayload) == 1);
/// Questions that the guest answers at a time, and how long a path may be.
inline constexpr u32 max_queries = 4, max_query_path = 128;

/// Why no program ran. The host tool turns each into one line with the fix.
enum class StartFailure : u32 {
    bad_bundle = 1,
    bad_root = 2,
    program_not_found = 3,
    interpreter_not_found = 4,
    not_executable = 5,
    wrong_architecture = 6,
    no_memory = 7,
    unsupported = 8,
    folder_not_found = 9,
    too_many_programs = 10,  ///< max_nested
    tailored = 11,           ///< the kernel was made for its first program only
    bad_start = 12,          ///< what was asked for breaks the format
};

}  // namespace spore::abi
