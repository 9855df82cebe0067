#include "kernel/drivers/block/scsi/bus.hpp"

namespace spore::drivers::scsi {

using wire::scsi::Sense;
using wire::scsi::SenseKey;
using wire::scsi::Status;

namespace {

/// A unit may have something to tell first, or too much to do.
constexpr u32 most_attempts = 6;

Error error_of(Sense sense) {
    if (sense.key == SenseKey::data_protect) return Error::read_only;
    return sense.key == SenseKey::illegal_request && sense.code == wire::scsi::code_out_of_range ? Error::out_of_range : Error::io;
}

/// Whether it is worth saying again.
bool is_for_now(const Answer& answer) {
    if (answer.delivery == Answer::Delivery::busy || answer.status == Status::busy || answer.status == Status::queue_full) return true;
    return answer.status == Status::check_condition && (answer.sense.key == SenseKey::unit_attention || answer.sense.key == SenseKey::aborted);
}

Result<void> verdict(const Answer& answer, const wire::scsi::Command& command) {
    using enum Answer::Delivery;
    if (answer.delivery == no_target) return fail(Error::no_device);
    if (answer.status == Status::check_condition) {
        bool done = answer.sense.key == SenseKey::none || answer.sense.key == SenseKey::recovered;
        return done ? Result<void>() : fail(error_of(answer.sense));
    }
    // Answers to questions may be shorter than the room for them; transfers may not.
    bool whole = answer.delivery == arrived || (answer.delivery == arrived_short && wire::scsi::may_be_short(command));
    return whole && answer.status == Status::good ? Result<void>() : fail(Error::io);
}

}  // namespace

Result<void> Bus::run(const Order& order) {
    Answer answer{};
    for (u32 attempt = 0; attempt < most_attempts; ++attempt) {
        answer = TRY(run_once(order));
        if (!is_for_now(answer)) return verdict(answer, order.command);
    }
    return fail(Error::io);
}

}  // namespace spore::drivers::scsi
