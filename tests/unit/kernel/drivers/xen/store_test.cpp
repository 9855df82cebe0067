// The store, with one that answers as it should, and with one that does not.
#include "kernel/drivers/xen/store.hpp"

#include <gtest/gtest.h>

#include "tests/fakes/cpu.hpp"
#include "tests/fakes/threads.hpp"
#include "tests/fakes/xen.hpp"

namespace spore::drivers::xen {
namespace {

using namespace wire::xen;
using fakes::XenHost;

void with_store(const std::function<void(XenHost&, Store&)>& test) {
    bool ok = fakes::simulate({}, [&] {
        auto& host = XenHost::start();
        Store store;
        ASSERT_TRUE(store.open());
        bool done = false;
        fakes::Join join;
        fakes::spawn(join, [&] { host.serve_store(done); });
        fakes::spawn(join, [&] {
            test(host, store);
            done = true;
        });
        join.wait();
    });
    EXPECT_TRUE(ok);
}

TEST(XenStore, ReadsListsAndWrites) {
    with_store([](XenHost& host, Store& store) {
        host.store = {{"device/vif/0/mac", "00:16:3e:01:02:03"}, {"device/vif/10/x", "1"}, {"n", "18"}, {"long", std::string(3000, 'x')}};
        char text[64];
        EXPECT_EQ(store.read("device/vif/0/mac", text), std::string_view("00:16:3e:01:02:03"));
        EXPECT_EQ(store.read_number("n"), 18u);
        EXPECT_EQ(store.read("nothing", text).error(), Error::not_found);
        EXPECT_EQ(store.read_number("device/vif/0/mac").error(), Error::invalid);
        EXPECT_EQ(store.read("long", text).error(), Error::too_big);  // and what follows is not out of step
        EXPECT_EQ(store.list("device/vif", text), std::string_view("0\00010\0", 5));
        ASSERT_TRUE(store.write("a/b", "value"));
        EXPECT_EQ(host.store["a/b"], "value");
        for (int i = 0; i < 200; ++i) ASSERT_EQ(store.read_number("n"), 18u);  // round the rings
    });
}

TEST(XenStore, IsNotAskedAgainWhenItBrokeTheRules) {
    auto packed = [](StoreHeader header, u32 call, u32 number, u32 size) {
        header.call = call, header.number = number, header.size = size;
        return std::string(reinterpret_cast<char*>(&header), sizeof header) + std::string(std::min<u32>(size, 64), 'x');
    };
    std::vector<std::function<std::string(const StoreHeader&)>> mistakes{
        [&](const StoreHeader& header) { return packed(header, 2, header.number + 1, 4); },
        [&](const StoreHeader& header) { return packed(header, 1, header.number, 4); },
        [&](const StoreHeader& header) { return packed(header, 2, header.number, 0xffff'ffff); },
        [&](const StoreHeader&) { return std::string(); },
    };
    for (auto& mistake : mistakes)
        with_store([&](XenHost& host, Store& store) {
            host.store = {{"n", "18"}};
            host.mistake = mistake;
            EXPECT_EQ(store.read_number("n").error(), Error::io);
            host.mistake = nullptr;
            EXPECT_EQ(store.read_number("n").error(), Error::io);
        });
}

TEST(XenStore, CountsThatMakeNoSenseAreNoticed) {
    with_store([](XenHost& host, Store& store) {
        host.mistake = [&](const StoreHeader&) {
            host.page.answer_producer = host.page.answer_consumer + 5000;
            return std::string();
        };
        EXPECT_EQ(store.read_number("n").error(), Error::io);
    });
}

TEST(XenStore, FormatsOfValues) {
    EXPECT_EQ(number_in("0"), 0u);
    EXPECT_EQ(number_in("1234567890123456789"), 1234567890123456789u);
    for (auto* text : {"", "-1", "1 ", "0x1", "12345678901234567890"}) EXPECT_EQ(number_in(text), std::nullopt) << text;
    EXPECT_EQ(hardware_address_in("00:16:3E:0a:fF:10"), (std::array<u8, 6>{0, 0x16, 0x3e, 0xa, 0xff, 0x10}));
    for (auto* text : {"", "00:16:3e:0a:ff", "00:16:3e:0a:ff:1g", "00-16-3e-0a-ff-10", "00:16:3e:0a:ff:100"}) EXPECT_EQ(hardware_address_in(text), std::nullopt) << text;
    std::string_view list("a\0bc\0d", 6);
    EXPECT_EQ(next_name(list), "a");
    EXPECT_EQ(next_name(list), "bc");
    EXPECT_EQ(next_name(list), "d");
    EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace spore::drivers::xen
