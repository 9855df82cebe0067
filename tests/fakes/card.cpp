#include "tests/fakes/card.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace spore::fakes {

Result<u16> Card::Owner::connect_message(u32, arch::InterruptHandler function, void* context) {
    if (!owned.messages) return fail(Error::not_supported);
    if (owned.connected_ == owned.messages) return fail(Error::busy);
    auto& handler = owned.handlers_[owned.connected_];
    handler.function = function;
    handler.context = context;
    return static_cast<u16>(owned.connected_++);
}

void Card::Owner::cut_off() {
    owned.is_cut_off = true;
    owned.active = false;
}

void Card::start_anew() {
    ++resets;
    active = held_ = breaks_rules_ = false;
    in_flight_.clear(), unreported_.clear(), taken_.clear();
    for (u32 i = 0; i < std::size(handlers_); ++i) handlers_[i].masked = i != management_, handlers_[i].pending = false;
}

void Card::set_masked(u32 message, bool masked) {
    handlers_[message].masked = masked;
    deliver();
}

void Card::cause(u32 message) {
    handlers_[message].pending = true;
    deliver();
}

void Card::deliver() {
    if (in_handler_) return;
    in_handler_ = true;
    for (u32 i = 0; i < std::size(handlers_); ++i) {
        auto& handler = handlers_[i];
        if (!handler.function || !handler.pending || handler.masked) continue;
        handler.pending = false;
        handler.masked = i != management_;
        ++interrupts;
        handler.function(handler.context);
    }
    in_handler_ = false;
}

void Card::take_packet(u16 number) {
    EXPECT_TRUE(in_flight_.insert(number).second) << "packet " << number << " is in use";
    if (held_) unreported_.push_back(number);
}

void Card::finish_packet(u16 number) {
    if (!held_) report(number);
}

void Card::resume(bool backwards) {
    held_ = false;
    auto numbers = std::exchange(unreported_, {});
    if (backwards) std::ranges::reverse(numbers);
    for (u16 number : numbers) report(number);
}

}  // namespace spore::fakes
