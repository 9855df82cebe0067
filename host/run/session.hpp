// A running guest, seen from the host: connects the channel with our standard streams, passes signals on, and ends with the
// program's exit status. Knows nothing of QEMU: its other side may be any process that speaks abi/channel.hpp.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "host/common/failure.hpp"
#include "host/run/executions.hpp"
#include "host/run/frames.hpp"
#include "host/run/freezer.hpp"
#include "host/run/output.hpp"
#include "host/run/questions.hpp"

namespace spore::host {

struct SessionFiles {
    int channel = -1;  ///< our end of the stream socket; made non-blocking
    int serial = -1;   ///< the machine's plain console: what is said before the channel is up; or -1
    int machine = -1;  ///< readable when the machine has ended (pidfd); -1: its end is the channel's
    int signals = -1;  ///< a signalfd with the signals to pass on; or -1
    int questions = -1;   ///< a listening socket for questions to the guest; or -1
    int executions = -1;  ///< the same for programs that others start in it (executions.hpp)
    int snapshots = -1;   ///< the same for who has its state saved (freezer.hpp)
    int input = 0, output = 1, errors = 2;
};

/// Who else looks at what the guest says. Each may be empty.
struct SessionHooks {
    std::function<void(std::string_view line)> strace;            ///< lines of strace; otherwise they go to standard error
    std::function<std::string(std::string_view line)> explain;    ///< log lines with their places named
    std::function<void(u64 nanoseconds)> greeted;                 ///< the guest's first word: how long after its first instruction
    std::function<void(ByteSpan payload)> trace;                  ///< what was recorded: a TracePayload and events, not checked
    std::function<void(std::string_view name, u64 nanoseconds)> boot_mark;  ///< what its boot had come to then
    Saving saving;                                                ///< with SessionFiles::snapshots
};

/// How the guest comes to run: it boots, or goes on where the machine was whose state it has.
enum class Beginning : u8 { boot, saved_state };

/// Our own signal that stands for any other: its value is the signal to pass on. For those that would stop or end this process.
int forwarding_signal();
/// Its value when the guest is to be asked to stop, by the signal that it is made for.
int stop_request();

/// Signals that are meant for the program arrive at the descriptor (a signalfd) from now on, instead of ending this process.
FileDescriptor take_signals();

/// What a second SIGINT or SIGTERM does: ends the machine, or reaches the program like the first.
enum class SecondSignal : u8 { ends, passes };

class Session {
public:
    Session(const SessionFiles& files, std::optional<std::chrono::milliseconds> timeout, SessionHooks hooks = {},
            SecondSignal second_signal = SecondSignal::ends, Beginning beginning = Beginning::boot);

    /// Runs until the program ends. Gives the exit status; a failure when there is none.
    Outcome<int> run();

private:
    enum class Stream : u8 { open, ended };
    using Clock = std::chrono::steady_clock;

    bool read_channel();  ///< false at the end of the stream
    void handle(const GuestFrameReader::Frame& frame);
    void handle_exit(ByteSpan payload);
    void read_input();
    void read_serial();
    void read_signals();
    void note_output(const GuestFrameReader::Frame& frame);
    void send_pending();
    bool has_to_send() const { return !sending_.empty() || (!frozen_ && !to_guest_.empty()); }
    void freeze_when_quiet();
    void thaw(Beginning beginning);
    void pass_signal(int signal);
    int wait_time() const;
    Outcome<int> machine_ended();
    Outcome<int> conclude();

    SessionFiles files_;
    SessionHooks hooks_;
    SecondSignal second_signal_;
    std::optional<Clock::time_point> deadline_;
    GuestFrameReader reader_;
    Output output_, errors_;
    Questions questions_;
    Executions executions_;
    Freezer freezer_;
    std::string to_guest_;  ///< frames, to be sent after
    std::string sending_;   ///< those of them that the channel has a part of, perhaps
    bool frozen_ = false;   ///< from `freeze` on to_guest_ waits for `thaw`
    u64 credit_ = abi::initial_stdin_credit;
    Stream input_ = Stream::open;
    bool greeted_ = false, told_output_end_ = false, told_errors_end_ = false;
    int ending_signals_ = 0, last_signal_ = 0;
    u32 unacknowledged_ = 0;  ///< output taken that the guest was not told of
    bool kernel_speaks_ = false;
    std::string firmware_words_;  ///< the serial line until the kernel says something on it
    std::optional<Outcome<int>> result_;
};

}  // namespace spore::host
