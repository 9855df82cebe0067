#include "kernel/drivers/hyperv/bus.hpp"

#include <algorithm>
#include <bit>

#include "kernel/core/log.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers::hyperv {

using namespace wire::hyperv;

namespace {
constexpr Duration patience = Duration::seconds(10), retry_interval = Duration::ms(1);
constexpr unsigned most_tries = 1000;
}  // namespace

MessageKind Bus::Message::kind() const { return as<MessageHeader>() ? as<MessageHeader>()->kind : MessageKind{}; }

void Bus::on_interrupt(void* self) {
    auto& bus = *static_cast<Bus*>(self);
    auto& events = arch::hyperv::events();
    // Each flag is cleared before what it stands for is looked at, so that what comes meanwhile is seen, now or by another call.
    for (u32 word = 0; word < event_words; ++word) {
        if (!__atomic_load_n(&events.words[word], __ATOMIC_RELAXED)) continue;
        for (u64 bits = __atomic_exchange_n(&events.words[word], u64{0}, __ATOMIC_SEQ_CST); bits; bits &= bits - 1)
            bus.dispatch(word * 64 + static_cast<u32>(std::countr_zero(bits)));
    }
    if (!arch::hyperv::message().type) return;
    Guard guard(bus.lock_);
    bus.news_.wake_all();
}

void Bus::dispatch(u32 channel) {
    for (auto& one : std::span(listeners_, __atomic_load_n(&listener_count_, __ATOMIC_ACQUIRE)))
        if (one.channel == channel) one.handler(one.context);
}

Result<void> Bus::listen(u32 channel, arch::InterruptHandler handler, void* context, std::atomic<bool>& gone) {
    if (listener_count_ == most_listeners) return fail(Error::no_space);
    listeners_[listener_count_] = {channel, handler, context, &gone};
    __atomic_store_n(&listener_count_, listener_count_ + 1, __ATOMIC_RELEASE);
    return {};
}

Result<void> Bus::post(ByteSpan message) {
    for (unsigned tries = 0; tries < most_tries; ++tries) {
        auto posted = arch::hyperv::post(message_connection, message);
        if (posted || posted.error() != Error::busy) return posted;
        Guard guard(lock_);
        (void)news_.wait(lock_, sync::Interruptible::no, time::now() + retry_interval);
    }
    return fail(Error::timed_out);
}

Result<Bus::Message> Bus::next_message(Instant deadline) {
    Guard guard(lock_);
    auto& slot = arch::hyperv::message();
    while (!slot.type) {
        if (time::now() >= deadline) return fail(Error::timed_out);
        (void)news_.wait(lock_, sync::Interruptible::no, deadline);
    }
    std::atomic_thread_fence(std::memory_order_acquire);  // the type before the rest; pairs with the host's write
    Message message;
    // Of other types nothing is said in this slot.
    message.size = slot.type == message_type ? std::min<u32>(slot.size, message_size) : 0;
    std::ranges::copy_n(slot.bytes, message.size, message.bytes);
    arch::hyperv::message_taken();
    return message;
}

template <typename T>
Result<T> Bus::await(MessageKind kind) {
    auto deadline = time::now() + patience;
    while (true) {
        auto message = TRY(next_message(deadline));
        if (message.kind() != kind) {
            note(message);
            continue;
        }
        auto* answer = message.as<T>();
        if (!answer) return fail(Error::truncated);
        return *answer;
    }
}

void Bus::note(const Message& message) {
    if (message.kind() == MessageKind::offer) {
        auto* offer = message.as<OfferMessage>();
        if (!offer || offer->channel >= event_flags || offer->subchannel) return;
        if (offer_count_ == most_offers) return core::warn("Hyper-V offers more than {} devices: one stays unused", most_offers);
        offers_[offer_count_++] = {offer->interface, offer->instance, offer->channel, offer->connection};
    }
    if (message.kind() == MessageKind::rescind)
        if (auto* taken = message.as<ChannelMessage>()) take_back(taken->channel);
}

/// Who uses the channel is told, and the host that nobody does any more: until then it keeps the number, and what was shared stays shared.
void Bus::take_back(u32 channel) {
    auto* end = std::remove_if(offers_, offers_ + offer_count_, [&](auto& offer) { return offer.channel == channel; });
    offer_count_ = static_cast<std::size_t>(end - offers_);
    for (auto& one : std::span(listeners_, listener_count_))
        if (one.channel == channel) {
            core::error("Hyper-V has taken a device away: it is not there any more");
            one.gone->store(true);
            (void)post(bytes_of(ChannelMessage{{MessageKind::close_channel, 0}, channel}));  // before those who wait may use their memory again
            one.handler(one.context);
        }
    (void)post(bytes_of(ChannelMessage{{MessageKind::channel_released, 0}, channel}));
}

Result<void> Bus::connect() {
    for (auto& page : pages_) page = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    TRY(arch::hyperv::connect(on_interrupt, this));
    TRY(post(bytes_of(Contact{{MessageKind::contact, 0}, version, 0, pages_[0].address().value, {pages_[1].address().value, pages_[2].address().value}})));
    auto answer = TRY(await<ContactAnswer>(MessageKind::contact_answer));
    if (!answer.supported || answer.state) return fail(Error::not_supported);
    TRY(post(bytes_of(MessageHeader{MessageKind::request_offers, 0})));
    TRY(await<MessageHeader>(MessageKind::all_offers));
    return {};
}

Result<u32> Bus::share(u32 channel, PhysAddr first, u32 bytes) {
    u32 number = ++last_share_, frames = bytes / static_cast<u32>(page_size);
    u64 next = first.value >> page_shift;
    auto fill = [&](auto& list) {
        u32 count = std::min<u32>(frames, std::size(list));
        for (u32 i = 0; i < count; ++i) list[i] = next++;
        frames -= count;
        return count * 8;
    };
    // The list is a range's head and its frames, counted by 16 bits.
    if (frames > 0xffff / 8 - 1) return fail(Error::out_of_range);
    ShareHeader header{{MessageKind::share_header, 0}, channel, number, static_cast<u16>(8 + frames * 8), 1, bytes, 0, {}};
    u64 list[std::size(header.frames)];
    u32 used = fill(list);
    std::memcpy(&header.frames, list, used);
    TRY(post(bytes_of(header).first(offsetof(ShareHeader, frames) + used)));
    for (u32 index = 0; frames; ++index) {
        ShareBody body{{MessageKind::share_body, 0}, index, number, {}};
        used = fill(body.frames);
        TRY(post(bytes_of(body).first(offsetof(ShareBody, frames) + used)));
    }
    auto answer = TRY(await<Shared>(MessageKind::shared));
    if (answer.number != number || answer.status) return fail(Error::no_memory);
    return number;
}

Result<void> Bus::open(u32 channel, u32 rings, u32 incoming_page) {
    OpenChannel asked{{MessageKind::open_channel, 0}, channel, channel, rings, 0, incoming_page, {}};
    TRY(post(bytes_of(asked)));
    auto answer = TRY(await<OpenResult>(MessageKind::open_result));
    if (answer.channel != channel || answer.status) return fail(Error::not_supported);
    return {};
}

void Bus::serve() {
    while (auto message = next_message(Instant::never())) note(*message);
}

}  // namespace spore::drivers::hyperv
