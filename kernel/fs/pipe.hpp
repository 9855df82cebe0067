// Pipes and FIFOs: a ring of bytes in pages that are allocated as they fill.
#pragma once

#include "kernel/fs/dentry.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::fs {

/// Writes of at most so many bytes are not mixed with others' [POSIX, PIPE_BUF].
inline constexpr u64 pipe_atomic_size = 4096;
inline constexpr u64 default_pipe_size = 65536;
inline constexpr u64 max_pipe_size = 1_MiB;

/// The bytes in flight between the ends.
class Pipe final : public Counted {
public:
    static Result<Shared<Pipe>> create();
    explicit Pipe(memory::FrameRef* slots) : slots_(slots) {}
    ~Pipe();

    Result<u64> read(IoBuffer& into, bool may_wait);
    /// broken_pipe when nobody reads any more; the ABI turns that into SIGPIPE.
    Result<u64> write(IoBuffer& from, bool may_wait);
    /// Waits until something can be written; how much. broken_pipe as write().
    Result<u64> wait_for_room(bool may_wait);
    /// Copies without taking; waits for the first byte as read() does.
    Result<u64> peek(IoBuffer& into, bool may_wait);
    /// As peek(); and until end_taking() nobody else takes any, for which also readers that may not wait do: what was shown is on its way
    /// elsewhere. The latter is due unless there was an error or nothing.
    Result<u64> begin_taking(IoBuffer& into, bool may_wait);
    /// Takes so many of the bytes that begin_taking() showed.
    void end_taking(u64 size);
    /// As wait_for_room(); and until end_putting() nobody else writes, for which also writers that may not wait do: the room is kept for what is
    /// fetched meanwhile.
    Result<u64> begin_putting(bool may_wait);
    /// Puts what was fetched for the room into it; how much of it. broken_pipe as write().
    Result<u64> end_putting(ByteSpan fetched);
    Ready ready(OpenMode mode);
    u64 available();
    u64 capacity();
    /// F_SETPIPE_SZ: rounded up to a power of two of pages; the size it has then. busy when more bytes than that are in it.
    Result<u64> resize(u64 size);

    void add_end(OpenMode mode);
    void remove_end(OpenMode mode);
    /// FIFO: waits until the other end was opened. One that came and went meanwhile counts.
    Result<void> wait_for_writer();
    Result<void> wait_for_reader();
    bool has_reader();

    PollSource poll_source;

private:
    u64 room() const { return slot_count_ * page_size - used_; }
    void advance(u64 size);
    Result<bool> wait_for_bytes(bool may_wait);
    Result<u64> copy(IoBuffer& into);
    Result<u64> fill(IoBuffer& from, u64 size);

    sync::Mutex mutex_;
    sync::WaitQueue readers_waiting_, writers_waiting_, opening_;
    memory::FrameRef* slots_;  ///< a ring: byte n of the stream lies in slot n / page_size
    u64 slot_count_ = default_pipe_size / page_size;
    u64 head_ = 0;             ///< position in the ring of the next byte to read
    u64 used_ = 0;
    bool being_taken_ = false, being_put_ = false;  ///< by a splice, which is at its other side
    u32 readers_ = 0, writers_ = 0;
    u64 readers_ever_ = 0, writers_ever_ = 0;
};

struct PipeEnds {
    Shared<File> reader, writer;
};
/// pipe2(2). `mode` carries nonblocking, for both ends.
Result<PipeEnds> create_pipe(OpenMode mode);

/// The pipe behind a file, for F_GETPIPE_SZ, F_SETPIPE_SZ and splice; null when it is none.
Pipe* pipe_of(File& file);

/// Opens a FIFO node: sleeps until the other end is there, as POSIX open() wants.
Result<Shared<File>> open_fifo(Inode& inode, Dentry& entry, OpenMode mode);

}  // namespace spore::fs
