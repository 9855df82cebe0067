// A pseudoterminal: a terminal whose person is a program, which holds the master side [pty(7)].
//
// What programs write on the slave's side, and echo, go into a queue that the master reads. What the master writes is typed.
// Locks: as for terminals (terminal.hpp); queue_lock_ for the queue and for which sides are open. It is the last one taken.
#pragma once

#include "kernel/fs/inode.hpp"
#include "kernel/linux/terminal/terminal.hpp"

namespace spore::linux::terminal {

class PseudoTerminal final : public Terminal {
public:
    /// With the lowest free number; no_space when all are in use.
    static Result<Shared<PseudoTerminal>> create(u32 uid);
    explicit PseudoTerminal(u32 uid);
    ~PseudoTerminal() override;
    /// By number, for as long as its master is open.
    static Shared<PseudoTerminal> find(u32 number);
    /// The lowest number in use at or above `from`; nothing when there is none.
    static std::optional<u32> next(u32 from);
    static constexpr u32 most = 4096;

    u32 number() const { return number_; }
    u64 device() const override;
    /// The slave's attributes in /dev/pts.
    fs::Stat attributes();
    void change(const fs::AttributeChange& change);

    /// The slave's side, as a file of /dev/pts. io while the master has it locked.
    Result<Shared<fs::File>> open_slave(fs::Dentry& entry, fs::OpenMode mode);

    // The master's side.
    Result<u64> master_read(fs::IoBuffer& into, Wait wait);
    Result<u64> master_write(fs::IoBuffer& from, Wait wait);
    Result<u64> master_ioctl(u32 request, u64 argument);
    fs::Ready master_ready();
    void master_closed();
    fs::PollSource master_source;
    /// The slave's side can be opened from now on.
    void unlock() {
        Guard guard(queue_lock_);
        locked_ = false;
    }
    using Terminal::begin_session;

    void opened() override;
    void closed() override;

private:
    Result<void> put(ByteSpan bytes, Wait wait) override;
    bool has_room() override;
    void input_taken() override;
    void note_for_master(u8 what) override;
    bool slave_gone() const { return slave_was_open_ && slave_files_ == 0; }

    static constexpr std::size_t capacity = 16384;
    u32 number_ = 0;
    Locked<fs::Stat, sync::Spin> attributes_;

    sync::Spin queue_lock_;
    std::byte queue_[capacity];
    std::size_t first_ = 0, used_ = 0;
    bool master_open_ = true, locked_ = true, slave_was_open_ = false;
    bool packets_ = false;     ///< TIOCPKT
    u8 notes_ = 0;             ///< for the master in packet mode
    u32 slave_files_ = 0;
    u64 typed_room_ = 0;       ///< how often input was taken: tells a waiting master to look again
    sync::WaitQueue master_readers_, master_writers_, slave_writers_;
};

}  // namespace spore::linux::terminal
