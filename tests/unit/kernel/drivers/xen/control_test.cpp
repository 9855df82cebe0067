// What the toolstack asks of a domain, through the store.
#include "kernel/drivers/xen/control.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "kernel/device/stop_request.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/threads.hpp"
#include "tests/fakes/xen.hpp"

namespace spore::drivers::xen {
namespace {

using device::AfterEnd;
using fakes::XenHost;

std::vector<AfterEnd> asked;

/// A domain that listens until the test is over: then its store breaks the rules. `before` is asked of it before it listens.
void with_domain(const std::function<void(XenHost&)>& test, const std::string& before = {}) {
    asked.clear();
    device::set_stop_listener([](AfterEnd after) { asked.push_back(after); });
    bool ok = fakes::simulate({}, [&] {
        auto& host = XenHost::start();
        if (!before.empty()) host.store["control/shutdown"] = before;
        Store store;
        ASSERT_TRUE(store.open());
        bool done = false;
        fakes::Join join;
        fakes::spawn(join, [&] { host.serve_store(done); });
        fakes::spawn(join, [&] {
            serve_control(store);
            done = true;
        });
        fakes::spawn(join, [&] {
            while (!host.store.contains("control/feature-reboot")) fakes::rest();
            test(host);
            host.mistake = [](const wire::xen::StoreHeader&) { return std::string(16, 'x'); };
            host.change("control/shutdown", "poweroff");
        });
        join.wait();
    });
    EXPECT_TRUE(ok);
    device::set_stop_listener(nullptr);
}

/// And gives it time to be answered and heard.
void ask(XenHost& host, const std::string& wish) {
    auto before = asked.size();
    host.change("control/shutdown", wish);
    for (int tries = 0; tries < 1000 && asked.size() == before; ++tries) fakes::rest();
}

TEST(XenControl, TakesWhatItKnowsAndAnswers) {
    with_domain([](XenHost& host) {
        EXPECT_EQ(host.store["control/feature-poweroff"], "1");
        for (auto* wish : {"poweroff", "reboot", "halt"}) {
            ask(host, wish);
            EXPECT_EQ(host.store["control/shutdown"], "") << wish;
        }
        EXPECT_EQ(asked, (std::vector{AfterEnd::power_off, AfterEnd::restart, AfterEnd::power_off}));
    });
}

TEST(XenControl, WhatItDoesNotKnowIsNotAnswered) {
    with_domain([](XenHost& host) {
        for (auto wish : {std::string("suspend"), std::string("poweroffs"), std::string(200, 'x')}) {
            ask(host, wish);
            EXPECT_EQ(host.store["control/shutdown"], wish);
        }
        EXPECT_TRUE(asked.empty());
        ask(host, "poweroff");
        EXPECT_EQ(asked.size(), 1u);
    });
}

TEST(XenControl, WhatWasAskedBeforeItListenedCounts) {
    with_domain(
        [](XenHost&) {
            for (int tries = 0; tries < 1000 && asked.empty(); ++tries) fakes::rest();
            EXPECT_EQ(asked, std::vector{AfterEnd::restart});
        },
        "reboot");
}

}  // namespace
}  // namespace spore::drivers::xen
