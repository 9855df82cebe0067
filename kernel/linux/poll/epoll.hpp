// epoll: a set of files, of which the ready ones are told [epoll(7)].
#pragma once

#include "kernel/fs/file.hpp"
#include "kernel/linux/process/task.hpp"

namespace spore::linux {

/// struct epoll_event; packed on x86-64 only.
struct
#if defined(__x86_64__)
    [[gnu::packed]]
#endif
    EpollEvent {
    u32 events;
    u64 data;
};

enum EpollFlag : u32 { epoll_exclusive = 1u << 28, epoll_wakeup = 1u << 29, epoll_one_shot = 1u << 30, epoll_edge = 1u << 31 };

class Epoll : public fs::File {
public:
    using File::File;
    virtual Result<void> add(i32 descriptor, Shared<fs::File> file, const EpollEvent& event) = 0;
    virtual Result<void> modify(i32 descriptor, fs::File& file, const EpollEvent& event) = 0;
    virtual Result<void> remove(i32 descriptor, fs::File& file) = 0;
    /// How many events were put into `into`, at least one unless the deadline passed.
    virtual Result<u64> wait(Task& task, std::span<EpollEvent> into, Instant deadline) = 0;
};

Result<Shared<fs::File>> make_epoll();
/// Null when the file is no epoll.
Epoll* epoll_of(fs::File& file);

}  // namespace spore::linux
