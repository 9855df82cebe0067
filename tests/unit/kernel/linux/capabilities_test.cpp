#include "kernel/linux/process/capabilities.hpp"

#include <gtest/gtest.h>

namespace spore::linux {
namespace {

constexpr CapabilitySet bind = CapabilitySet{1} << 10, raw = CapabilitySet{1} << 13, chown = 1;
constexpr Capabilities::UserIds root{0, 0, 0, 0}, user{7, 7, 7, 7};

TEST(Capabilities, GoWithTheLastIdOfRoot) {
    auto own = Capabilities::all();
    own.follow(root, {0, 7, 0, 7});
    EXPECT_EQ(own.effective, 0u);
    EXPECT_EQ(own.permitted, every_capability);
    own.follow({0, 7, 0, 7}, root);
    EXPECT_EQ(own.effective, every_capability);
    own.follow(root, user);
    EXPECT_EQ(own.effective | own.permitted, 0u);
    own.follow(user, {7, 0, 7, 0});
    EXPECT_EQ(own.effective, 0u) << "what is not permitted does not come back";
}

TEST(Capabilities, AreKeptWhereThatWasAskedFor) {
    auto own = Capabilities::all();
    EXPECT_TRUE(own.set_secure(static_cast<u64>(SecureBit::keep)));
    own.ambient = bind;
    own.follow(root, user);
    EXPECT_EQ(own.permitted, every_capability);
    EXPECT_EQ(own.effective | own.ambient, 0u);
    EXPECT_TRUE(own.change(bind, bind, 0));
    EXPECT_TRUE(own.has(Capability::bind_service));
    EXPECT_FALSE(own.change(bind | raw, bind | raw, 0));
    EXPECT_FALSE(own.has(Capability::net_raw));
}

TEST(Capabilities, OnFilesGoWithTheFileUser) {
    auto own = Capabilities::all();
    own.follow(root, {0, 0, 0, 7});
    EXPECT_EQ(own.effective & (chown | bind), bind);
    own.follow({0, 0, 0, 7}, root);
    EXPECT_EQ(own.effective, every_capability);
}

TEST(Capabilities, RulesForRootCanBeTurnedOff) {
    auto own = Capabilities::all();
    EXPECT_FALSE(own.set_secure(0x100));
    EXPECT_TRUE(own.set_secure(0x45));
    EXPECT_TRUE(own.set_secure(0x4d));  // what changes with the user, for ever
    EXPECT_FALSE(own.set_secure(0x49)) << "what is locked stays";
    EXPECT_FALSE(own.set_secure(0x45)) << "and so does the lock";
    own.follow(root, user);
    EXPECT_EQ(own.effective, every_capability);
    own.inheritable = raw;
    EXPECT_FALSE(own.raise_ambient(13));
    own.follow_exec(0, 0);
    EXPECT_EQ(own.permitted | own.effective, 0u);
}

TEST(Capabilities, ChangeWithinWhatIsPermitted) {
    auto own = Capabilities::all();
    EXPECT_TRUE(own.change(0, bind | raw, 0));
    EXPECT_FALSE(own.change(chown, bind, 0));
    EXPECT_FALSE(own.change(0, bind | raw, chown)) << "without SETPCAP only what is permitted";
    EXPECT_TRUE(own.change(bind, bind | raw, raw));
    auto bound = Capabilities::all();
    bound.bounding = bind;
    EXPECT_FALSE(bound.change(0, every_capability, raw));
    EXPECT_TRUE(bound.change(0, every_capability, bind));
}

TEST(Capabilities, OfAProgramThatIsExecuted) {
    auto own = Capabilities::all();
    own.bounding = bind | raw;
    EXPECT_TRUE(own.set_secure(static_cast<u64>(SecureBit::keep)));
    own.follow_exec(0, 0);
    EXPECT_EQ(own.effective, bind | raw);
    EXPECT_FALSE(own.applies(SecureBit::keep));
    own.follow_exec(0, 7);
    EXPECT_EQ(own.permitted, bind | raw);
    EXPECT_EQ(own.effective, 0u);
    own.follow_exec(7, 7);
    EXPECT_EQ(own.permitted, 0u);
}

TEST(Capabilities, AmbientOnesPassToAnybodysPrograms) {
    Capabilities own{.effective = bind, .permitted = bind | raw};
    EXPECT_FALSE(own.raise_ambient(10)) << "not inheritable";
    EXPECT_TRUE(own.change(bind, bind | raw, bind | raw));
    EXPECT_TRUE(own.raise_ambient(10));
    own.follow_exec(7, 7);
    EXPECT_EQ(own.effective, bind);
    EXPECT_EQ(own.permitted, bind);
    EXPECT_TRUE(own.change(0, 0, bind));
    EXPECT_EQ(own.ambient, 0u);
}

}  // namespace
}  // namespace spore::linux
