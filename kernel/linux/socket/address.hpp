// Socket addresses between programs and the kernel.
#pragma once

#include "kernel/linux/process/task.hpp"
#include "kernel/linux/socket/socket.hpp"

namespace spore::linux {

Result<SocketAddress> read_address(UserBytes from, u32 size);
/// Cuts it to the program's buffer and tells its real size. Nothing when `to` is null.
Result<void> write_address(const SocketAddress& address, UserBytes to, UserInOut<u32> size);
/// bad_descriptor, not_socket.
Result<Shared<Socket>> socket_of(Task& task, Descriptor descriptor);

}  // namespace spore::linux
