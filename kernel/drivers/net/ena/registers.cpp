#include "kernel/drivers/net/ena/registers.hpp"

#include <atomic>

namespace spore::drivers::ena {

namespace {
constexpr Duration read_patience = Duration::ms(200);
constexpr u16 other_request = 0x8000;  // than any that is asked for
}  // namespace

Result<void> Registers::open() {
    page_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    offer_memory();
    return {};
}

void Registers::offer_memory() { write_address(Register::read_answer_low, Register::read_answer_high, page_.address()); }

Result<u32> Registers::read(Register r) {
    auto offset = static_cast<u16>(r);
    if (plain_) return hardware_.read(offset);
    auto& answer = *reinterpret_cast<volatile wire::ena::ReadAnswer*>(page_.bytes());
    request_ = static_cast<u16>((request_ + 1) % other_request);
    answer.request = other_request;
    std::atomic_thread_fence(std::memory_order_release);  // before the request; pairs with the device's write
    write(Register::read_request, request_ | u32{offset} << 16);
    if (!wait(read_patience, [&] { return answer.request == request_; })) return fail(Error::timed_out);
    std::atomic_thread_fence(std::memory_order_acquire);  // the number before the rest; pairs with the device's write
    if (answer.offset != offset) return fail(Error::io);
    return answer.value;
}

}  // namespace spore::drivers::ena
