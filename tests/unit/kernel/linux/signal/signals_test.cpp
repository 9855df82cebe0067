#include "kernel/linux/signal/signals.hpp"

#include <gtest/gtest.h>

namespace spore::linux {
namespace {

Owned<QueuedSignal> entry(const SignalInfo& info) {
    auto made = make_owned<QueuedSignal>();
    (*made)->info = info;
    return std::move(*made);
}

TEST(PendingSignals, CountsWhatIsRememberedWhole) {
    PendingSignals pending;
    EXPECT_FALSE(pending.add(first_realtime, entry(SignalInfo::from_process(first_realtime, si_queue, 1, 0, 10))));
    EXPECT_FALSE(pending.add(first_realtime, entry(SignalInfo::from_process(first_realtime, si_queue, 1, 0, 20))));
    EXPECT_FALSE(pending.add(sigusr1, nullptr));
    EXPECT_TRUE(pending.add(sigusr1, entry(SignalInfo::from_kernel(sigusr1))));  // it waits already, and the entry comes back
    EXPECT_EQ(pending.queued(), 2u);
    EXPECT_EQ(pending.take(SignalSet::of(first_realtime)).words[1], 10u);
    EXPECT_EQ(pending.queued(), 1u);
    EXPECT_TRUE(pending.set().has(first_realtime));
    pending.discard(SignalSet::of(first_realtime));
    EXPECT_EQ(pending.queued(), 0u);
    EXPECT_EQ(pending.set().bits, SignalSet::of(sigusr1).bits);
}

TEST(SignalInfo, FaultsAreToldFromFilesByCodeAndNumber) {
    EXPECT_TRUE(SignalInfo::fault(sigsegv, segv_accerr, VirtAddr{16}).is_synchronous_fault());
    EXPECT_FALSE(SignalInfo::fault(sigsegv, segv_accerr, VirtAddr{16}).is_of_file());
    EXPECT_FALSE(SignalInfo::from_kernel(sigsegv).is_synchronous_fault());
    EXPECT_FALSE(SignalInfo::of_file(sigsegv, si_sigio, 1, 3).is_synchronous_fault());
    for (i32 number : {i32{sigio}, i32{sigusr1}, i32{first_realtime}}) {
        auto info = SignalInfo::of_file(number, poll_hup, 0x18, -1);
        EXPECT_TRUE(info.is_of_file());
        EXPECT_FALSE(info.is_synchronous_fault());
        EXPECT_EQ(info.words[1], 0xffff'ffffu);
    }
    EXPECT_FALSE(SignalInfo::child(cld_killed, 2, 0, 9, 0, 0).is_of_file());
    EXPECT_FALSE(SignalInfo::from_kernel(sigio).is_of_file());
}

}  // namespace
}  // namespace spore::linux
