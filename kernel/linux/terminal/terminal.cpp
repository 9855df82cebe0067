// Reading, writing and typing.
#include "kernel/linux/terminal/terminal.hpp"

#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/terminal/requests.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux::terminal {

using fs::IoBuffer;
using fs::Ready;

void Terminal::show(ByteSpan bytes) {
    auto size = std::min(bytes.size(), sizeof shown_ - shown_size_);
    std::memcpy(shown_ + shown_size_, bytes.data(), size);
    shown_size_ += size;
}

void Terminal::hold_output(bool hold) {
    if (held_ == hold) return;
    held_ = hold;
    if (!hold) resumed_.wake_all();
    note_for_master(hold ? output_stopped : output_started);
}

/// With mutex_ held: until a read can be answered [termios(3), canonical and noncanonical mode].
Result<void> Terminal::wait_for_input(Wait wait, std::size_t wanted) {
    auto settings = discipline_.settings();
    std::size_t least = 1;
    Instant deadline = Instant::never();
    auto tenths = Duration::ms(100 * i64{settings.characters[Character::time]});
    if (!settings.has(canonical)) {
        least = std::min<std::size_t>(settings.characters[Character::minimum], std::max<std::size_t>(wanted, 1));
        if (least == 0) {
            if (tenths.nanoseconds == 0) return {};
            least = 1, deadline = time::now() + tenths;
        }
    }
    bool between_bytes = settings.characters[Character::minimum] != 0 && tenths.nanoseconds != 0 && !settings.has(canonical);
    while (discipline_.readable() < least && !discipline_.hung_up()) {
        if (wait == Wait::no) {
            if (discipline_.readable()) return {};
            return fail(Error::would_block);
        }
        if (between_bytes && discipline_.readable()) deadline = time::now() + tenths;
        auto before = discipline_.readable();
        auto waited = arrived_.wait(mutex_, sync::Interruptible::yes, deadline);
        if (waited) continue;
        if (waited.error() != Error::timed_out) return waited;
        if (discipline_.readable() == before) return {};
    }
    return {};
}

Result<u64> Terminal::read(IoBuffer& into, Wait wait) {
    std::byte part[1024];
    std::size_t size = 0;
    if (into.remaining() == 0) return 0;
    TRY(must_be_foreground(sigttin));
    {
        Guard guard(mutex_);
        TRY(wait_for_input(wait, into.remaining()));
        size = discipline_.read({part, std::min<u64>(sizeof part, into.remaining())});
    }
    input_taken();
    TRY(into.put({part, size}));
    return size;
}

/// Puts at most half of put_limit as the output flags say.
Result<void> Terminal::put_processed(ByteSpan bytes, Wait wait) {
    u32 flags;
    {
        Guard guard(mutex_);
        if (dead_) return fail(Error::io);
        flags = discipline_.settings().output;
    }
    if (!(flags & process_output)) return put(bytes, wait);
    std::byte part[put_limit];
    std::size_t used = 0;
    for (auto byte : bytes) {
        if (byte == std::byte{'\n'} && (flags & newline_adds_return)) part[used++] = std::byte{'\r'};
        part[used++] = byte == std::byte{'\r'} && (flags & return_becomes_newline) ? std::byte{'\n'} : byte;
    }
    return put({part, used}, wait);
}

Result<u64> Terminal::write(IoBuffer& from, Wait wait) {
    bool stops_background;
    {
        Guard guard(mutex_);
        stops_background = discipline_.settings().has(stop_background_output);
    }
    if (stops_background) TRY(must_be_foreground(sigttou));
    u64 written = 0;
    std::byte part[put_limit / 2];
    while (from.remaining()) {
        Result<void> outcome;
        {
            Guard guard(mutex_);
            while (held_ && !dead_ && outcome) {
                if (wait == Wait::no) outcome = fail(Error::would_block);
                else outcome = resumed_.wait(mutex_, sync::Interruptible::yes);
            }
        }
        MutableByteSpan bytes(part, std::min<u64>(sizeof part, from.remaining()));
        if (outcome) outcome = from.take(bytes);
        if (outcome) outcome = put_processed(bytes, wait);
        if (!outcome) return written ? Result<u64>(written) : fail(outcome.error());
        written += bytes.size();
    }
    return written;
}

Ready Terminal::ready() {
    Guard guard(mutex_);
    if (dead_) return Ready::in | Ready::out | Ready::error | Ready::hang_up;
    Ready ready = held_ || !has_room() ? Ready::none : Ready::out;
    if (has_input()) ready |= Ready::in;
    if (discipline_.hung_up() && !discipline_.readable()) ready |= Ready::hang_up;
    return ready;
}

void Terminal::type(ByteSpan bytes) {
    // One byte at a time, so that a signal comes between what was typed before it and after it.
    for (auto byte : bytes) {
        std::byte out[sizeof shown_];
        std::size_t out_size;
        i32 number;
        bool arrived;
        {
            Guard guard(mutex_);
            discipline_.type(static_cast<u8>(byte), *this);
            out_size = std::exchange(shown_size_, 0);
            std::memcpy(out, shown_, out_size);
            number = std::exchange(pending_signal_, 0);
            arrived = has_input();
        }
        // What there is no room for is not shown: whoever types must not wait for whoever looks.
        for (ByteSpan rest(out, out_size); !rest.empty(); rest = rest.subspan(std::min(rest.size(), put_limit / 2)))
            (void)put_processed(rest.first(std::min(rest.size(), put_limit / 2)), Wait::no);
        if (number) signal_foreground(number);
        // Only now: on another CPU, who reads a line could be faster with the answer than its echo [linux] __receive_buf.
        if (arrived) arrived_.wake_all();
    }
    poll_source.notify(Ready::in);
}

std::size_t Terminal::room_for_typing() {
    Guard guard(mutex_);
    return discipline_.room();
}

void Terminal::hang_up(HangUp how) {
    {
        Guard guard(mutex_);
        discipline_.hang_up();
        if (how == HangUp::dead) {
            dead_ = true;
            discipline_.flush_input();
        }
        arrived_.wake_all();
        resumed_.wake_all();
    }
    poll_source.notify(Ready::in | Ready::out | Ready::hang_up);
}

void Terminal::set_window(const Window& window) {
    {
        Guard guard(mutex_);
        if (window_ == window) return;
        window_ = window;
    }
    signal_foreground(sigwinch);
}

}  // namespace spore::linux::terminal
