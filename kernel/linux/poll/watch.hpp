// One thread that waits for any of several files to become ready: what poll and select do.
#pragma once

#include "kernel/fs/file.hpp"
#include "kernel/linux/process/task.hpp"

namespace spore::linux {

/// Wakes the thread that made it when a watched file changes.
class Watcher {
public:
    Watcher() : thread_(task::current()) {}

    /// Looks at a file's readiness for as long as it lives.
    class Watch final : public fs::PollObserver {
    public:
        Watch() = default;
        Watch(const Watch&) = delete;
        ~Watch() {
            if (source_) source_->detach(*this);
        }
        void begin(Watcher& watcher, Shared<fs::File> file);
        fs::File& file() const { return *file_; }
        explicit operator bool() const { return static_cast<bool>(file_); }
        void notify(fs::Ready) override;

    private:
        Watcher* watcher_ = nullptr;
        fs::PollSource* source_ = nullptr;
        Shared<fs::File> file_;
    };

    /// Forgets earlier notifications: to be called before the files are looked at.
    void prepare() { task::prepare_to_block(); }
    void cancel() { task::cancel_block(); }
    /// Sleeps until a watched file changed since prepare(); `interrupted` for a signal, `timed_out` after the deadline.
    Result<void> wait(Task& task, Instant deadline);

private:
    task::Thread& thread_;
};

}  // namespace spore::linux
