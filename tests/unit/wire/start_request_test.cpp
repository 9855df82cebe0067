#include "wire/start_request.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spore::wire {
namespace {

using Strings = std::vector<std::string>;

std::string bytes_with(u32 arguments, const Strings& strings) {
    abi::StartPayload head{};
    head.arguments = arguments;
    std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
    for (const auto& text : strings) bytes.append(text.c_str(), text.size() + 1);
    return bytes;
}
Result<StartRequest> parse(const std::string& bytes) { return StartRequest::parse(std::as_bytes(std::span(bytes))); }

TEST(StartRequest, TellsItsStringsApart) {
    auto bytes = bytes_with(3, {"/srv", "tool", "", "now", "A=1", "B="});
    auto request = parse(bytes);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->folder(), "/srv");
    Strings arguments, variables;
    request->for_each_argument([&](std::string_view text) { arguments.emplace_back(text); });
    request->for_each_variable([&](std::string_view text) { variables.emplace_back(text); });
    EXPECT_EQ(arguments, (Strings{"tool", "", "now"}));
    EXPECT_EQ(variables, (Strings{"A=1", "B="}));
    EXPECT_EQ(request->argument_count(), 3u);
    EXPECT_EQ(request->variable_count(), 2u);
}

TEST(StartRequest, HasGroups) {
    auto bytes = bytes_with(1, {"", "tool"});
    EXPECT_TRUE(parse(bytes)->groups().empty());
    auto& head = *reinterpret_cast<abi::StartPayload*>(bytes.data());
    head.group_count = 2, head.groups[1] = 7;
    ASSERT_EQ(parse(bytes)->groups().size(), 2u);
    EXPECT_EQ(parse(bytes)->groups()[1], 7u);
    head.group_count = abi::most_groups + 1;
    EXPECT_FALSE(parse(bytes));
}

TEST(StartRequest, NeedsNoFolderAndNoVariables) {
    auto bytes = bytes_with(1, {"", "tool"});
    auto request = parse(bytes);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->folder(), "");
    EXPECT_EQ(request->variable_count(), 0u);
}

TEST(StartRequest, RefusesWhatBreaksTheFormat) {
    EXPECT_FALSE(parse(bytes_with(0, {"", "tool"}))) << "no program";
    EXPECT_FALSE(parse(bytes_with(1, {"", ""}))) << "one without a name";
    EXPECT_FALSE(parse(bytes_with(2, {"", "tool"}))) << "an argument too few";
    EXPECT_FALSE(parse(bytes_with(~0u, {"", "tool"}))) << "all of them missing";
    EXPECT_FALSE(parse(bytes_with(1, {"", "tool", "variable"}))) << "no value";
    EXPECT_FALSE(parse(bytes_with(1, {"", "tool", "=value"}))) << "no name";
    auto flag = bytes_with(1, {"", "tool"});
    flag[0] = 2;
    EXPECT_FALSE(parse(flag));
}

TEST(StartRequest, RefusesEveryTruncation) {
    auto bytes = bytes_with(1, {"/", "tool", "A=1"});
    auto without_variable = bytes.size() - sizeof "A=1";
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_EQ(parse(bytes.substr(0, size)).has_value(), size == without_variable) << size;
}

}  // namespace
}  // namespace spore::wire
