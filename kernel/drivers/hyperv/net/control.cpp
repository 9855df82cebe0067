#include "kernel/drivers/hyperv/net/control.hpp"

#include <algorithm>

namespace spore::drivers::hyperv::netvsc {

using namespace wire::hyperv;
namespace rndis = wire::rndis;

void Control::Kept::keep(ByteSpan from) {
    size = std::min<u32>(static_cast<u32>(from.size()), most_bytes);
    std::ranges::copy(from.first(size), bytes);
}

bool Control::ask(ByteSpan message) {
    Guard guard(lock_);
    awaits_completion_ = sender_.say(message, Sender::transaction_of(Sender::control_slot), wants_completion);
    return awaits_completion_;
}

bool Control::request(ByteSpan head, ByteSpan rest) {
    Guard guard(lock_);
    return send_request(head, rest);
}

bool Control::send_request(ByteSpan head, ByteSpan rest) {
    auto section = sender_.control_section();
    auto size = static_cast<u32>(head.size() + rest.size());
    std::ranges::copy(head, section.begin());
    std::ranges::copy(rest, section.begin() + static_cast<std::ptrdiff_t>(head.size()));
    auto& request = *reinterpret_cast<rndis::Initialize*>(section.data());
    request.head.bytes = size;
    request.number = ++number_;
    NetPacket message{NetKind::packet, net_control, no_section, 0};
    awaits_completion_ = awaits_answer_ = sender_.say_section(bytes_of(message), Sender::transaction_of(Sender::control_slot), size);
    return awaits_answer_;
}

bool Control::is_done() {
    Guard guard(lock_);
    return !awaits_completion_ && !awaits_answer_;
}

bool Control::take_completion(ByteSpan bytes) {
    Guard guard(lock_);
    if (!awaits_completion_) return false;
    completion_.keep(bytes);
    awaits_completion_ = false;
    finish();
    return true;
}

void Control::take_message(ByteSpan bytes) {
    Guard guard(lock_);
    Kept message;
    message.keep(bytes);
    auto head = message.as<rndis::WasSet>();  // which all answers begin like
    if (!head) return;
    if (head->head.kind == rndis::Kind::status) {
        u32 status = head->number;
        if (status == rndis::status_connected) set_link(true);
        if (status == rndis::status_disconnected) set_link(false);
        return;
    }
    if (!awaits_answer_ || head->number != number_) return;
    answer_ = message;
    awaits_answer_ = false;
    finish();
}

/// The filter is told of while the card works: nobody waits for the answer.
void Control::finish() {
    if (!tells_filter_ || awaits_completion_ || awaits_answer_) return;
    tells_filter_ = false;
    auto answer = answer_.as<rndis::WasSet>();
    if (!answer || answer->head.kind != rndis::Kind::was_set || answer->status != rndis::status_success) refused_ = true;
}

void Control::set_filter(u32 filter) {
    Guard guard(lock_);
    wanted_filter_ = filter;
    tell_filter();
}

void Control::tell_filter() {
    is_behind_.store(told_filter_ != wanted_filter_, std::memory_order_relaxed);
    if (told_filter_ == wanted_filter_ || awaits_completion_ || awaits_answer_) return;
    rndis::Request head{{rndis::Kind::set, 0}, 0, rndis::object_filter, sizeof wanted_filter_, sizeof head - sizeof head.head, 0};
    if (!send_request(bytes_of(head), bytes_of(wanted_filter_))) return;
    tells_filter_ = true;
    told_filter_ = wanted_filter_;
    is_behind_.store(false, std::memory_order_relaxed);
}

void Control::set_link(bool up) {
    if (link_up_.exchange(up, std::memory_order_relaxed) != up) link_changed_.store(true, std::memory_order_relaxed);
}

}  // namespace spore::drivers::hyperv::netvsc
