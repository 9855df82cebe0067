#include <gtest/gtest.h>

#include <set>

#include "kernel/linux/process/ids.hpp"

namespace spore::linux {
namespace {

struct Member {
    i32 group = 0;
    ListLink<Member> link;
};
using Groups = GroupTable<Member, &Member::link>;

std::set<const Member*> members(const Groups& groups, i32 group) {
    std::set<const Member*> found;
    groups.for_each(group, [&](const Member& one) { return found.insert(&one), true; });
    return found;
}

TEST(GroupTable, FindsTheMembersOfOneGroup) {
    Groups groups;
    Member a, b, c;
    groups.put(a, 7);
    groups.put(b, 7);
    groups.put(c, 7 + 64);  // the same bucket
    EXPECT_EQ(members(groups, 7), (std::set<const Member*>{&a, &b}));
    EXPECT_EQ(members(groups, 7 + 64), std::set<const Member*>{&c});
    EXPECT_TRUE(members(groups, 8).empty());
}

TEST(GroupTable, MembersChangeTheirGroup) {
    Groups groups;
    Member a, b;
    groups.put(a, 1);
    groups.put(b, 1);
    groups.put(a, 2);
    EXPECT_EQ(a.group, 2);
    EXPECT_EQ(members(groups, 1), std::set<const Member*>{&b});
    EXPECT_EQ(members(groups, 2), std::set<const Member*>{&a});
    groups.remove(a);
    EXPECT_TRUE(members(groups, 2).empty());
}

TEST(GroupTable, AVisitEndsWhenTheVisitorWants) {
    Groups groups;
    Member a, b;
    groups.put(a, 5);
    groups.put(b, 5);
    int visits = 0;
    groups.for_each(5, [&](Member&) { return ++visits, false; });
    EXPECT_EQ(visits, 1);
}

}  // namespace
}  // namespace spore::linux
