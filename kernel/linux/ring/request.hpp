// One operation that a program submitted, from then until its completion is in the ring.
#pragma once

#include "kernel/fs/file.hpp"
#include "kernel/linux/calls/message.hpp"
#include "kernel/linux/errno.hpp"
#include "kernel/linux/ring/format.hpp"
#include "kernel/linux/ring/work.hpp"
#include "kernel/linux/uapi/socket.hpp"
#include "kernel/linux/uapi/transfer.hpp"
#include "kernel/linux/uapi/types.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux::ring {

class Ring;
class Request;

/// What an operation is: its one declaration (operations.list.hpp).
struct Operation {
    enum Kind : u8 { call, poll, timeout, linked_timeout };
    /// Fields of the submission that must be zero.
    enum Field : u8 { offset = 1, address = 2, size = 4, flags = 8, buffer = 16, file_index = 32 };
    /// Three say which of its flags asks it not to wait; own_descriptor, that what it works on is not found among the ring's files.
    enum Trait : u8 { takes_priority = 1, selects_buffer = 2, transfers = 4, messages = 8, splices = 16, own_descriptor = 32 };
    u8 number = 0;
    Kind kind = call;
    u8 files = 0;  ///< how many it works on
    u8 unused = 0, traits = 0;
    fs::Ready waits_for = fs::Ready::none;
    u32 no_wait_flag() const { return traits & transfers ? u32{rwf_no_wait} : traits & messages ? u32{msg_dontwait} : traits & splices ? u32{splice_non_blocking} : 0; }
    /// Copies from the program's memory what the operation is to find as it was when it was submitted.
    Result<void> (*prepare)(Task&, Request&) = nullptr;
    /// Does it without waiting: would_block where it has to be tried again when the file is ready.
    Result<u64> (*perform)(Task&, Request&) = nullptr;
};
/// Null when there is none of that number.
const Operation* find_operation(u8 number);
extern const u8 last_operation;

/// A failure as completions tell it.
constexpr i32 result_of(Error error) { return static_cast<i32>(failure(errno_of(error))); }

/// What was copied from the program's memory.
struct Prepared {
    Pieces pieces;
    calls::Message message;
    SocketAddress address;
};

class Request {
public:
    explicit Request(Ring& owner) : ring(owner) {}
    Request(const Request&) = delete;
    ~Request() { stop_waiting(); }

    bool has(SubmissionFlag flag) const { return sqe.flags & flag; }
    Ring& ring;
    Submission sqe{};
    const Operation* operation = nullptr;
    Shared<fs::File> files[2];
    Owned<Prepared> prepared;
    Request* next = nullptr;      ///< linked to it; owned

    i32 result = 0;
    u32 flags = 0;                ///< of its completion
    bool failed = false;          ///< what is linked to it is not to be done
    bool refused = false;         ///< so is this: it has its result already
    bool silent = false;          ///< no completion, as it succeeded
    bool waiting = false;
    bool many = false;            ///< it goes on after a completion
    bool gives_notice = false;    ///< another completion follows its last: the bytes are no longer in use
    Shared<TaskRings> submitter;  ///< whose it is, once it waits
    bool is_orphaned() const { return submitter && submitter->ended.load(std::memory_order_acquire); }
    u64 done = 0;                 ///< bytes moved by former tries

    /// Hears of the files that the operation waits for.
    struct Tie final : fs::PollObserver {
        bool notify(fs::Ready what) override;
        Request* request = nullptr;
        fs::PollSource* source = nullptr;
        fs::Ready wanted = fs::Ready::none;
        std::atomic<u32> heard = 0;  ///< of what it waits for, since it began to
    } ties[2];
    void attach(unsigned index, fs::Ready wanted);
    bool attached() const { return ties[0].source != nullptr; }
    void stop_waiting();

    // Time-outs
    struct Alarm final : time::Timer {
        explicit Alarm(Request& of) : Timer(&expire), owner(of) {}
        static void expire(Timer& timer);
        Request& owner;
    } alarm{*this};
    std::atomic<bool> expired = false;
    Timespec span{};
    u32 count_from = 0, count = 0;  ///< of completions, when it waits for as many since then
    Request* guarded = nullptr;   ///< what a linked time-out limits; not owned

    ListLink<Request> link;       ///< in one of the ring's lists
    ListLink<Request> ready_link;
};

/// Those that wait for the ring to look at them.
using Requests = List<Request, &Request::link>;
using ReadyRequests = List<Request, &Request::ready_link>;

}  // namespace spore::linux::ring
