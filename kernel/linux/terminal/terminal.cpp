// The terminal as a file, its session, and the thread that takes what is typed.
#include "kernel/linux/terminal/terminal.hpp"

#include "kernel/fs/open.hpp"
#include "kernel/fs/special_file.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/terminal/line_discipline.hpp"
#include "kernel/linux/uapi/types.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux {

namespace {

using namespace terminal;
using fs::IoBuffer;
using fs::Ready;

// [asm-generic/ioctls.h]
enum Request : u32 {
    get_settings = 0x5401, set_settings = 0x5402, set_settings_drained = 0x5403, set_settings_flushed = 0x5404, send_break = 0x5409, flow = 0x540a,
    flush = 0x540b, exclusive = 0x540c, not_exclusive = 0x540d, make_controlling = 0x540e, get_group = 0x540f, set_group = 0x5410,
    output_queue = 0x5411, get_window = 0x5413, set_window = 0x5414, bytes_to_read = 0x541b, give_up_controlling = 0x5422, send_break_posix = 0x5425,
    get_session = 0x5429, get_settings_2 = 0x802c542a, set_settings_2 = 0x402c542b, set_settings_2_drained = 0x402c542c, set_settings_2_flushed = 0x402c542d,
};

/// struct winsize
struct Window {
    u16 rows, columns, width, height;
};

class Terminal final : private Effects {
public:
    explicit Terminal(device::Console& console) : console_(console) {
        auto size = console.window_size();
        window_ = {size.rows, size.columns, 0, 0};
    }

    Result<u64> read(IoBuffer& into, bool wait);
    Result<u64> write(IoBuffer& from);
    Result<u64> ioctl(u32 request, u64 argument);
    Ready ready();
    void window_changed();
    /// The terminal's thread.
    [[noreturn]] void take_input();
    /// Whether the caller's session is the one that the terminal controls.
    bool controls(Process& process) {
        TreeGuard guard(tree_lock());
        return session_ == process.session;
    }

    fs::PollSource poll_source;

private:
    // Effects of typing; with mutex_ held.
    void show(ByteSpan bytes) override {
        auto room = sizeof shown_ - shown_size_;
        auto size = std::min(bytes.size(), room);
        std::memcpy(shown_ + shown_size_, bytes.data(), size);
        shown_size_ += size;
    }
    void signal(i32 number) override { pending_signal_ = number; }
    void hold_output(bool hold) override {
        held_ = hold;
        if (!hold) resumed_.wake_all();
    }

    Result<void> must_be_foreground(i32 signal);
    Result<void> put_out(ByteSpan bytes);
    bool has_input() const;
    Result<void> wait_for_input(bool wait, std::size_t wanted);
    Result<u64> change_settings(u64 argument, bool with_speeds, bool flushes);
    Result<u64> set_foreground(u64 argument);
    Result<u64> take_control(bool steal);
    void signal_foreground(i32 number);

    device::Console& console_;
    sync::Mutex mutex_;
    LineDiscipline discipline_;      ///< mutex_
    sync::WaitQueue arrived_, resumed_;
    bool held_ = false;
    std::byte shown_[1024];
    std::size_t shown_size_ = 0;
    i32 pending_signal_ = 0;
    Window window_;
    // Guarded by the tree's lock. The first process begins with the terminal as its own.
    i32 session_ = 1, foreground_ = 1;
};

constinit Terminal* the_terminal = nullptr;

void Terminal::signal_foreground(i32 number) {
    i32 group;
    {
        TreeGuard guard(tree_lock());
        group = foreground_;
    }
    if (group) (void)send_to_group(group, SignalInfo::from_kernel(number));
}

/// A group is orphaned when no parent of its members stands in another group of the same session: nobody could continue it [POSIX 3.270].
bool is_orphaned(i32 group) {
    TreeGuard guard(tree_lock());
    bool orphaned = true;
    tree().processes.for_each([&](Process& process) {
        if (process.group == group && process.parent && process.parent->group != group && process.parent->session == process.session) orphaned = false;
        return orphaned;
    });
    return orphaned;
}

/// Job control: whoever of the session is in the background is sent `signal`, and stops [POSIX 11.1.4].
Result<void> Terminal::must_be_foreground(i32 signal) {
    auto& task = current_task();
    auto& process = task.process();
    i32 group;
    {
        TreeGuard guard(tree_lock());
        if (process.session != session_ || process.group == foreground_ || foreground_ == 0) return {};
        group = process.group;
    }
    bool ignored;
    {
        Guard guard(process.signal_lock);
        Guard handlers_guard(process.handlers->lock);
        ignored = task.blocked.has(signal) || (*process.handlers)[signal].handler == SignalAction::ignore;
    }
    if (ignored) {
        if (signal == sigttin) return fail(Error::io);
        return {};
    }
    if (is_orphaned(group)) return fail(Error::io);
    (void)send_to_group(group, SignalInfo::from_kernel(signal));
    return fail(Error::interrupted);
}

bool Terminal::has_input() const { return discipline_.readable() || discipline_.hung_up(); }

/// With mutex_ held: until a read can be answered [termios(3), canonical and noncanonical mode].
Result<void> Terminal::wait_for_input(bool wait, std::size_t wanted) {
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
        if (!wait) {
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

Result<u64> Terminal::read(IoBuffer& into, bool wait) {
    std::byte part[1024];
    std::size_t size = 0;
    if (into.remaining() == 0) return 0;
    TRY(must_be_foreground(sigttin));
    {
        Guard guard(mutex_);
        TRY(wait_for_input(wait, into.remaining()));
        size = discipline_.read({part, std::min<u64>(sizeof part, into.remaining())});
    }
    TRY(into.put({part, size}));
    return size;
}

/// Writes as the output flags say.
Result<void> Terminal::put_out(ByteSpan bytes) {
    u32 flags;
    {
        Guard guard(mutex_);
        flags = discipline_.settings().output;
    }
    if (!(flags & process_output) || !(flags & newline_adds_return)) return console_.write(device::OutputStream::standard_out, bytes);
    std::byte part[512];
    while (!bytes.empty()) {
        std::size_t used = 0, taken = 0;
        while (taken < bytes.size() && used + 2 <= sizeof part) {
            if (bytes[taken] == std::byte{'\n'}) part[used++] = std::byte{'\r'};
            part[used++] = bytes[taken++];
        }
        TRY(console_.write(device::OutputStream::standard_out, {part, used}));
        bytes = bytes.subspan(taken);
    }
    return {};
}

Result<u64> Terminal::write(IoBuffer& from) {
    bool stops_background;
    {
        Guard guard(mutex_);
        stops_background = discipline_.settings().has(stop_background_output);
    }
    if (stops_background) TRY(must_be_foreground(sigttou));
    u64 written = 0;
    std::byte part[512];
    while (from.remaining()) {
        {
            Guard guard(mutex_);
            while (held_) {
                auto waited = resumed_.wait(mutex_, sync::Interruptible::yes);
                if (!waited) return written ? Result<u64>(written) : fail(waited.error());
            }
        }
        MutableByteSpan bytes(part, std::min<u64>(sizeof part, from.remaining()));
        auto outcome = from.take(bytes);
        if (outcome) outcome = put_out(bytes);
        if (!outcome) return written ? Result<u64>(written) : fail(outcome.error());
        written += bytes.size();
    }
    return written;
}

Ready Terminal::ready() {
    Guard guard(mutex_);
    Ready ready = held_ ? Ready::none : Ready::out;
    if (has_input()) ready |= Ready::in;
    if (discipline_.hung_up() && !discipline_.readable()) ready |= Ready::hang_up;
    return ready;
}

Result<u64> Terminal::change_settings(u64 argument, bool with_speeds, bool flushes) {
    TRY(must_be_foreground(sigttou));
    Settings wanted;
    {
        Guard guard(mutex_);
        wanted = discipline_.settings();
    }
    TRY(arch::copy_from_program(&wanted, {argument}, with_speeds ? sizeof wanted : short_size));
    Guard guard(mutex_);
    if (flushes) discipline_.flush_input();
    discipline_.change(wanted);
    if (has_input()) arrived_.wake_all();
    return 0;
}

Result<u64> Terminal::set_foreground(u64 argument) {
    auto& process = current_task().process();
    if (!controls(process)) return fail(Error::not_a_terminal);
    TRY(must_be_foreground(sigttou));
    i32 group = TRY(UserIn<i32>{{argument}}.read());
    if (group < 0) return fail(Error::invalid);
    TreeGuard guard(tree_lock());
    bool found = false, ours = false;
    tree().processes.for_each([&](Process& other) {
        if (other.group == group) found = true, ours = ours || other.session == process.session;
        return !ours;
    });
    if (!found) return fail(Error::no_process);
    if (!ours) return fail(Error::not_permitted);
    foreground_ = group;
    return 0;
}

Result<u64> Terminal::take_control(bool steal) {
    auto& process = current_task().process();
    bool privileged = process.credentials().privileged();
    TreeGuard guard(tree_lock());
    if (process.session == session_) return 0;
    if (process.session != process.id()) return fail(Error::not_permitted);
    bool in_use = false;
    if (session_) tree().processes.for_each([&](Process& other) { return !(in_use = other.session == session_ && !other.zombie); });
    if (in_use && !(steal && privileged)) return fail(Error::not_permitted);
    session_ = process.session;
    foreground_ = process.group;
    return 0;
}

Result<u64> Terminal::ioctl(u32 request, u64 argument) {
    auto& process = current_task().process();
    switch (request) {
    case get_settings:
    case get_settings_2: {
        Settings settings;
        {
            Guard guard(mutex_);
            settings = discipline_.settings();
        }
        TRY(arch::copy_to_program({argument}, &settings, request == get_settings ? short_size : sizeof settings));
        return 0;
    }
    case set_settings:
    case set_settings_drained: return change_settings(argument, false, false);
    case set_settings_flushed: return change_settings(argument, false, true);
    case set_settings_2:
    case set_settings_2_drained: return change_settings(argument, true, false);
    case set_settings_2_flushed: return change_settings(argument, true, true);
    case get_window: {
        Window window;
        {
            Guard guard(mutex_);
            window = window_;
        }
        TRY(UserOut<Window>{{argument}}.write(window));
        return 0;
    }
    case set_window: {
        auto wanted = TRY(UserIn<Window>{{argument}}.read());
        {
            Guard guard(mutex_);
            if (std::memcmp(&wanted, &window_, sizeof wanted) == 0) return 0;
            window_ = wanted;
        }
        signal_foreground(sigwinch);
        return 0;
    }
    case make_controlling: return take_control(argument == 1);
    case give_up_controlling: {
        if (!controls(process)) return fail(Error::not_a_terminal);
        if (process.session != process.id()) return 0;
        signal_foreground(sighup);
        signal_foreground(sigcont);
        TreeGuard guard(tree_lock());
        session_ = foreground_ = 0;
        return 0;
    }
    case get_group: {
        if (!controls(process)) return fail(Error::not_a_terminal);
        i32 group;
        {
            TreeGuard guard(tree_lock());
            group = foreground_;
        }
        TRY(UserOut<i32>{{argument}}.write(group));
        return 0;
    }
    case set_group: return set_foreground(argument);
    case get_session:
        if (!controls(process)) return fail(Error::not_a_terminal);
        TRY(UserOut<i32>{{argument}}.write(process.session));
        return 0;
    case flush: {
        if (argument > 2) return fail(Error::invalid);
        Guard guard(mutex_);
        if (argument != 1) discipline_.flush_input();  // TCOFLUSH: output is never kept
        return 0;
    }
    case flow: {
        if (argument > 3) return fail(Error::invalid);
        Guard guard(mutex_);
        if (argument < 2) hold_output(argument == 0);
        return 0;
    }
    case bytes_to_read: {
        std::size_t size;
        {
            Guard guard(mutex_);
            size = discipline_.readable();
        }
        TRY(UserOut<i32>{{argument}}.write(static_cast<i32>(size)));
        return 0;
    }
    case output_queue: TRY(UserOut<i32>{{argument}}.write(0)); return 0;
    case send_break:
    case send_break_posix:
    case exclusive:
    case not_exclusive: return 0;
    default: return fail(Error::not_a_terminal);
    }
}

void Terminal::window_changed() {
    auto size = console_.window_size();
    {
        Guard guard(mutex_);
        if (window_.rows == size.rows && window_.columns == size.columns) return;
        window_ = {size.rows, size.columns, 0, 0};
    }
    signal_foreground(sigwinch);
}

void Terminal::take_input() {
    while (true) {
        std::byte typed[128];  // its echo fits shown_: two bytes for each, or an erased line
        auto count = console_.read(typed, device::Console::Wait::yes);
        if (!count) {
            task::yield();
            continue;
        }
        std::byte out[sizeof shown_];
        std::size_t out_size;
        auto deal_with = [&](ByteSpan bytes, bool end) {
            i32 number;
            {
                Guard guard(mutex_);
                for (auto byte : bytes) discipline_.type(static_cast<u8>(byte), *this);
                if (end) discipline_.hang_up();
                out_size = std::exchange(shown_size_, 0);
                std::memcpy(out, shown_, out_size);
                number = std::exchange(pending_signal_, 0);
                if (has_input()) arrived_.wake_all();
            }
            if (out_size) (void)put_out({out, out_size});
            if (number) signal_foreground(number);
            poll_source.notify(Ready::in);
        };
        // One byte at a time, so that a signal comes between what was typed before it and after it.
        for (auto& byte : std::span(typed).first(*count)) deal_with({&byte, 1}, false);
        if (*count == 0) {
            // Nobody sits there any more.
            deal_with({}, true);
            signal_foreground(sighup);
            signal_foreground(sigcont);
            task::end();
        }
    }
}

class TerminalFile final : public fs::File {
public:
    TerminalFile(fs::Dentry& entry, fs::OpenMode mode) : File(mode), entry_(entry) {}

    Result<u64> read(IoBuffer& into) override {
        if (!mode_.read) return fail(Error::bad_descriptor);
        return the_terminal->read(into, !mode_.nonblocking);
    }
    Result<u64> write(IoBuffer& from) override {
        if (!mode_.write) return fail(Error::bad_descriptor);
        return the_terminal->write(from);
    }
    Result<u64> ioctl(u32 request, u64 argument) override { return the_terminal->ioctl(request, argument); }
    Ready ready() override { return the_terminal->ready(); }
    fs::PollSource* poll_source() override { return &the_terminal->poll_source; }
    std::string_view describe(std::span<char> buffer) override { return fs::describe_entry(*entry_, buffer); }
    fs::Inode* inode() override { return entry_->inode(); }
    fs::Dentry* dentry() override { return entry_.get(); }

private:
    Shared<fs::Dentry> entry_;
};

Result<Shared<fs::File>> open_console(fs::Dentry& entry, fs::OpenMode mode) { return TRY(make_shared<TerminalFile>(entry, mode)); }

Result<Shared<fs::File>> open_own_terminal(fs::Dentry& entry, fs::OpenMode mode) {
    if (!the_terminal->controls(current_task().process())) return fail(Error::no_such_device_address);
    return open_console(entry, mode);
}

}  // namespace

Result<void> start_terminal(device::Console& console) {
    auto made = TRY(make_owned<Terminal>(console));
    auto thread = TRY(task::Thread::create("terminal", [](void* terminal) { static_cast<Terminal*>(terminal)->take_input(); }, made.get()));
    the_terminal = made.release();
    TRY(fs::register_special(fs::FileType::character, fs::device_number(5, 1), open_console));
    TRY(fs::register_special(fs::FileType::character, fs::device_number(5, 0), open_own_terminal));
    task::start(std::move(thread));
    return {};
}

bool terminal_window_changed() {
    if (!the_terminal) return false;
    the_terminal->window_changed();
    return true;
}

}  // namespace spore::linux
