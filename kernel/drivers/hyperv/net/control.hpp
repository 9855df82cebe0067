// What the host is asked and told besides packets: one thing at a time. It completes each message; a request of RNDIS' it answers too, in the receive
// buffer. Without anybody asking it says when the link comes and goes.
#pragma once

#include "kernel/drivers/hyperv/net/sender.hpp"
#include "wire/hyperv/rndis.hpp"

namespace spore::drivers::hyperv::netvsc {

class Control {
public:
    /// Bytes of an answer that are kept. The largest that is understood is shorter.
    static constexpr u32 most_bytes = 256;

    explicit Control(Sender& sender) : sender_(sender) {}
    Control(const Control&) = delete;

    /// Says a message, which the host will complete. False without room.
    bool ask(ByteSpan message);
    /// Makes a request of these parts, the first of which begins with an rndis::Request, or with what that has in common with others.
    bool request(ByteSpan head, ByteSpan rest);
    bool is_done();
    /// How the message was completed, and the request answered; nothing where that is shorter.
    template <typename T>
    std::optional<T> completion() const { return completion_.as<T>(); }
    template <typename T>
    std::optional<T> answer(u32 offset = 0) const { return answer_.as<T>(offset); }

    /// What the host is to hand on, as soon as it can be told.
    void set_filter(u32 filter);
    /// Tells it where it was not.
    void poll() {
        if (is_behind_.load(std::memory_order_relaxed)) [[unlikely]] set_filter(wanted_filter_);
    }
    /// It was not taken.
    bool refused() const { return refused_; }

    bool link_up() const { return link_up_.load(std::memory_order_relaxed); }
    void set_link(bool up);
    /// Whether it came or went since the last time.
    bool link_changed() { return link_changed_.exchange(false, std::memory_order_relaxed); }

    // ---- for whoever receives ----
    /// False when nothing was to be completed.
    bool take_completion(ByteSpan bytes);
    /// A message of RNDIS', of which these are all bytes or the first ones.
    void take_message(ByteSpan bytes);

private:
    struct Kept {
        std::byte bytes[most_bytes];
        u32 size = 0;
        void keep(ByteSpan from);
        template <typename T>
        std::optional<T> as(u32 offset = 0) const {
            if (offset > size || size - offset < sizeof(T)) return std::nullopt;
            T value;
            std::memcpy(&value, bytes + offset, sizeof value);
            return value;
        }
    };

    bool send_request(ByteSpan head, ByteSpan rest);
    void tell_filter();
    void finish();

    Sender& sender_;
    sync::Spin lock_;
    bool awaits_completion_ = false, awaits_answer_ = false;
    u32 number_ = 0;  ///< of the last request
    Kept completion_, answer_;
    u32 wanted_filter_ = 0, told_filter_ = 0;
    bool tells_filter_ = false;
    std::atomic<bool> is_behind_ = false, refused_ = false, link_up_ = false, link_changed_ = false;
};

}  // namespace spore::drivers::hyperv::netvsc
