// A driver that resets its card when that breaks the rules, for tests: what is expected of each such driver.
#pragma once

#include "kernel/drivers/net/watched_device.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/unit/kernel/drivers/card_rig.hpp"

namespace spore::fakes {

inline void let_time_pass(Duration span) { set_time(time::now().nanoseconds + static_cast<u64>(span.nanoseconds)); }

template <typename Device, typename FakeCard>
class WatchedCardRig : public CardRig<Device> {
public:
    virtual ~WatchedCardRig() {
        this->end();
        EXPECT_FALSE(card.active);
        EXPECT_EQ(card.is_cut_off, was_made_);
        set_time(began_.nanoseconds);
    }
    /// Makes the driver, which is not open.
    virtual void make() = 0;
    Result<void> open() {
        make();
        return this->net->open();
    }
    void start() {
        ASSERT_TRUE(open());
        this->net->start(this->sink);
    }
    bool receive(Bytes frame) { return card.receive(this->as_broadcast(std::move(frame))); }

    /// The device is to be reset, and is.
    void expect_recovery() {
        auto& net = *this->net;
        EXPECT_FALSE(net.link_up());
        EXPECT_TRUE(net.has_trouble());
        unsigned resets = card.resets;
        net.recover();
        EXPECT_EQ(card.resets, resets + 1);
        card.set_link(true);
        EXPECT_TRUE(net.link_up());
        EXPECT_EQ(net.untaken(), 0u);
        this->sink.packets.clear();
        (void)card.take_sent();
        works();
    }
    void works() {
        for (u32 i = 0; i < enough_; ++i) {
            ASSERT_TRUE(receive(make_frame(100, static_cast<u8>(i)))) << i;
            ASSERT_TRUE(this->received()) << i;
            this->transmit(make_packet(make_frame(1000, static_cast<u8>(i))));
            ASSERT_EQ(card.take_sent(), std::vector<Bytes>{make_frame(1000, static_cast<u8>(i))}) << i;
        }
    }
    void expect_down() {
        auto& net = *this->net;
        EXPECT_FALSE(net.link_up());
        EXPECT_FALSE(card.active);
        EXPECT_TRUE(card.is_cut_off);
        EXPECT_FALSE(net.has_trouble());
        this->transmit(make_packet(make_frame(60)));  // goes nowhere
        EXPECT_EQ(net.untaken(), 0u);
        this->run();
    }
    /// As long as nothing is wrong. `each`: what else happens in each of them.
    void pass_seconds(u32 seconds, auto&& each) {
        for (u32 i = 0; i < seconds && !this->net->has_trouble(); ++i) {
            let_time_pass(Duration::seconds(1));
            each();
            time::run_expired();
            this->run();
        }
    }
    void pass_seconds(u32 seconds) {
        pass_seconds(seconds, [] {});
    }

    /// Packets of several pieces that find no memory are counted, and those after them come.
    void expect_dropped_without_memory() {
        for (u64 nth : {1, 2}) {
            ASSERT_TRUE(receive(make_frame(8910)));
            memory::fail_allocation(nth);
            EXPECT_FALSE(this->received());
            memory::fail_allocation(0);
            EXPECT_EQ(this->net->counters(0).receive_no_memory, nth);
            ASSERT_TRUE(receive(make_frame(1514)));
            EXPECT_TRUE(this->received());
        }
    }

    FakeCard card;

protected:
    /// `enough` packets go around every ring more than once.
    explicit WatchedCardRig(u32 enough) : enough_(enough) {}
    template <typename... Args>
    void make_driver(Args&&... args) {
        this->net.emplace(std::forward<Args>(args)..., [] { let_time_pass(Duration::ms(1)); });
        was_made_ = true;
    }

private:
    u32 enough_;
    Instant began_ = time::now();
    bool was_made_ = false;
};

// ---- a card of a kind that is changed(card) before the driver meets it ----

template <typename Rig>
void expect_refused(auto kind, auto change, Error error) {
    Rig rig(kind);
    change(rig.card);
    auto opened = rig.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), error);
}
/// It does not answer, for which the driver waits so long at most.
template <typename Rig>
void expect_given_up(auto kind, auto change, Duration most) {
    Rig rig(kind);
    change(rig.card);
    auto before = time::now();
    auto opened = rig.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), Error::timed_out);
    EXPECT_LE((time::now() - before).nanoseconds, most.nanoseconds);
}
template <typename Rig>
void expect_not_started(auto kind, auto change) {
    Rig rig(kind);
    change(rig.card);
    ASSERT_TRUE(rig.open());
    rig.net->start(rig.sink);
    rig.expect_down();
    EXPECT_EQ(rig.sink.link_changes, 1u);
}
/// Changed after it failed, with packets on their way.
template <typename Rig>
void expect_not_recovered(auto kind, auto fail, auto change) {
    Rig rig(kind);
    rig.start();
    rig.card.hold();
    rig.transmit_many(300);
    auto mac = rig.net->mac();
    fail(rig.card);
    ASSERT_TRUE(rig.net->has_trouble());
    change(rig.card);
    rig.net->recover();
    rig.expect_down();
    EXPECT_EQ(rig.net->mac(), mac);
    rig.net->recover();  // there is nothing to do
}
/// Without the nth allocation of those that each step makes.
template <typename Rig>
void expect_no_start_without_memory(auto kind, std::initializer_list<u64> of_opening, std::initializer_list<u64> of_start) {
    for (u64 nth : of_opening) {
        Rig rig(kind);
        rig.make();
        memory::fail_allocation(nth);
        auto opened = rig.net->open();
        memory::fail_allocation(0);
        ASSERT_FALSE(opened) << nth;
        EXPECT_EQ(opened.error(), Error::no_memory);
    }
    for (u64 nth : of_start) {
        Rig rig(kind);
        ASSERT_TRUE(rig.open());
        memory::fail_allocation(nth);
        rig.net->start(rig.sink);
        memory::fail_allocation(0);
        rig.expect_down();
    }
}

}  // namespace spore::fakes
