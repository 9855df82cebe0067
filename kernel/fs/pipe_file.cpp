// The ends of pipes: descriptions made by pipe2(), or by opening a FIFO's name.
#include "arch/user_memory.hpp"
#include "base/format.hpp"
#include "kernel/fs/open.hpp"
#include "kernel/fs/pipe.hpp"

namespace spore::fs {
namespace {

/// Where pipes without a name live; fstat shows its device.
class PipeFileSystem final : public FileSystem {
public:
    Result<Shared<Inode>> root() override { return fail(Error::not_supported); }
    Result<FileSystemStat> stat() override { return FileSystemStat{.magic = 0x5049'5045}; }  // PIPEFS_MAGIC [linux/magic.h]
    const char* kind() const override { return "pipefs"; }
};

class PipeInode final : public Inode {
public:
    PipeInode(FileSystem& file_system, u64 number) : Inode(file_system, number, FileType::fifo) {
        auto now = current_time();
        attributes_.unguarded() = Stat{.permissions = 0600, .links = 1, .accessed = now, .modified = now, .changed = now, .created = now};
    }
};

class PipeFile final : public File {
public:
    PipeFile(OpenMode mode, Shared<Pipe> pipe, Shared<Inode> inode, Shared<Dentry> entry)
        : File(mode), pipe_(std::move(pipe)), inode_(std::move(inode)), entry_(std::move(entry)) { pipe_->add_end(mode_); }
    ~PipeFile() override { pipe_->remove_end(mode_); }

    Result<u64> read(IoBuffer& into) override {
        if (!mode_.read) return fail(Error::bad_descriptor);
        return pipe_->read(into, !mode_.nonblocking);
    }
    Result<u64> write(IoBuffer& from) override {
        if (!mode_.write) return fail(Error::bad_descriptor);
        return pipe_->write(from, !mode_.nonblocking);
    }
    Result<u64> ioctl(u32 request, u64 argument) override {
        constexpr u32 bytes_to_read = 0x541b;  // FIONREAD [asm-generic/ioctls.h]
        if (request != bytes_to_read) return fail(Error::not_a_terminal);
        i32 available = static_cast<i32>(pipe_->available());
        TRY(arch::copy_to_program(VirtAddr{argument}, &available, sizeof available));
        return 0;
    }
    Result<void> allocate(u32, u64, u64) override { return fail(Error::illegal_seek); }
    Ready ready() override { return pipe_->ready(mode_); }
    PollSource* poll_source() override { return &pipe_->poll_source; }
    std::string_view describe(std::span<char> buffer) override {
        if (entry_) return describe_entry(*entry_, buffer);
        return format_to(buffer, "pipe:[{}]", inode_->number());
    }
    FileKind kind() const override { return FileKind::pipe; }
    Inode* inode() override { return inode_.get(); }
    Dentry* dentry() override { return entry_.get(); }
    Pipe& pipe() { return *pipe_; }

private:
    Shared<Pipe> pipe_;
    Shared<Inode> inode_;
    Shared<Dentry> entry_;  ///< of a FIFO
};

struct Home {
    Shared<FileSystem> file_system;
    u64 next_number = 1;
};
constinit Locked<Home, sync::Mutex> home;

/// The pipe of an inode, made when it is first opened; it stays as long as the inode.
Result<Shared<Pipe>> ensure_pipe(Inode& inode) {
    if (auto* pipe = inode.pipe.load(std::memory_order_acquire)) return Shared(*pipe);
    auto made = TRY(Pipe::create());
    Pipe* other = nullptr;
    if (!inode.pipe.compare_exchange_strong(other, made.get(), std::memory_order_acq_rel)) return Shared(*other);
    made->retain();  // the inode's
    return made;
}

}  // namespace

Result<PipeEnds> create_pipe(OpenMode mode) {
    auto inode = TRY(home.with([](Home& h) -> Result<Shared<PipeInode>> {
        if (!h.file_system) h.file_system = TRY(make_shared<PipeFileSystem>());
        return make_shared<PipeInode>(*h.file_system, h.next_number++);
    }));
    auto pipe = TRY(ensure_pipe(*inode));
    OpenMode read_mode = mode, write_mode = mode;
    read_mode.read = write_mode.write = true;
    read_mode.write = write_mode.read = false;
    Shared<File> reader = TRY(make_shared<PipeFile>(read_mode, pipe, inode, nullptr));
    Shared<File> writer = TRY(make_shared<PipeFile>(write_mode, pipe, inode, nullptr));
    return PipeEnds{std::move(reader), std::move(writer)};
}

Pipe* pipe_of(File& file) {
    auto* inode = file.inode();
    return inode && !file.mode().path_only ? inode->pipe.load(std::memory_order_acquire) : nullptr;
}

Result<Shared<File>> open_fifo(Inode& inode, Dentry& entry, OpenMode mode) {
    auto pipe = TRY(ensure_pipe(inode));
    // A pipe without a name, opened anew through /proc, waits for nobody: its other end may be gone for good.
    bool named = entry.parent() != nullptr;
    if (named && mode.write && !mode.read && mode.nonblocking && !pipe->has_reader()) return fail(Error::no_such_device_address);
    Shared<File> file = TRY(make_shared<PipeFile>(mode, pipe, Shared(inode), Shared(entry)));
    if (!named || mode.nonblocking || (mode.read && mode.write)) return file;
    if (mode.read) TRY(pipe->wait_for_writer());
    else TRY(pipe->wait_for_reader());
    return file;
}

}  // namespace spore::fs
