#include "kernel/drivers/net/gve/command_queue.hpp"

#include <atomic>

namespace spore::drivers::gve {

using namespace wire::gve;

namespace {
constexpr Duration patience = Duration::seconds(2);
}

Result<void> CommandQueue::open() {
    page_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    next_ = 0;
    dead_ = false;
    registers_.offer_commands(page_.address());
    return {};
}

Result<void> CommandQueue::run_bytes(Opcode opcode, ByteSpan body) {
    if (dead_) return fail(Error::timed_out);
    dead_ = true;
    if (registers_.read(Register::commands_done) != next_) return fail(Error::io);
    auto& command = reinterpret_cast<Command*>(page_.bytes())[next_ % size];
    command = {};
    command.opcode = static_cast<u32>(opcode);
    __builtin_memcpy(command.body, body.data(), body.size());
    std::atomic_thread_fence(std::memory_order_release);  // the command before the doorbell; pairs with the device's read
    registers_.write(Register::commands_doorbell, ++next_);
    if (!registers_.wait(patience, [&] { return registers_.read(Register::commands_done) == next_; })) return fail(Error::timed_out);
    dead_ = false;
    std::atomic_thread_fence(std::memory_order_acquire);  // the count before what was written; pairs with the device's write
    u32 status = std::byteswap(*reinterpret_cast<volatile u32*>(&command.status));
    if (status == status_passed) return {};
    return fail(status == status_unimplemented ? Error::not_supported : Error::io);
}

}  // namespace spore::drivers::gve
