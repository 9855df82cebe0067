#include "kernel/drivers/xen/store.hpp"

#include <algorithm>

#include "arch/xen.hpp"
#include "kernel/drivers/xen/events.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers::xen {

using namespace wire::xen;

namespace {
constexpr Duration patience = Duration::seconds(10);

u32 seen(const u32& counter) { return __atomic_load_n(&counter, __ATOMIC_ACQUIRE); }
void show(u32& counter, u32 value) { __atomic_store_n(&counter, value, __ATOMIC_RELEASE); }  // pairs with the store's load
}  // namespace

Result<void> Store::open() {
    u64 frame = TRY(arch::xen::parameter(Parameter::store_frame));
    port_ = static_cast<u32>(TRY(arch::xen::parameter(Parameter::store_port)));
    page_ = static_cast<StorePage*>(TRY(arch::xen::map_frame(frame)));
    return connect_event(port_, on_event, this);
}

void Store::on_event(void* self) {
    auto& store = *static_cast<Store*>(self);
    Guard guard(store.lock_);
    store.news_.wake_all();
}

Result<void> Store::wait(Instant give_up) {
    send_event(port_);
    if (time::now() >= give_up) return fail(Error::timed_out);
    return news_.wait(lock_, sync::Interruptible::no, give_up);
}

Result<void> Store::put(ByteSpan bytes) {
    auto give_up = time::now() + patience;
    for (auto byte : bytes) {
        u32 used;
        while ((used = page_->request_producer - seen(page_->request_consumer)) == store_ring) TRY(wait(give_up));
        if (used > store_ring) return fail(Error::corrupt);
        page_->requests[page_->request_producer % store_ring] = byte;
        show(page_->request_producer, page_->request_producer + 1);
    }
    return {};
}

Result<void> Store::get(MutableByteSpan bytes) {
    auto give_up = time::now() + patience;
    for (auto& byte : bytes) {
        u32 there;
        while (!(there = seen(page_->answer_producer) - page_->answer_consumer)) TRY(wait(give_up));
        if (there > store_ring) return fail(Error::corrupt);
        byte = page_->answers[page_->answer_consumer % store_ring];
        show(page_->answer_consumer, page_->answer_consumer + 1);
    }
    return {};
}

Result<void> Store::skip(u32 size) {
    for (std::byte byte; size; --size) TRY(get({&byte, 1}));
    return {};
}

/// Of the next message that is no change: those are noted.
Result<StoreHeader> Store::take_header() {
    while (true) {
        StoreHeader header{};
        TRY(get({reinterpret_cast<std::byte*>(&header), sizeof header}));
        if (header.size > store_payload) return fail(Error::corrupt);
        if (header.call != static_cast<u32>(StoreCall::changed)) return header;
        TRY(skip(header.size));
        changed_ = true;
    }
}

Result<std::string_view> Store::take_answer(StoreCall call, std::span<char> into) {
    auto header = TRY(take_header());
    if (header.number != number_) return fail(Error::corrupt);
    bool good = header.call == static_cast<u32>(call);
    if (!good && header.call != static_cast<u32>(StoreCall::error)) return fail(Error::corrupt);
    auto kept = std::min<std::size_t>(header.size, into.size());
    TRY(get(std::as_writable_bytes(into.first(kept))));
    TRY(skip(static_cast<u32>(header.size - kept)));
    send_event(port_);
    if (!good) return fail(Error::not_found);
    if (kept < header.size) return fail(Error::too_big);
    return std::string_view(into.data(), kept);
}

Result<std::string_view> Store::ask(StoreCall call, std::initializer_list<std::string_view> parts, std::span<char> into) {
    Guard guard(lock_);
    if (broken_) return fail(Error::io);
    u32 size = 0;
    for (auto part : parts) size += static_cast<u32>(part.size());
    StoreHeader header{};
    header.call = static_cast<u32>(call);
    header.number = ++number_;
    header.size = size;
    auto sent = put(bytes_of(header));
    for (auto part : parts)
        if (sent) sent = put(std::as_bytes(std::span(part)));
    auto answer = sent ? take_answer(call, into) : fail(sent.error());
    if (answer || answer.error() == Error::not_found || answer.error() == Error::too_big) return answer;
    broken_ = true;
    return fail(Error::io);
}

namespace {
constexpr std::string_view end{"", 1};  // of a path: a zero byte
}

Result<std::string_view> Store::read(std::string_view path, std::span<char> into) { return ask(StoreCall::read, {path, end}, into); }

Result<u64> Store::read_number(std::string_view path) {
    char text[24];
    auto number = number_in(TRY(read(path, text)));
    if (!number) return fail(Error::invalid);
    return *number;
}

Result<std::string_view> Store::list(std::string_view path, std::span<char> into) { return ask(StoreCall::list, {path, end}, into); }

Result<void> Store::write(std::string_view path, std::string_view value) {
    char answer[8];
    TRY(ask(StoreCall::write, {path, end, value}, answer));
    return {};
}

Result<void> Store::watch(std::string_view path) {
    constexpr std::string_view token = "0";  // which tells watches apart
    char answer[8];
    TRY(ask(StoreCall::watch, {path, end, token, end}, answer));
    return {};
}

Result<void> Store::await_change() {
    Guard guard(lock_);
    if (broken_) return fail(Error::io);
    while (!changed_) {
        if (seen(page_->answer_producer) == page_->answer_consumer) {
            TRY(news_.wait(lock_, sync::Interruptible::no));
            continue;
        }
        StoreHeader header{};
        auto taken = get({reinterpret_cast<std::byte*>(&header), sizeof header});
        bool good = taken && header.call == static_cast<u32>(StoreCall::changed) && header.size <= store_payload;
        if (!good || !skip(header.size)) {
            broken_ = true;
            return fail(Error::io);
        }
        send_event(port_);
        changed_ = true;
    }
    changed_ = false;
    return {};
}

}  // namespace spore::drivers::xen
