// Threads for tests, within simulate().
#pragma once

#include <functional>

#include "kernel/sync/wait_queue.hpp"
#include "kernel/task/thread.hpp"

namespace spore::fakes {

/// Waits for threads that were spawned with it; program threads count as done when their owner was told of their end.
class Join {
public:
    void add();
    void done();
    void wait();

private:
    sync::Spin lock_;
    sync::WaitQueue queue_;
    unsigned running_ = 0;
};

void spawn(Join& join, std::function<void()> body);
/// A thread with an owner, so that its code counts as a program's. `ended` counts the ends.
void spawn_program(Join& join, std::function<void()> body, int* ended = nullptr, u64 space = 0);
/// How often owners were asked to activate their address space.
u64& activations();

}  // namespace spore::fakes
