// What a program registers with a ring once, to name it by small numbers afterwards: files, buffers, and groups of buffers that the kernel chooses from.
// Guarded by the ring's mutex.
#pragma once

#include <optional>

#include "kernel/fs/file.hpp"
#include "kernel/fs/io_buffer.hpp"
#include "kernel/linux/ring/format.hpp"
#include "kernel/linux/small_text.hpp"
#include "kernel/linux/user.hpp"

namespace spore::linux::ring {

/// What a ring may be used for, once somebody said so [io_uring_register(2), IORING_REGISTER_RESTRICTIONS].
struct Restrictions {
    bool on = false;
    u64 operations = 0, commands = 0;
    u8 allowed_flags = 0, required_flags = 0;
    Result<void> allows(const Submission& sqe) const {
        if (!on) return {};
        bool operation = sqe.operation < 64 && (operations >> sqe.operation & 1);
        if (!operation || (sqe.flags & required_flags) != required_flags || (sqe.flags & ~(allowed_flags | required_flags))) return fail(Error::access_denied);
        return {};
    }
};

class Registered {
public:
    Registered() = default;
    Registered(const Registered&) = delete;
    ~Registered();

    /// bad_descriptor.
    Result<Shared<fs::File>> file(u32 index) const;
    /// Puts a file, or nothing, at a place; what was there. no_such_device_address without a table, invalid beyond it.
    Result<Shared<fs::File>> put_file(u32 index, Shared<fs::File> file);
    /// At the first free place. too_many: system_file_limit.
    Result<u32> add_file(Shared<fs::File> file);
    /// bad_address unless the memory lies in the buffer of that number.
    Result<void> check_buffer(u32 index, VirtAddr at, u64 size) const;

    /// The next buffer of a group, which stays there until it is taken. no_buffers, not_found.
    Result<ProvidedBuffer> next_buffer(u16 group);
    void take_buffer(u16 group);
    Result<void> provide(u16 group, VirtAddr at, u32 size, u32 count, u16 first);
    Result<u64> remove(u16 group, u32 count);
    /// invalid, bad_address, exists.
    Result<void> check_buffer_ring(const BufferRing& ring);
    Result<void> add_buffer_ring(const BufferRing& ring);
    Result<void> remove_buffer_ring(u16 group);

    HeapArray<Shared<fs::File>> files;
    HeapArray<fs::Piece> buffers;
    Restrictions restrictions;

private:
    struct Provided {
        ProvidedBuffer buffer;
        ListLink<Provided> link;
    };
    struct Group {
        u16 id = 0;
        VirtAddr ring{};  ///< 0: buffers come one by one
        u32 entries = 0;
        u16 head = 0;
        u32 count = 0;
        List<Provided, &Provided::link> provided;
        ListLink<Group> link;
    };
    Group* find(u16 id);
    void erase(Group& group);
    List<Group, &Group::link> groups_;
    u32 group_count_ = 0;
};

}  // namespace spore::linux::ring
