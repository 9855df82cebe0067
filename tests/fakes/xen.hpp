// The other side of the drivers for Xen: the hypervisor's calls, the store, and a domain that uses what it was granted and nothing else.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kernel/drivers/xen/ring.hpp"
#include "wire/xen/store.hpp"

namespace spore::fakes {

/// Lets the other threads of simulate() go on for a moment.
void rest();

class XenHost {
public:
    static constexpr u16 domain = 3;
    static constexpr u32 store_port = 1;

    /// The one that there is, as at a machine's start: whatever drivers there were are gone.
    static XenHost& start();
    static XenHost& get();

    // ---- grants ----
    /// The frame that the domain was granted, or null when it may not use it so.
    std::byte* granted(u32 grant, bool write);
    /// Keeps it mapped, so that it cannot be taken back; or no longer.
    void hold(u32 grant, bool held);

    // ---- events ----
    /// Those that were sent, oldest first, without the store's.
    std::function<void(u32 port)> on_send;  ///< at once, before whoever sends it goes on
    std::vector<u32> take_sent() { return std::exchange(sent_, {}); }
    void raise(u32 port);

    // ---- the store ----
    std::map<std::string, std::string> store;
    /// Called for each that is written, after that.
    std::function<void(const std::string& path, const std::string& value)> on_write;
    /// What it says to the next request instead of the answer: whatever the rules say.
    std::function<std::string(const wire::xen::StoreHeader&)> mistake;
    /// The toolstack sets a value; who watches it hears of it.
    void change(const std::string& path, const std::string& value);
    /// Answers what was asked, again and again, within simulate(), until `done`.
    void serve_store(const bool& done);
    wire::xen::StorePage page{};

private:
    friend struct XenCalls;
    void answer_one();
    void say(const std::string& bytes);
    void tell_watchers(const std::string& path);
    std::string answer(wire::xen::StoreCall call, const std::string& payload);

    wire::xen::SharedInfo* shared_ = nullptr;
    std::map<u64, wire::xen::Grant*> grant_pages_;
    void (*handler_)(void*) = nullptr;
    void* context_ = nullptr;
    u32 next_port_ = 10;
    std::vector<std::string> watched_;
    std::vector<u32> sent_;
};

/// The other half of a ring, found by its grant.
template <typename Request, typename Answer>
class RingEnd {
public:
    using Ring = drivers::xen::Ring<Request, Answer>;
    explicit RingEnd(u32 grant) : page_(XenHost::get().granted(grant, true)) {}

    wire::xen::RingHead& head() { return *reinterpret_cast<wire::xen::RingHead*>(page_); }
    template <typename T>
    T& at(u32 number) { return *reinterpret_cast<T*>(page_ + sizeof(wire::xen::RingHead) + number % Ring::size * Ring::slot_size); }
    bool has_request() { return requests != head().request_producer; }
    Request take() { return at<Request>(requests++); }
    void put(const auto& answer) { at<std::remove_cvref_t<decltype(answer)>>(answers++) = answer; }
    /// Shows what was put; whether the driver wants an event.
    bool publish() {
        u32 before = std::exchange(head().answer_producer, answers);
        return answers - head().answer_event < answers - before;
    }

    u32 requests = 0, answers = 0;

private:
    std::byte* page_;
};

}  // namespace spore::fakes
