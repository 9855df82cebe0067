// Signals that tell of files: SIGIO when one with O_ASYNC can be read or written, SIGURG when urgent data came [fcntl(2), socket(7)].
#pragma once

#include "kernel/fs/file.hpp"

namespace spore::linux {

/// Who is told. `id` 0: nobody.
struct EventOwner {
    enum class Kind : u8 { task, process, group };  // F_OWNER_*
    Kind kind = Kind::task;
    i32 id = 0;
};
/// F_SETOWN's way to say it: negative numbers are groups. invalid.
Result<EventOwner> owner_numbered(i32 number);
constexpr i32 number_of(EventOwner owner) { return owner.kind == EventOwner::Kind::group ? -owner.id : owner.id; }

/// F_SETOWN: signals go out on behalf of who calls this. no_process, no_memory.
Result<void> set_event_owner(fs::File& file, EventOwner owner);
/// Nobody when the owner has ended.
EventOwner event_owner(fs::File& file);
/// F_SETSIG: which signal, with siginfo that names the descriptor; 0: SIGIO without. no_memory.
Result<void> set_event_signal(fs::File& file, i32 number);
i32 event_signal(fs::File& file);

/// Whether O_ASYNC means something for the file: pipes, sockets, terminals, inotify.
bool tells_of_events(const fs::File& file);
/// O_ASYNC goes on or off; signals will name `descriptor`. Nothing when the file never tells. no_memory.
Result<void> set_asynchronous(fs::File& file, i32 descriptor, bool on);

}  // namespace spore::linux
