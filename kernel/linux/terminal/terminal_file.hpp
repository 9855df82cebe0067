// An open file on the program's side of a terminal.
#pragma once

#include "kernel/fs/dentry.hpp"
#include "kernel/linux/terminal/terminal.hpp"

namespace spore::linux::terminal {

class TerminalFile final : public fs::File {
public:
    TerminalFile(fs::Dentry& entry, Shared<Terminal> terminal, fs::OpenMode mode) : File(mode), entry_(entry), terminal_(std::move(terminal)) {
        terminal_->opened();
    }
    ~TerminalFile() override { terminal_->closed(); }

    Result<u64> read(fs::IoBuffer& into) override;
    Result<u64> write(fs::IoBuffer& from) override;
    Result<u64> ioctl(u32 request, u64 argument) override { return terminal_->ioctl(request, argument, Side::slave); }
    fs::Ready ready() override { return terminal_->ready(); }
    fs::PollSource* poll_source() override { return &terminal_->poll_source; }
    std::string_view describe(std::span<char> buffer) override;
    fs::FileKind kind() const override { return fs::FileKind::terminal; }
    fs::Inode* inode() override { return entry_->inode(); }
    fs::Dentry* dentry() override { return entry_.get(); }

private:
    Wait wait() const { return mode_.nonblocking ? Wait::no : Wait::yes; }
    Shared<fs::Dentry> entry_;
    Shared<Terminal> terminal_;
};

}  // namespace spore::linux::terminal
