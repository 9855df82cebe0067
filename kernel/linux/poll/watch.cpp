#include "kernel/linux/poll/watch.hpp"

namespace spore::linux {

void Watcher::Watch::begin(Watcher& watcher, Shared<fs::File> file) {
    watcher_ = &watcher;
    file_ = std::move(file);
    source_ = file_->poll_source();
    if (source_) source_->attach(*this);
}

void Watcher::Watch::notify(fs::Ready) { task::wake(watcher_->thread_); }

Result<void> Watcher::wait(Task& task, Instant deadline) {
    if (task.wants_attention()) {
        task::cancel_block();
        return fail(Error::interrupted);
    }
    switch (task::block(sync::Interruptible::yes, deadline)) {
    case task::Woken::by_wake: return {};
    case task::Woken::by_deadline: return fail(Error::timed_out);
    case task::Woken::by_interrupt: return fail(Error::interrupted);
    }
    return {};
}

}  // namespace spore::linux
