// The master's side of a pseudoterminal: /dev/ptmx.
#include "kernel/fs/open.hpp"
#include "kernel/linux/process/caller.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/terminal/devpts.hpp"
#include "kernel/linux/terminal/requests.hpp"
#include "kernel/linux/uapi/open.hpp"

namespace spore::linux::terminal {

using fs::Ready;

Result<u64> PseudoTerminal::master_read(fs::IoBuffer& into, Wait wait) {
    std::byte part[1024];
    std::size_t size = 0;
    if (into.remaining() == 0) return 0;
    {
        Guard guard(queue_lock_);
        while (used_ == 0 && !(packets_ && notes_)) {
            if (slave_gone()) return fail(Error::io);
            if (wait == Wait::no) return fail(Error::would_block);
            TRY(master_readers_.wait(queue_lock_, sync::Interruptible::yes));
        }
        if (packets_) part[size++] = static_cast<std::byte>(std::exchange(notes_, 0));
        bool noted = size != 0 && part[0] != std::byte{0};
        auto end = std::min<u64>(sizeof part, into.remaining());
        while (!noted && size < end && used_) {
            part[size++] = queue_[first_];
            first_ = (first_ + 1) % capacity;
            --used_;
        }
        slave_writers_.wake_all();
    }
    poll_source.notify(Ready::out);
    TRY(into.put({part, size}));
    return size;
}

Result<u64> PseudoTerminal::master_write(fs::IoBuffer& from, Wait wait) {
    u64 written = 0;
    std::byte part[128];
    while (from.remaining()) {
        u64 seen;
        {
            Guard guard(queue_lock_);
            seen = typed_room_;
        }
        auto room = room_for_typing();
        if (room == 0) {
            if (wait == Wait::no) return written ? Result<u64>(written) : fail(Error::would_block);
            Guard guard(queue_lock_);
            if (typed_room_ != seen) continue;
            auto waited = master_writers_.wait(queue_lock_, sync::Interruptible::yes);
            if (!waited) return written ? Result<u64>(written) : fail(waited.error());
            continue;
        }
        MutableByteSpan bytes(part, std::min<u64>({sizeof part, from.remaining(), room}));
        if (auto taken = from.take(bytes); !taken) return written ? Result<u64>(written) : fail(taken.error());
        type(bytes);
        written += bytes.size();
    }
    return written;
}

Ready PseudoTerminal::master_ready() {
    auto ready = room_for_typing() ? Ready::out : Ready::none;
    Guard guard(queue_lock_);
    if (used_) ready |= Ready::in;
    if (packets_ && notes_) ready |= Ready::in | Ready::priority;
    if (slave_gone()) ready |= Ready::hang_up;
    return ready;
}

Result<u64> PseudoTerminal::master_ioctl(u32 request, u64 argument) {
    auto put_number = [&](i32 number) -> Result<u64> {
        TRY(UserOut<i32>{{argument}}.write(number));
        return 0;
    };
    auto read_flag = [&](bool PseudoTerminal::* flag) {
        Guard guard(queue_lock_);
        return this->*flag;
    };
    switch (request) {
    case get_number: return put_number(static_cast<i32>(number_));
    case get_lock: return put_number(read_flag(&PseudoTerminal::locked_));
    case get_packet_mode: return put_number(read_flag(&PseudoTerminal::packets_));
    case set_lock: {
        bool lock = TRY(UserIn<i32>{{argument}}.read()) != 0;
        Guard guard(queue_lock_);
        locked_ = lock;
        return 0;
    }
    case packet_mode: {
        bool on = TRY(UserIn<i32>{{argument}}.read()) != 0;
        Guard guard(queue_lock_);
        if (on && !packets_) notes_ = 0;
        packets_ = on;
        return 0;
    }
    case send_signal: {
        auto number = static_cast<i32>(argument);
        if (number != sigint && number != sigquit && number != sigtstp) return fail(Error::invalid);
        signal_foreground(number);
        return 0;
    }
    case bytes_to_read: {
        std::size_t size;
        {
            Guard guard(queue_lock_);
            size = used_;
        }
        return put_number(static_cast<i32>(size));
    }
    case flush: {
        if (argument > 2) return fail(Error::invalid);
        if (argument == 1) return 0;
        {
            Guard guard(queue_lock_);
            used_ = 0;
            slave_writers_.wake_all();
        }
        poll_source.notify(Ready::out);
        return 0;
    }
    case open_peer: {
        auto& task = current_task();
        auto flags = static_cast<u32>(argument);
        auto mode = open_mode_of(flags);
        auto entry = TRY(slave_entry(*this));
        auto file = TRY(open_slave(*entry, mode));
        return task.files().add(std::move(file), flags & o_close_on_exec ? OnExec::close : OnExec::keep, task.process().limit(limit_files).soft);
    }
    default: return ioctl(request, argument, Side::master);
    }
}

namespace {

class MasterFile final : public fs::File {
public:
    MasterFile(fs::Dentry& entry, Shared<PseudoTerminal> terminal, fs::OpenMode mode) : File(mode), entry_(entry), terminal_(std::move(terminal)) {}
    ~MasterFile() override { terminal_->master_closed(); }

    Result<u64> read(fs::IoBuffer& into) override {
        if (!mode_.read) return fail(Error::bad_descriptor);
        return terminal_->master_read(into, mode_.nonblocking ? Wait::no : Wait::yes);
    }
    Result<u64> write(fs::IoBuffer& from) override {
        if (!mode_.write) return fail(Error::bad_descriptor);
        return terminal_->master_write(from, mode_.nonblocking ? Wait::no : Wait::yes);
    }
    Result<u64> ioctl(u32 request, u64 argument) override { return terminal_->master_ioctl(request, argument); }
    Ready ready() override { return terminal_->master_ready(); }
    fs::PollSource* poll_source() override { return &terminal_->master_source; }
    std::string_view describe(std::span<char> buffer) override { return fs::describe_entry(*entry_, buffer); }
    fs::FileKind kind() const override { return fs::FileKind::terminal; }
    fs::Inode* inode() override { return entry_->inode(); }
    fs::Dentry* dentry() override { return entry_.get(); }

private:
    Shared<fs::Dentry> entry_;
    Shared<PseudoTerminal> terminal_;
};

}  // namespace

Result<Shared<fs::File>> open_master(fs::Dentry& entry, fs::OpenMode mode) {
    auto terminal = TRY(PseudoTerminal::create(current_task().process().credentials().file_uid));
    auto file = make_shared<MasterFile>(entry, terminal, mode);
    if (!file) terminal->master_closed();
    return TRY(std::move(file));
}

}  // namespace spore::linux::terminal
