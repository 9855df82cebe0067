#include "host/run/session.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "host/common/colour.hpp"
#include "host/common/signals.hpp"

namespace spore::host {

namespace {

/// With this much waiting for a slow reader, nothing more is taken from the guest.
constexpr std::size_t most_pending_output = 1_MiB;
/// How every line of the kernel's own on the serial line begins.
constexpr std::string_view kernel_mark = "spore: ";
constexpr std::size_t most_firmware_words = 16384;

std::string level_mark(int descriptor, u8 level) {
    constexpr std::array<std::string_view, 6> names{"off", "error", "warn", "info", "debug", "trace"};
    auto colour = level <= 1 ? Colour::red : level == 2 ? Colour::yellow : Colour::grey;
    return coloured(descriptor, colour, fmt::format("[{}]", level < names.size() ? names[level] : "log"));
}

Failure explain_start_failure(abi::StartFailure reason) {
    using enum abi::StartFailure;
    switch (reason) {
        case bad_bundle: return {ExitStatus::failed, "the kernel does not understand its bundle: build the tool and the kernel from the same sources"};
        case bad_root: {
            auto cache = cache_directory();
            return {ExitStatus::bad_root, fmt::format("the guest cannot read its root image: empty the cache (rm -r {}) and run again", cache ? cache->string() : "~/.cache/spore")};
        }
        case program_not_found: return {ExitStatus::not_found, "the program is not in the guest's root: check the path and --root"};
        case interpreter_not_found: return {ExitStatus::missing_interpreter, "the program's interpreter is not in the guest's root: add it with -v or --root"};
        case not_executable: return {ExitStatus::not_executable, "the guest cannot run the program: it is not executable"};
        case wrong_architecture: return {ExitStatus::wrong_architecture, "the program is for another CPU than the machine: leave --arch away, or get or build it for that one"};
        case no_memory: return {ExitStatus::too_little_memory, "the guest has too little memory for this program: give it more with -m"};
        case folder_not_found: return {ExitStatus::failed, "the folder to begin in (-w) is not in the guest"};
        case too_many_programs: return {ExitStatus::failed, fmt::format("the machine runs {} programs beside its first already: wait until one has ended", abi::max_nested)};
        case tailored: return {ExitStatus::failed, "the machine's kernel was made for its first program only: run it without --tailor, or with --keep exec"};
        case bad_start: return {ExitStatus::failed, "the kernel does not understand what it is to start: build the tool and the kernel from the same sources"};
        case unsupported: return {ExitStatus::not_executable, "the program asks for something that the kernel does not support (--log=warn names it)"};
    }
    return {ExitStatus::failed, fmt::format("the guest could not start the program (reason {})", static_cast<u32>(reason))};
}

}  // namespace

int forwarding_signal() { return SIGRTMIN; }
int stop_request() { return 0; }

FileDescriptor take_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, forwarding_signal()}) ::sigaddset(&signals, signal);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    return FileDescriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

Session::Session(const SessionFiles& files, std::optional<std::chrono::milliseconds> timeout, SessionHooks hooks, SecondSignal second_signal, Beginning beginning)
    : files_(files), hooks_(std::move(hooks)), second_signal_(second_signal), output_(files.output), errors_(files.errors), questions_(files.questions), executions_(files.executions),
      freezer_(files.snapshots, hooks_.saving) {
    if (timeout) deadline_ = Clock::now() + *timeout;
    ::fcntl(files_.channel, F_SETFL, O_NONBLOCK);
    if (files_.serial >= 0) ::fcntl(files_.serial, F_SETFL, O_NONBLOCK);
    if (beginning == Beginning::saved_state) thaw(beginning);
    // What is saved runs in the background, and has come to the end of its input.
    if (beginning == Beginning::saved_state || ::fcntl(files_.input, F_GETFD) < 0) {
        append_frame(to_guest_, abi::HostFrame::stdin_end);
        input_ = Stream::ended;
    }
}

Outcome<int> Session::run() {
    enum { channel, serial, machine, signals, input, output, errors, count };
    std::vector<struct pollfd> waits;
    while (!result_) {
        bool congested = output_.pending() > most_pending_output || errors_.pending() > most_pending_output;
        waits.assign(count, {-1, 0, 0});
        waits[channel] = {files_.channel, static_cast<short>((congested ? 0 : POLLIN) | (has_to_send() ? POLLOUT : 0)), 0};
        waits[serial] = {files_.serial, POLLIN, 0};
        waits[machine] = {files_.machine, POLLIN, 0};
        waits[signals] = {files_.signals, POLLIN, 0};
        if (input_ == Stream::open && credit_ > 0 && to_guest_.size() < abi::max_frame_payload) waits[input] = {files_.input, POLLIN, 0};
        if (output_.pending() > 0) waits[output] = {files_.output, POLLOUT, 0};
        if (errors_.pending() > 0) waits[errors] = {files_.errors, POLLOUT, 0};

        questions_.add_waits(waits);
        auto questions_end = waits.size();
        executions_.add_waits(waits, to_guest_.size() < abi::max_frame_payload);
        auto executions_end = waits.size();
        freezer_.add_waits(waits);
        int ready = ::poll(waits.data(), waits.size(), wait_time());
        if (ready < 0 && errno != EINTR) return failure(ExitStatus::failed, "waiting for the guest failed: {}", error_text());
        if (ready == 0 && deadline_ && Clock::now() >= *deadline_)
            return failure(ExitStatus::timed_out, "the program did not end in time (--timeout)");
        if (ready <= 0) continue;
        if (waits[signals].revents) read_signals();
        if (waits[output].revents) output_.flush();
        if (waits[errors].revents) errors_.flush();
        if (waits[serial].revents) read_serial();
        if (waits[channel].revents & POLLOUT) send_pending();
        bool channel_ended = (waits[channel].revents & (POLLIN | POLLHUP | POLLERR)) && !congested && !read_channel();
        if (result_) break;
        if (waits[input].revents) read_input();
        questions_.serve(std::span(waits).first(questions_end).subspan(count), to_guest_);
        executions_.serve(std::span(waits).first(executions_end).subspan(questions_end), to_guest_);
        freezer_.serve(std::span(waits).subspan(executions_end));
        freeze_when_quiet();
        if (has_to_send()) send_pending();
        if (channel_ended || (waits[machine].revents && !(waits[channel].revents & POLLIN))) return machine_ended();
    }
    return conclude();
}

/// Everything is written before the result counts; a program whose output was lost has not succeeded, whatever it says.
Outcome<int> Session::conclude() {
    output_.finish(), errors_.finish();
    if (output_.error() && *result_) return failure(ExitStatus::failed, "cannot write to standard output: {}", std::strerror(output_.error()));
    return *result_;
}

int Session::wait_time() const {
    if (!deadline_) return -1;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now()).count();
    return static_cast<int>(std::clamp<i64>(left, 0, 1'000'000'000));
}

bool Session::read_channel() {
    std::byte buffer[65536];
    auto size = ::read(files_.channel, buffer, sizeof buffer);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) return false;
    reader_.add({buffer, static_cast<std::size_t>(size)});
    while (auto frame = reader_.next()) {
        handle(*frame);
        if (result_) return true;
    }
    if (reader_.broken()) result_ = failure(ExitStatus::failed, "the guest sent something that is no frame: build the tool and the kernel from the same sources");
    return true;
}

void Session::handle(const GuestFrameReader::Frame& frame) {
    using enum abi::GuestFrame;
    note_output(frame);
    switch (frame.kind) {
        case hello:
            greeted_ = true;
            if (auto* payload = view_at<abi::HelloPayload>(frame.payload, 0); payload && payload->version == abi::channel_version) {
                if (hooks_.greeted) hooks_.greeted(payload->boot_nanoseconds);
            } else
                result_ = failure(ExitStatus::failed, "the kernel speaks another version of the channel: build the tool and the kernel from the same sources");
            break;
        case standard_out:
        case standard_err: {
            auto& output = frame.kind == standard_out ? output_ : errors_;
            output.add(frame.text());
            // Our reader is gone, as a program's own would be: it is told in the same way.
            if (auto& told = frame.kind == standard_out ? told_output_end_ : told_errors_end_; output.closed() && !std::exchange(told, true))
                append_frame(to_guest_, abi::HostFrame::output_end, bytes_of(static_cast<u8>(frame.kind)));
            break;
        }
        case log:
            if (!frame.payload.empty()) {
                auto line = hooks_.explain ? hooks_.explain(frame.text().substr(1)) : std::string(frame.text().substr(1));
                errors_.add(fmt::format("{} {}\n", level_mark(files_.errors, static_cast<u8>(frame.payload[0])), line));
            }
            break;
        case exit: handle_exit(frame.payload); break;
        case stdin_credit:
            if (auto* bytes = view_at<le32>(frame.payload, 0)) credit_ += *bytes;
            break;
        case strace:
            if (hooks_.strace) hooks_.strace(frame.text());
            else errors_.add(fmt::format("{}\n", frame.text()));
            break;
        case reply: questions_.take_reply(frame.payload); break;
        case nested: executions_.take(frame.payload); break;
        case frozen:
            if (freezer_.take_frozen(frame.payload) == Freezer::Guest::stands_still) thaw(Beginning::boot);
            else frozen_ = false;
            break;
        case trace:
            if (hooks_.trace) hooks_.trace(frame.payload);
            break;
        case boot_mark:
            if (auto* payload = view_at<abi::BootMarkPayload>(frame.payload, 0); payload && hooks_.boot_mark)
                hooks_.boot_mark(frame.text().substr(sizeof *payload), payload->nanoseconds);
            break;
    }
}

void Session::note_output(const GuestFrameReader::Frame& frame) {
    using enum abi::GuestFrame;
    if (frame.kind != standard_out && frame.kind != standard_err && frame.kind != log && frame.kind != strace && frame.kind != reply && frame.kind != nested &&
        frame.kind != trace)
        return;
    unacknowledged_ += static_cast<u32>(frame.payload.size()) + abi::frame_cost;
    if (unacknowledged_ < abi::initial_output_credit / 4) return;
    le32 amount{};
    amount = unacknowledged_;
    append_frame(to_guest_, abi::HostFrame::output_credit, bytes_of(amount));
    unacknowledged_ = 0;
}

void Session::handle_exit(ByteSpan payload) {
    auto* end = view_at<abi::ExitPayload>(payload, 0);
    if (!end) {
        result_ = failure(ExitStatus::machine_ended, "the guest ended without a readable exit status");
        return;
    }
    u32 status = end->status;
    switch (static_cast<abi::ExitReason>(end->reason)) {
        case abi::ExitReason::exited: result_ = static_cast<int>(status & 0xff); return;
        case abi::ExitReason::signaled:
            if (status != SIGPIPE && status != SIGINT && status != SIGTERM)
                errors_.add(fmt::format("{} the program was killed by {} ({})\n", coloured(files_.errors, Colour::red, "spore:"), signal_name(static_cast<int>(status)), ::strsignal(static_cast<int>(status))));
            result_ = 128 + static_cast<int>(status & 0x7f);
            return;
        case abi::ExitReason::panic:
            result_ = failure(ExitStatus::kernel_panic, "the kernel stopped with a panic; the lines above tell where");
            return;
        case abi::ExitReason::failed: result_ = std::unexpected(explain_start_failure(static_cast<abi::StartFailure>(status))); return;
    }
    result_ = failure(ExitStatus::machine_ended, "the guest ended for a reason that this version does not know ({})", end->reason);
}

void Session::read_input() {
    std::byte buffer[16384];
    auto size = ::read(files_.input, buffer, std::min<u64>(sizeof buffer, credit_));
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
        append_frame(to_guest_, abi::HostFrame::stdin_end);
        input_ = Stream::ended;
        return;
    }
    credit_ -= static_cast<u64>(size);
    append_frame(to_guest_, abi::HostFrame::standard_in, {buffer, static_cast<std::size_t>(size)});
}

void Session::read_serial() {
    char buffer[4096];
    auto size = ::read(files_.serial, buffer, sizeof buffer);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
        files_.serial = -1;
        return;
    }
    std::string_view text(buffer, static_cast<std::size_t>(size));
    if (kernel_speaks_) return errors_.add(text);
    firmware_words_ += text;
    if (auto at = firmware_words_.find(kernel_mark); at != std::string::npos) {
        kernel_speaks_ = true;
        errors_.add(std::string_view(firmware_words_).substr(at));
    } else if (firmware_words_.size() > most_firmware_words) {
        firmware_words_.erase(0, firmware_words_.size() - most_firmware_words / 2);
    }
}

void Session::read_signals() {
    struct signalfd_siginfo information{};
    while (::read(files_.signals, &information, sizeof information) == sizeof information) 
        pass_signal(static_cast<int>(information.ssi_signo) == forwarding_signal() ? information.ssi_int : static_cast<int>(information.ssi_signo));
}

void Session::pass_signal(int signal) {
    if (signal == SIGWINCH) {
        struct winsize window{};
        if (::ioctl(files_.input, TIOCGWINSZ, &window) == 0) append_window_size(to_guest_, window.ws_row, window.ws_col);
        return;
    }
    if (signal == stop_request()) return append_frame(to_guest_, abi::HostFrame::shutdown);
    last_signal_ = signal;
    // The second of these does not ask any more.
    bool ending = second_signal_ == SecondSignal::ends && (signal == SIGINT || signal == SIGTERM || signal == SIGHUP);
    if (ending && ++ending_signals_ > 1) result_ = 128 + signal;
    else append_signal(to_guest_, signal);
}

void Session::send_pending() {
    while (has_to_send()) {
        if (sending_.empty()) std::swap(sending_, to_guest_);
        auto size = ::send(files_.channel, sending_.data(), sending_.size(), MSG_NOSIGNAL);
        if (size <= 0) return;  // the end of the channel is seen by reading from it
        sending_.erase(0, static_cast<std::size_t>(size));
    }
}

/// `freeze` is the last frame before `thaw`: nothing of others is on its way to the guest while it is saved, nor expected from it.
void Session::freeze_when_quiet() {
    if (!freezer_.wants() || frozen_) return;
    if (executions_.any()) return freezer_.answer("programs of spore exec run in it: end them first");
    if (questions_.waiting() || !freezer_.begin()) return;
    append_frame(to_guest_, abi::HostFrame::freeze);
    sending_ += std::exchange(to_guest_, {});
    frozen_ = true;
}

void Session::thaw(Beginning beginning) {
    abi::ThawPayload payload{};
    if (beginning == Beginning::saved_state) {
        payload.restored = 1;
        payload.wall_nanoseconds = static_cast<u64>(std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
        (void)::getentropy(payload.seed, sizeof payload.seed);  // fails for more than 256 bytes only [getentropy(3)]
    }
    append_frame(sending_, abi::HostFrame::thaw, bytes_of(payload));
    frozen_ = false;
}

Outcome<int> Session::machine_ended() {
    while (!result_ && read_channel()) {
        struct pollfd wait{files_.channel, POLLIN, 0};
        if (::poll(&wait, 1, 0) <= 0) break;
    }
    if (files_.serial >= 0) read_serial();
    // Whatever stopped the machine before the kernel ran, the firmware may have named it.
    if (!greeted_ && !kernel_speaks_) errors_.add(firmware_words_);
    if (result_) return conclude();
    output_.finish(), errors_.finish();
    if (ending_signals_ > 0) return 128 + last_signal_;
    return failure(ExitStatus::machine_ended, "the virtual machine ended without an exit status{}",
                   greeted_ ? ": it was reset or shut down from inside" : " before its kernel was up");
}

}  // namespace spore::host
