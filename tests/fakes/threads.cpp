// Threads for tests.
#include "tests/fakes/threads.hpp"

#include <memory>

#include "kernel/core/panic.hpp"

namespace spore::fakes {

void Join::add() {
    Guard guard(lock_);
    ++running_;
}
void Join::done() {
    Guard guard(lock_);
    if (--running_ == 0) queue_.wake_all();
}
void Join::wait() {
    Guard guard(lock_);
    while (running_ > 0) (void)queue_.wait(lock_, sync::Interruptible::no);
}

namespace {
struct Job {
    Join& join;
    std::function<void()> body;
};

struct Owner final : task::ThreadOwner {
    Owner(Join& j, std::function<void()> b, int* e) : join(j), body(std::move(b)), ended_count(e) {}
    void activate() override { ++activations(); }
    void ended() override {
        if (ended_count) ++*ended_count;
        Join& told = join;
        delete this;
        told.done();
    }

    Join& join;
    std::function<void()> body;
    int* ended_count;
};
}  // namespace

u64& activations() {
    static u64 count = 0;
    return count;
}

void spawn(Join& join, std::function<void()> body) {
    join.add();
    auto run = [](void* argument) {
        auto* job = static_cast<Job*>(argument);
        job->body();
        Join& told = job->join;
        delete job;
        told.done();
    };
    task::start(MUST(task::Thread::create("test", run, new Job{join, std::move(body)}), "the host has memory"));
}

void spawn_program(Join& join, std::function<void()> body, int* ended, u64 space) {
    join.add();
    auto* owner = new Owner(join, std::move(body), ended);
    owner->set_space_number(space);
    auto run = [](void* argument) { static_cast<Owner*>(argument)->body(); };
    task::start(MUST(task::Thread::create("program", run, owner, owner), "the host has memory"));
}

}  // namespace spore::fakes
