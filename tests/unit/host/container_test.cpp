// What container images say of their program, and who is asked first. That real ones run is shown by tests/system/cases/containers.py.
#include <gtest/gtest.h>

#include "host/container/container_image.hpp"

namespace spore::host {
namespace {

using Words = std::vector<std::string>;

TEST(ContainerSettings, AreReadFromBothFiles) {
    auto image = parse_container_settings(R"({"config": {"Entrypoint": ["/a"], "Cmd": ["b", "c"], "Env": ["X=1", "broken", "=no"], "WorkingDir": "/w", "StopSignal": "SIGQUIT"}})",
                                          R"({"process": {"user": {"uid": 7, "gid": 8}}})");
    ASSERT_TRUE(image);
    EXPECT_EQ(image->entrypoint, Words{"/a"});
    EXPECT_EQ(image->command, (Words{"b", "c"}));
    EXPECT_EQ(image->environment, Words{"X=1"});
    EXPECT_EQ(image->directory, "/w");
    EXPECT_EQ(image->user, (User{7, 8}));
    EXPECT_EQ(image->stop_signal, 3u);
}

TEST(ContainerSettings, MayBeMissingOrOfAnotherKind) {
    for (auto* text : {"{}", R"({"config": null})", R"({"config": []})", R"({"config": {"Entrypoint": null, "Cmd": "text", "Env": [1, null], "WorkingDir": 5, "StopSignal": 5}})", R"({"config": {"StopSignal": ""}})"}) {
        auto image = parse_container_settings(text, R"({"process": {"user": {"uid": -1, "gid": "x"}}})");
        ASSERT_TRUE(image) << text;
        EXPECT_TRUE(image->entrypoint.empty() && image->command.empty() && image->environment.empty() && image->directory.empty()) << text;
        EXPECT_EQ(image->user, User{}) << text;
        EXPECT_EQ(image->stop_signal, std::nullopt) << text;
    }
    for (auto* text : {"", "[]", "{", R"({"config": {"WorkingDir": "here"}})"}) {
        auto image = parse_container_settings(text, "{}");
        ASSERT_FALSE(image) << text;
        EXPECT_EQ(image.error().status, ExitStatus::bad_root);
    }
    EXPECT_FALSE(parse_container_settings("{}", ""));
    EXPECT_FALSE(parse_container_settings(R"({"config": {"StopSignal": "SIGNONE"}})", "{}"));
    for (auto* text : {R"({"process": []})", R"({"process": "x"})", R"({"process": {"user": [1]}})"}) EXPECT_TRUE(parse_container_settings("{}", text)) << text;
}

TEST(ContainerTools, WhatTheySayIsTakenOutOfTheirLog) {
    EXPECT_EQ(message_in_log(R"(skopeo failed: time="2026-01-01T00:00:00Z" level=fatal msg="no \"such\" image")"), "no \"such\" image");
    EXPECT_EQ(message_in_log("umoci failed: no layout"), "umoci failed: no layout");
    for (auto* text : {R"(a msg=")", R"(a msg="b)", R"(a msg="\)", R"(" msg=")"}) EXPECT_EQ(message_in_log(text), text);
}

struct Started {
    std::optional<std::string> program;
    Words arguments;
};
Started start(Request request, const ContainerImage& image) {
    if (!apply_container_image(request, image)) return {};
    return {request.program, request.arguments};
}

TEST(ContainerImage, ItsCommandIsReplacedByWords) {
    ContainerImage image{.root = "/r", .entrypoint = {"e", "1"}, .command = {"c", "2"}};
    EXPECT_EQ(start({}, image).program, "e");
    EXPECT_EQ(start({}, image).arguments, (Words{"1", "c", "2"}));
    EXPECT_EQ(start({.program = "w", .arguments = {"3"}}, image).arguments, (Words{"1", "w", "3"}));
    EXPECT_EQ(start({.arguments = {"3"}}, image).arguments, (Words{"1", "3"}));
    EXPECT_EQ(start({.entrypoint = "p"}, image).program, "p");
    EXPECT_EQ(start({.entrypoint = "p"}, image).arguments, Words{}) << "the command was the other program's";
    EXPECT_EQ(start({.program = "w", .entrypoint = "p"}, image).arguments, Words{"w"});
    image.entrypoint.clear();
    EXPECT_EQ(start({}, image).program, "c");
    EXPECT_EQ(start({.program = "w"}, image).program, "w");
    image.command.clear();
    EXPECT_EQ(start({}, image).program, std::nullopt);
}

TEST(ContainerImage, TheUserIsAskedFirst) {
    ContainerImage image{.root = "/r", .entrypoint = {"e"}, .command = {}, .environment = {"A=image", "B=image"}, .directory = "/w", .user = {7, 8}};
    Request request{.environment = {"A=user"}, .directory = "/user"};
    ASSERT_TRUE(apply_container_image(request, image));
    EXPECT_EQ(request.environment, (Words{"A=image", "B=image", "A=user"}));
    EXPECT_EQ(request.directory, "/user");
    EXPECT_EQ(request.user, UserChoice(User{7, 8}));
    EXPECT_EQ(request.root, "/r");
}

}  // namespace
}  // namespace spore::host
