#include "kernel/net/tcp/control_block.hpp"
#include "kernel/net/interface.hpp"

namespace spore::net::tcp {

Result<u32> ControlBlock::begin_hand_over() {
    Session session(*this);
    TRY(can_send());
    if (!handed_over_) handed_over_ = TRY(make_owned<HandedOver>());
    return handed_over_->begin();
}

void ControlBlock::end_hand_over(u32 number, u64 sent, Pages pages) {
    Session session(*this);
    u32 before = handed_over_->finished();
    if (sent) handed_over_->complete(number, queue_begin() + queue_.size(), queue_begin(), pages == Pages::copied);
    else handed_over_->cancel(number, queue_begin());
    if (state_ == State::closed) handed_over_->finish();
    tell_of_handed_over(before);
}

/// After sends may have finished; `before` had already.
void ControlBlock::tell_of_handed_over(u32 before) {
    hand_back_ = handed_over_->finished() != 0;
    if (handed_over_->finished() != before) publish(Ready::error);
}

std::optional<FinishedSends> ControlBlock::take_finished_sends() {
    Session session(*this);
    if (!handed_over_) return std::nullopt;
    auto told = handed_over_->take();
    hand_back_ = handed_over_->finished() != 0;
    publish(Ready::none);
    return told;
}

bool ControlBlock::stays_here() const {
    Guard guard(lock_);
    auto* interface = path_.interface();
    return interface && interface->loopback();
}

}  // namespace spore::net::tcp
