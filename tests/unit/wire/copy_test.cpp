#include "wire/copy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spore::wire {
namespace {

std::string payload(u8 direction, const std::string& path, const std::string& name) {
    std::string bytes(sizeof(abi::CopyPayload), '\0');
    bytes[0] = static_cast<char>(direction);
    return bytes + path + '\0' + name + '\0';
}
Result<CopyRequest> parse(const std::string& bytes) { return CopyRequest::parse(std::as_bytes(std::span(bytes))); }

TEST(CopyRequest, TellsPathAndName) {
    auto bytes = payload(1, "/var/data", "file");
    auto request = parse(bytes);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->direction, abi::CopyDirection::in);
    EXPECT_EQ(request->path, "/var/data");
    EXPECT_EQ(request->name, "file");
    EXPECT_TRUE(parse(payload(0, "/", "")));
}

TEST(CopyRequest, RefusesEveryTruncationAndWhatBreaksTheRules) {
    auto whole = payload(1, "/var/data", "file");
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(parse(whole.substr(0, size))) << size;
    EXPECT_FALSE(parse(whole + "x"));
    EXPECT_FALSE(parse(whole + '\0'));
    for (const auto& bytes : {payload(2, "/a", "b"), payload(1, "a", "b"), payload(1, "", "b"), payload(1, "/a", ""), payload(1, "/a", ".."), payload(1, "/a", "b/c"), payload(0, "/a", "b")})
        EXPECT_FALSE(parse(bytes));
}

TEST(CopyEntry, IsSoundOnlyWithWhatItsTypeHas) {
    auto entry = [](abi::CopyType type, u16 name, u16 target, u16 permissions = 0644) {
        abi::CopyEntry made{};
        made.type = static_cast<u8>(type);
        made.name = name, made.target = target, made.permissions = permissions;
        return made;
    };
    using enum abi::CopyType;
    for (auto type : {file, folder, problem}) {
        EXPECT_TRUE(is_sound(entry(type, 4095, 0)));
        EXPECT_FALSE(is_sound(entry(type, 1, 1)));
        EXPECT_FALSE(is_sound(entry(type, 4096, 0)));
        EXPECT_FALSE(is_sound(entry(type, 1, 0, 04755)));
    }
    EXPECT_TRUE(is_sound(entry(link, 1, 4095)));
    EXPECT_FALSE(is_sound(entry(link, 1, 0)));
    EXPECT_FALSE(is_sound(entry(abi::CopyType{}, 1, 0)));
    EXPECT_FALSE(is_sound(entry(abi::CopyType{5}, 1, 0)));
}

TEST(PathBelow, LeadsNowhereElse) {
    for (std::string_view good : {"a", "a/b", "...", "a/.b/..c", ".a"}) EXPECT_TRUE(is_path_below(good)) << good;
    for (std::string_view bad : {"", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "a/../b"}) EXPECT_FALSE(is_path_below(bad)) << bad;
    EXPECT_FALSE(is_path_below(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace spore::wire
