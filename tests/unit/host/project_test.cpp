#include "host/plan/project.hpp"

#include <gtest/gtest.h>

namespace spore::host {
namespace {

const fs::path file = "/shop/spore.toml";

std::string problem(std::string_view text) {
    auto project = parse_project(text, file);
    return project ? "" : project.error().message;
}

TEST(Project, HasItsMachinesInOrder) {
    auto project = parse_project(R"(
memory = "64M"
environment = { TZ = "UTC" }
[machines.api]
program = "./api"
after = ["db", "queue"]
network.ports = ["8080:80"]
memory = "128M"
[machines.db]
program = "/usr/bin/redis-server"
ready = 6379
[machines.queue]
program = "nats-server"
after = ["db"]
after-end = ["migrate"]
ready = ["nats", "ping"]
environment = { A = "b" }
[machines.migrate]
program = "./migrate"
)", file);
    ASSERT_TRUE(project) << project.error().message;
    ASSERT_EQ(project->machines.size(), 4u);
    const auto& [db, migrate, queue, api] = std::tie(project->machines[0], project->machines[1], project->machines[2], project->machines[3]);
    EXPECT_EQ(migrate.name, "migrate");
    EXPECT_EQ(queue.after, (std::vector<Dependency>{{"db", Until::ready}, {"migrate", Until::ended}}));
    EXPECT_EQ(db.name, "db");
    EXPECT_EQ(std::get<u16>(db.ready), 6379);
    EXPECT_EQ(db.request.memory, 64_MiB);
    EXPECT_EQ(queue.name, "queue");
    EXPECT_EQ(std::get<std::vector<std::string>>(queue.ready), (std::vector<std::string>{"nats", "ping"}));
    EXPECT_EQ(queue.request.environment, (std::vector<std::string>{"TZ=UTC", "A=b"}));
    EXPECT_EQ(api.name, "api");
    EXPECT_EQ(api.request.program, "/shop/api");
    EXPECT_EQ(api.request.memory, 128_MiB);
    EXPECT_EQ(api.request.network.ports, (std::vector<PortForward>{{"", 8080, 80, false}}));
    EXPECT_EQ(api.after, (std::vector<Dependency>{{"db"}, {"queue"}}));
}

TEST(Project, ErrorsNameLineAndFix) {
    EXPECT_EQ(problem("program = \"a\""), "/shop/spore.toml names no machines: write [machines.NAME] with program = \"…\", or start one program with 'spore run'");
    EXPECT_EQ(problem("[machines]"), problem(""));
    EXPECT_EQ(problem("machine_ = 1\n[machines.a]\nprogram = \"a\""), "/shop/spore.toml:1: there is no key 'machine_'; did you mean 'machine'?");
    EXPECT_EQ(problem("[machines.a]\nprogram = \"a\"\nafte = []"), "/shop/spore.toml:3: there is no key 'afte'; did you mean 'after'?");
    EXPECT_EQ(problem("machines.a = 1"), "/shop/spore.toml:1: machines.a must be a table: [machines.a] followed by its keys");
    EXPECT_EQ(problem("[machines.a]\nmemory = \"64M\""), "/shop/spore.toml:1: machines.a names no program: write program = \"…\" in it");
    EXPECT_EQ(problem("[machines.\"a b\"]\nprogram = \"a\""), "/shop/spore.toml:1: machines.a b is no name for a machine: use letters, digits and hyphens");
    EXPECT_EQ(problem("[machines.a]\nprogram = \"a\"\nready = 0"), "/shop/spore.toml:3: machines.a.ready must be the number of a port, such as 6379, or a command, such as [\"redis-cli\", \"ping\"]");
    EXPECT_EQ(problem("[machines.a]\nprogram = \"a\"\nafter = [\"b\"]"), "/shop/spore.toml: a waits for 'b', and there is no such machine");
    EXPECT_NE(problem("[machines.a]\nprogram = \"a\"\nafter = [\"b\"]\n[machines.b]\nprogram = \"b\"\nafter = [\"a\"]").find("waits for itself"), std::string::npos);
    EXPECT_NE(problem("[machines.a]\nprogram = \"a\"\nafter = [\"a\"]").find("waits for itself"), std::string::npos);
}

TEST(Project, OfSeveralMachinesIsNotRun) {
    auto request = parse_config("[machines.a]\nprogram = \"a\"", file);
    ASSERT_FALSE(request);
    EXPECT_NE(request.error().message.find("'spore up'"), std::string::npos);
}

TEST(Project, IsCalledAsItsFolder) {
    EXPECT_EQ(project_name("/a/shop"), "shop");
    EXPECT_EQ(project_name("/a/shop/"), project_name("/a/shop/."));
    EXPECT_EQ(project_name("/a/-my shop_2.x"), "myshop_2x");
    EXPECT_EQ(project_name("/"), "project");
}

}  // namespace
}  // namespace spore::host
