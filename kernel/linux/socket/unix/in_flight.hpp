// Files on their way between Unix sockets (SCM_RIGHTS). A socket that was sent into its own queue, or into one that only it leads to,
// keeps itself alive: such rings are found when further sockets end or send files, and broken.
#pragma once

#include "kernel/linux/socket/unix/message.hpp"

namespace spore::linux {

class UnixSocket;

/// Counts the message's files, and the sockets among them, as in flight, before it is put into a queue. too_many_references when the running task's user has more
/// there already than it may have descriptors, and is not privileged [unix(7)]; no_memory.
Result<void> note_in_flight(UnixMessage& message);
/// The message is out of its queue.
void forget_in_flight(UnixMessage& message);
/// Gives the message's files to a receiver: all of them, or (peeking) one more owner of each.
HeapArray<Shared<fs::File>> take_files(UnixMessage& message);
Result<HeapArray<Shared<fs::File>>> copy_files(const UnixMessage& message);

/// A descriptor of the socket was closed. If it is in flight, it may now be in a ring that nobody reaches.
void suspect_ring(UnixSocket& socket);
/// When there is reason to, finds sockets that are reachable only from queues of each other, and empties those queues.
void break_rings();
/// Destroys messages; those that this in turn sets free are destroyed by the same caller, one after the other, since a chain of them may
/// be longer than the stack is deep.
void bury(UnixMessages& messages);

}  // namespace spore::linux
