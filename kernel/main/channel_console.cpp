#include "kernel/main/channel_console.hpp"

#include <algorithm>

#include "kernel/memory/heap.hpp"

namespace spore::main {

using abi::GuestFrame;
using abi::HostFrame;

void skip(u32 size, Receive receive) {
    std::byte part[256];
    for (u32 count; size > 0; size -= count) receive({part, count = std::min<u32>(size, sizeof part)});
}

ChannelConsole::Input::~Input() {
    memory::deallocate(bytes_);
}

void ChannelConsole::Input::append(ByteSpan bytes) {
    if (!bytes_ && !(bytes_ = static_cast<std::byte*>(memory::allocate(capacity, page_size)))) return;
    for (auto byte : bytes) {
        if (end_ - start_ == capacity) return;  // the host overran its credit
        bytes_[end_++ % capacity] = byte;
    }
}

std::size_t ChannelConsole::Input::take(MutableByteSpan into) {
    std::size_t count = std::min<u64>(into.size(), end_ - start_);
    for (std::size_t i = 0; i < count; ++i) into[i] = bytes_[start_++ % capacity];
    return count;
}

Result<void> ChannelConsole::write(device::OutputStream stream, ByteSpan bytes) {
    auto kind = stream == device::OutputStream::standard_out ? GuestFrame::standard_out : GuestFrame::standard_err;
    while (!bytes.empty()) {
        if (!is_taken(stream)) return fail(Error::broken_pipe);
        auto part = bytes.first(std::min(bytes.size(), most_payload_));
        TRY(pay(part.size()));
        TRY(send(kind, part));
        bytes = bytes.subspan(part.size());
    }
    return {};
}

Result<std::size_t> ChannelConsole::read(MutableByteSpan into, Wait wait) {
    std::size_t count;
    {
        Guard guard(lock_);
        while (input_.size() == 0 && !ended_) {
            if (wait == Wait::no) return fail(Error::would_block);
            TRY(arrivals_.wait(lock_, sync::Interruptible::yes));
        }
        count = input_.take(into);
    }
    if (count) {
        le32 credit;
        credit = static_cast<u32>(count);
        TRY(send(GuestFrame::stdin_credit, bytes_of(credit)));
    }
    return count;
}

std::size_t ChannelConsole::readable() const {
    Guard guard(lock_);
    return input_.size() == 0 && ended_ ? ~std::size_t{0} : input_.size();
}

void ChannelConsole::set_listener(Listener listener, void* context) {
    Guard guard(lock_);
    listener_ = listener;
    listener_context_ = context;
}

Result<void> ChannelConsole::pay(std::size_t size, sync::Interruptible interruptible) {
    Guard guard(lock_);
    while (output_credit_ <= 0 && !hung_up()) TRY(room_.wait(lock_, interruptible));
    if (hung_up()) return fail(Error::broken_pipe);
    output_credit_ -= static_cast<i64>(size + abi::frame_cost);
    return {};
}

bool ChannelConsole::pay_urgently(std::size_t size, u32 overdraft) {
    if (output_credit_ < -i64{overdraft}) return false;
    output_credit_ -= static_cast<i64>(size + abi::frame_cost);
    return true;
}

void ChannelConsole::take(HostFrame kind, u32 size, Receive receive) {
    std::byte part[256];
    static_assert(sizeof part >= sizeof(le32) + abi::max_query_path);
    std::size_t kept = size <= sizeof part ? size : 0;
    while (size > 0) {
        auto count = std::min<u32>(size, sizeof part);
        receive({part, count});
        if (kind == HostFrame::standard_in) {
            Guard guard(lock_);
            input_.append({part, count});
        }
        size -= count;
    }
    ByteSpan payload{part, kept};
    switch (kind) {
    case HostFrame::standard_in: return tell_readers();
    case HostFrame::stdin_end:
        {
            Guard guard(lock_);
            ended_ = true;
        }
        return tell_readers();
    case HostFrame::output_credit:
        if (auto* credit = view_at<le32>(payload, 0)) {
            Guard guard(lock_);
            output_credit_ += u32{*credit};
            room_.wake_all();
        }
        return;
    case HostFrame::output_end:
        if (auto* which = view_at<u8>(payload, 0)) {
            auto stream = static_cast<GuestFrame>(*which) == GuestFrame::standard_err ? device::OutputStream::standard_err : device::OutputStream::standard_out;
            gone_.fetch_or(bit_of(stream), std::memory_order_relaxed);
        }
        return;
    case HostFrame::window_size:
        if (auto* columns = view_at<le16>(payload, sizeof(le16))) window_ = {*view_at<le16>(payload, 0), *columns};
        return act(kind, payload);
    default: return act(kind, payload);
    }
}

void ChannelConsole::tell_readers() {
    arrivals_.wake_all();
    Guard guard(lock_);
    if (listener_) listener_(listener_context_);
}

void ChannelConsole::begin_anew() {
    Guard guard(lock_);
    output_credit_ = abi::initial_output_credit;
    gone_.store(0, std::memory_order_relaxed);
    room_.wake_all();
}

void ChannelConsole::hang_up() {
    {
        Guard guard(lock_);
        ended_ = true;
        hung_up_.store(true, std::memory_order_release);
        room_.wake_all();
    }
    tell_readers();
}

}  // namespace spore::main
