// When the queues of a network device interrupt, and when their CPU looks for itself.
//
// Interrupts are on while the CPU sleeps, and while a program runs that does not ask for events. Between being woken and going to sleep
// again the CPU looks for itself, in the idle loop and whenever a program is about to wait, and a packet costs no interrupt. Should a program
// compute all the while, a watch notices that nobody has looked and turns interrupts on.
//
// Self is a pair of queues:
//   bool stopped()               the device is used no more
//   u32 receive(u32 budget)      hands up to `budget` packets to the stack; how many it looked at
//   bool has_news()              whether receive() would find something
//   void reclaim()               lets go of what was sent, and sends what was put off
//   void want_interrupts(bool)   after turning them on, has_news() is asked once more
#pragma once

#include "kernel/device/poller.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers {

template <typename Self>
class QueueJob : public device::PollJob {
public:
    bool poll(u32 budget) override {
        if (self().stopped()) return false;
        if (listening_) listen(false);
        u32 done = 0;
        while (true) {
            done += self().receive(budget - done);
            self().reclaim();
            if (self().stopped()) return false;
            if (done >= budget) return true;
            if (idle() || trusts_program()) break;
            listen(true);
            if (!self().has_news()) return false;
            listen(false);
        }
        if (!watch_.armed()) watch_.arm(time::now() + watch_interval);
        return false;
    }

    void before_wait() override {
        if (self().stopped()) return;
        trust_ = most_trust;
        if (!self().has_news()) return self().reclaim();
        if (poll(look_budget)) schedule();
    }

    bool before_sleep() override {
        if (self().stopped()) return false;
        if (self().has_news()) return true;
        self().reclaim();  // memory should not wait as long as the CPU may sleep
        if (listening_) return false;
        listen(true);
        return self().has_news();
    }

protected:
    enum class Masked : bool { no, yes };
    /// The queues' interrupt, on their CPU. `masked`: the device sends no more by itself.
    void interrupted(Masked masked) {
        if (masked == Masked::yes) listening_ = false;
        else listen(false);
        if (!resident_) {
            resident_ = true;
            reside();
        }
        schedule();
    }
    ~QueueJob() = default;

private:
    /// How long packets may wait while a program computes that was woken by earlier ones.
    static constexpr Duration watch_interval = Duration::ms(4);
    static constexpr u32 look_budget = 64;
    /// So many turns, a watch interval apart if nothing else makes them, are taken without interrupts after a program has asked for events.
    static constexpr u32 most_trust = 4;
    struct Watch : time::Timer {
        explicit Watch(QueueJob& watched) : Timer(on_time), job(watched) {}
        static void on_time(time::Timer& timer) {
            auto& job = static_cast<Watch&>(timer).job;
            if (!job.listening_) job.schedule();
        }
        QueueJob& job;
    };

    bool trusts_program() { return trust_ && trust_--; }
    Self& self() { return static_cast<Self&>(*this); }
    void listen(bool wanted) {
        listening_ = wanted;
        self().want_interrupts(wanted);
    }

    Watch watch_{*this};
    bool listening_ = true;  ///< a fresh queue interrupts
    bool resident_ = false;
    u32 trust_ = 0;          ///< turns until it is doubted that a program will ask for events again
};

}  // namespace spore::drivers
