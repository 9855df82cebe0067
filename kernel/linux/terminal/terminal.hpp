// A terminal: a line discipline, the session that it controls, and somewhere to put what is written. The console and the slave side of
// every pseudoterminal are terminals; they differ in where output goes and who types.
//
// Locks: mutex_ for the discipline; the process tree's lock for session and foreground group. Neither is held while output is put.
#pragma once

#include "base/list.hpp"
#include "kernel/fs/file.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/terminal/line_discipline.hpp"

namespace spore::linux::terminal {

/// struct winsize
struct Window {
    u16 rows, columns, width, height;
    friend bool operator==(const Window&, const Window&) = default;
};

/// The device number of a session's terminal, and the group in its foreground.
struct Foreground {
    u64 device = 0;  ///< 0: the session has no terminal
    i32 group = -1;
};

/// Which side of a terminal a request came from: the program's, or that of whoever plays the person (a pseudoterminal's master).
enum class Side : u8 { slave, master };
enum class Wait : u8 { no, yes };

class Terminal : public Counted, private Effects {
public:
    virtual ~Terminal();

    // The program's side.
    Result<u64> read(fs::IoBuffer& into, Wait wait);
    Result<u64> write(fs::IoBuffer& from, Wait wait);
    virtual Result<u64> ioctl(u32 request, u64 argument, Side side);
    fs::Ready ready();
    fs::PollSource poll_source;
    /// A file of the program's side comes and goes.
    virtual void opened() {}
    virtual void closed() {}

    // The session. Its leader, when it controls no terminal yet, takes this one by opening it.
    bool controls(Process& process);
    void take_when_opened(Process& process);
    void signal_foreground(i32 number);
    struct Control {
        i32 session, foreground;  ///< 0: none
    };
    /// Its session, if any, loses it; what it was. Signals about that are sent afterwards: who hears of the loss finds no terminal any more.
    Control give_up();
    void set_window(const Window& window);
    /// The number of its device file.
    virtual u64 device() const = 0;

protected:
    explicit Terminal(const Window& window, const Settings& settings = {});

    /// Puts all of `bytes`, at most put_limit, where they belong; would_block when it had to wait for room.
    virtual Result<void> put(ByteSpan bytes, Wait wait) = 0;
    virtual bool has_room() { return true; }
    static constexpr std::size_t put_limit = 512;
    /// Input was taken or dropped: there is room for more.
    virtual void input_taken() {}
    /// Something that a packet-mode master is told of (TIOCPKT_*).
    virtual void note_for_master(u8) {}

    /// Somebody types. Effects are taken care of.
    void type(ByteSpan bytes);
    /// Bytes that can be typed now without loss.
    std::size_t room_for_typing();
    /// Nobody types any more: reads find the end. With `dead`, nothing works any more, and what was typed is gone.
    enum class HangUp : u8 { at_end, dead };
    void hang_up(HangUp how);
    /// With the tree's lock held.
    i32 session_locked() const { return session_; }
    /// It controls the session of `leader`, which has not run yet.
    void begin_session(i32 leader);

private:
    // Effects of typing; with mutex_ held.
    void show(ByteSpan bytes) override;
    void signal(i32 number) override { pending_signal_ = number; }
    void hold_output(bool hold) override;

    Result<void> must_be_foreground(i32 signal);
    Result<void> put_processed(ByteSpan bytes, Wait wait);
    bool has_input() const { return discipline_.readable() || discipline_.hung_up(); }
    Result<void> wait_for_input(Wait wait, std::size_t wanted);
    enum class Form : u8 { old, usual, with_speeds };
    Result<u64> change_settings(u64 argument, Form form, bool flushes, Side side);
    Result<u64> set_foreground(u64 argument, Side side);
    Result<u64> take_control(bool steal);
    Result<u64> give_up_control();
    Result<u64> flush_queues(u64 which);
    Result<u64> control_flow(u64 action);

    sync::Mutex mutex_;
    LineDiscipline discipline_;      ///< mutex_
    Settings locked_ = Settings::unlocked();  ///< mutex_; what of the settings nobody changes
    sync::WaitQueue arrived_, resumed_;
    bool held_ = false, dead_ = false;
    std::byte shown_[1024];
    std::size_t shown_size_ = 0;
    i32 pending_signal_ = 0;
    Window window_;
    // Guarded by the tree's lock.
    i32 session_ = 0, foreground_ = 0;
    ListLink<Terminal> link_;

    using All = List<Terminal, &Terminal::link_>;
    static All all_;
    friend Shared<Terminal> controlling_terminal(Process& process);
    friend Foreground foreground_of_locked(i32 session);
    friend void session_leader_ended(Process& process);
};

/// The terminal that controls the process's session; null when there is none.
Shared<Terminal> controlling_terminal(Process& process);
/// With the tree's lock held.
Foreground foreground_of_locked(i32 session);
/// The leader of a session has ended: whoever is in the foreground of its terminal is sent SIGHUP.
void session_leader_ended(Process& process);

}  // namespace spore::linux::terminal
