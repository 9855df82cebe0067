// Asks the store, one request after the other: while the machine starts, and then the thread that waits for changes. What it answers is checked; a store
// that breaks the rules is not asked again.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "wire/xen/store.hpp"

namespace spore::drivers::xen {

class Store {
public:
    /// Finds the store's page and channel. not_found when the toolstack gave none.
    Result<void> open();
    bool is_open() const { return page_; }

    /// The value, as much as `into` holds: too_big for more. not_found, or io when the store does not answer.
    Result<std::string_view> read(std::string_view path, std::span<char> into);
    Result<u64> read_number(std::string_view path);
    /// The names below a path, as next_name() takes them.
    Result<std::string_view> list(std::string_view path, std::span<char> into);
    Result<void> write(std::string_view path, std::string_view value);

    /// From now on await_change() tells of changes at and below the path, of which there is one at once.
    Result<void> watch(std::string_view path);
    /// Waits until something has changed that is watched, since the last time.
    Result<void> await_change();

private:
    Result<std::string_view> ask(wire::xen::StoreCall call, std::initializer_list<std::string_view> parts, std::span<char> into);
    Result<std::string_view> take_answer(wire::xen::StoreCall call, std::span<char> into);
    Result<void> put(ByteSpan bytes);
    Result<void> get(MutableByteSpan bytes);
    Result<void> skip(u32 size);
    Result<wire::xen::StoreHeader> take_header();
    Result<void> wait(Instant give_up);
    static void on_event(void* self);

    wire::xen::StorePage* page_ = nullptr;
    u32 port_ = 0, number_ = 0;
    bool broken_ = false, changed_ = false;
    sync::Spin lock_;
    sync::WaitQueue news_;
};

}  // namespace spore::drivers::xen
