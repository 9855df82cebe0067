#include "host/plan/user.hpp"

#include <gtest/gtest.h>

namespace spore::host {
namespace {

constexpr std::string_view passwd = "root:x:0:0:root:/root:/bin/sh\n# a comment\nweb:x:33:34:w:/srv/web:/bin/false\nbad:x:x:1\nshort:x:7\nall:x:4294967295:1\nlast:x:8:9";
constexpr std::string_view group = "root:x:0:\nstaff:x:50:web\nbroken:x\nown:x:34:web\nmore:x:51:last,web,other\nnot:x:52:website,we\nbad:x:x:web";

TEST(Users, AreFoundByName) {
    auto find = [](std::string_view text) { return find_user(*parse_user(text), passwd, group); };
    EXPECT_EQ(find("5:6")->user, (User{5, 6}));
    EXPECT_EQ(find("web")->user, (User{33, 34, {50, 51}}));
    EXPECT_EQ(find("web")->home, "/srv/web");
    EXPECT_EQ(find("web:staff")->user, (User{33, 50}));
    EXPECT_EQ(find("web:7")->user, (User{33, 7}));
    EXPECT_EQ(find("7:staff")->user, (User{7, 50}));
    EXPECT_EQ(find("last")->user, (User{8, 9, {51}}));
    EXPECT_EQ(find("last")->home, "");
    EXPECT_EQ(find("33:7")->home, "/srv/web");
    EXPECT_EQ(find("33:staff")->home, "/srv/web");
    EXPECT_EQ(find("77")->home, "");
    for (const char* unknown : {"nobody", "bad", "short", "all", "we"}) EXPECT_NE(find(unknown).error().message.find("/etc/passwd has none of that name"), std::string::npos) << unknown;
    for (const char* unknown : {"web:web", "1:broken"}) EXPECT_NE(find(unknown).error().message.find("/etc/group has none of that name"), std::string::npos) << unknown;
}

TEST(Users, AreTheRootsOwn) {
    EXPECT_EQ(find_user(*parse_user("nobody:tty"), std::nullopt)->user, (User{65534, 5}));
    char name[] = "/tmp/spore-users-XXXXXX";
    fs::path root = ::mkdtemp(name);
    fs::create_directory(root / "etc");
    EXPECT_TRUE(write_file(root / "etc/users", passwd));
    fs::create_symlink("/etc/users", root / "etc/passwd");
    EXPECT_EQ(find_user(*parse_user("web:nogroup"), root)->user, (User{33, 65534}));
    EXPECT_FALSE(find_user(*parse_user("nobody"), root));
    fs::remove_all(root);
}

}  // namespace
}  // namespace spore::host
