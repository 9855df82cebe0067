#include "host/compose/compose.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "host/compose/service.hpp"
#include "host/compose/yaml.hpp"

namespace spore::host {
namespace {

std::optional<std::string> lookup(const std::string& name) {
    static const std::map<std::string, std::string> known{{"TAG", "7"}, {"EMPTY", ""}, {"HOME_OF", "/home"}};
    auto found = known.find(name);
    return found == known.end() ? std::nullopt : std::optional(found->second);
}

Outcome<Project> parse(std::string_view text) { return parse_compose(text, "/shop/compose.yaml", lookup); }
std::string problem(std::string_view text) {
    auto project = parse(text);
    return project ? "" : project.error().message;
}
std::string service_problem(std::string_view line) { return problem(fmt::format("services:\n  a:\n    image: x\n    {}\n", line)); }

TEST(Yaml, IsATreeWithPlaces) {
    auto tree = parse_yaml("a: 1\nb: [x, 'null', ~]\nc: &c\n  d: e\nf:\n  <<: *c\n  g: h\n", "f.yaml");
    ASSERT_TRUE(tree) << tree.error().message;
    EXPECT_EQ(tree->find("a")->text, "1");
    EXPECT_EQ(tree->find("b")->items.size(), 3u);
    EXPECT_FALSE(tree->find("b")->items[1].is_null());
    EXPECT_TRUE(tree->find("b")->items[2].is_null());
    EXPECT_EQ(tree->find("b")->line, 2u);
    EXPECT_EQ(tree->find("f")->find("d")->text, "e");
    EXPECT_EQ(tree->find("f")->find("g")->text, "h");
    EXPECT_TRUE(parse_yaml("", "f.yaml")->is_null());
}

TEST(Yaml, RefusesWhatHarms) {
    auto problem = [](std::string_view text) { return parse_yaml(text, "f.yaml").error().message; };
    EXPECT_TRUE(problem("a: [1\n").starts_with("f.yaml:2: "));
    EXPECT_EQ(problem("a: *b"), "f.yaml:1: there is no anchor of that name before it");
    EXPECT_EQ(problem("a: 1\na: 2"), "f.yaml:2: 'a' is there twice");
    EXPECT_EQ(problem("? [x]\n: 1"), "f.yaml:1: a key must be a text");
    EXPECT_EQ(problem("a: &a [*a]"), "f.yaml:1: there is no anchor of that name before it");
    EXPECT_EQ(problem("<<: 1"), "f.yaml:1: only maps can be merged (<<)");
    std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) laughs += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
    EXPECT_NE(problem(laughs).find("too large"), std::string::npos);
    EXPECT_NE(problem(std::string(100, '[')).find("too deep"), std::string::npos);
}

TEST(Interpolation, KnowsAllForms) {
    auto value = [](std::string_view text) { return interpolate(text, lookup).value_or("(wrong)"); };
    EXPECT_EQ(value("redis:$TAG ${TAG}"), "redis:7 7");
    EXPECT_EQ(value("$NONE${NONE}|${EMPTY}"), "|");
    EXPECT_EQ(value("${NONE:-a}${EMPTY:-b}${EMPTY-c}${NONE-d}${TAG:-e}"), "abd7");
    EXPECT_EQ(value("${TAG:+yes}${EMPTY:+no}${EMPTY+there}${NONE+no}"), "yesthere");
    EXPECT_EQ(value("${NONE:-${NONE:-deep} $TAG}"), "deep 7");
    EXPECT_EQ(value("$$TAG costs 3$$"), "$TAG costs 3$");
    for (const char* wrong : {"$", "${", "${}", "${TAG", "$1", "${TAG:}", "${TAG*}", "${NONE:?}", "${NONE?}", "${EMPTY:?}"}) EXPECT_EQ(value(wrong), "(wrong)") << wrong;
    EXPECT_EQ(value("${EMPTY?}"), "");
    EXPECT_EQ(interpolate("${NONE:?name a password}", lookup).error().message, "the variable NONE is not set: name a password");
    std::string deep = "x";
    for (int i = 0; i < 100; ++i) deep = "${N:-" + deep + "}";
    EXPECT_EQ(value(deep), "(wrong)");
}

TEST(Words, AreSplitAsAShellDoes) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(*split_words("a  'b c' \"d \\\" e\" f\\ g ''"), (Words{"a", "b c", "d \" e", "f g", ""}));
    EXPECT_EQ(*split_words("'a\\b'\"c\\d\"x"), (Words{"a\\bc\\dx"}));
    EXPECT_EQ(*split_words(" \t\n"), Words{});
    EXPECT_FALSE(split_words("a 'b"));
}

TEST(Compose, IsAProject) {
    auto project = parse(R"(
name: market
x-common: &common
  restart: unless-stopped
services:
  web:
    <<: *common
    image: ./web.tar
    command: serve --at "/srv dir"
    ports: ["127.0.0.1:8080:80", {target: 53, published: "5353", protocol: udp}]
    depends_on:
      db: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
    environment: {A: 1, B: , TAG: }
    ulimits: {nofile: {soft: 1000, hard: 2000}}
    deploy: {resources: {limits: {cpus: "1.5", memory: 1gb}}}
    labels: [x]
  db:
    image: redis:${TAG}
    volumes: ["data:/data", "/scratch", {type: volume, source: more, target: /more, read_only: true}]
    healthcheck: {test: [CMD, redis-cli, ping], interval: 5s}
    user: "999:998"
    working_dir: /data
    stop_signal: SIGINT
    read_only: true
    tmpfs: /tmp
  migrate:
    image: docker://quay.io/tool
    entrypoint: [/bin/tool, -v]
    command: [up]
    mem_limit: 128m
    depends_on: [db]
    tmpfs: ["/run:size=64m,noexec"]
    environment: ["C=d", "TAG", "NONE"]
  extra:
    image: x
    profiles: [debug]
volumes: {data: , more: }
networks: {default: }
version: "3.8"
)");
    ASSERT_TRUE(project) << project.error().message;
    EXPECT_EQ(project->name, "market");
    EXPECT_FALSE(project->awaited);
    ASSERT_EQ(project->machines.size(), 3u);
    const auto& [db, migrate, web] = std::tie(project->machines[0], project->machines[1], project->machines[2]);
    EXPECT_EQ(db.name, "db");
    EXPECT_EQ(db.request.image, "docker://redis:7");
    EXPECT_EQ(db.volumes, (std::vector<NamedVolume>{{"data", "/data"}, {"more", "/more", true}}));
    EXPECT_EQ(std::get<std::vector<std::string>>(db.ready), (std::vector<std::string>{"redis-cli", "ping"}));
    EXPECT_EQ(db.request.user, UserChoice(User{999, 998}));
    EXPECT_EQ(db.request.directory, "/data");
    EXPECT_EQ(db.request.stop_signal, 2u);
    EXPECT_TRUE(db.request.read_only_root);
    EXPECT_EQ(db.request.tmpfs, std::vector<Tmpfs>{{"/tmp"}});
    EXPECT_FALSE(migrate.request.read_only_root);
    EXPECT_EQ(migrate.request.tmpfs, (std::vector<Tmpfs>{{"/run", 64_MiB}}));
    EXPECT_EQ(migrate.name, "migrate");
    EXPECT_EQ(migrate.request.image, "docker://quay.io/tool");
    EXPECT_EQ(migrate.request.entrypoint, "/bin/tool");
    EXPECT_EQ(migrate.request.program, "-v");
    EXPECT_EQ(migrate.request.arguments, (std::vector<std::string>{"up"}));
    EXPECT_EQ(migrate.request.environment, (std::vector<std::string>{"C=d", "TAG=7"}));
    EXPECT_EQ(migrate.after, (std::vector<Dependency>{{"db", Until::started}}));
    EXPECT_EQ(migrate.request.memory, 128_MiB);
    EXPECT_EQ(web.name, "web");
    EXPECT_EQ(web.request.image, "/shop/web.tar");
    EXPECT_EQ(web.request.program, "serve");
    EXPECT_EQ(web.request.arguments, (std::vector<std::string>{"--at", "/srv dir"}));
    EXPECT_EQ(web.request.network.ports, (std::vector<PortForward>{{"127.0.0.1", 8080, 80, false}, {"", 5353, 53, true}}));
    EXPECT_EQ(web.after, (std::vector<Dependency>{{"db", Until::ready}, {"migrate", Until::ended}}));
    EXPECT_EQ(web.request.environment, (std::vector<std::string>{"A=1", "TAG=7"}));
    EXPECT_EQ(web.request.limits, (std::vector<Limit>{{7, 1000, 2000}}));
    EXPECT_EQ(web.request.memory, 1_GiB);
    EXPECT_EQ(web.request.cpus, 2u);
    EXPECT_EQ(web.request.restart, Restart{Restart::When::always});
}

TEST(Compose, TakesFoldersAndFilesOfThisMachine) {
    char name[] = "/tmp/spore-compose-XXXXXX";
    fs::path folder = ::mkdtemp(name);
    fs::create_directory(folder / "data");
    EXPECT_TRUE(write_file(folder / "web.conf", "x"));
    EXPECT_TRUE(write_file(folder / "a.env", "A=1\nB=2\n"));
    EXPECT_TRUE(write_file(folder / ".env", "TAG=9\n"));
    EXPECT_TRUE(write_file(folder / "docker-compose.yml", "services:\n  a:\n    image: x:$TAG\n    env_file: [a.env, {path: none.env, required: false}]\n    environment: [B=3]\n"
                                                          "    volumes: ['./data:/data', './web.conf:/etc/web.conf:ro', {type: bind, source: data, target: /more, read_only: true}]\n"));
    auto file = find_compose(folder);
    ASSERT_TRUE(file);
    auto project = read_compose(*file);
    ASSERT_TRUE(project) << project.error().message;
    const auto& request = project->machines[0].request;
    EXPECT_EQ(request.image, "docker://x:9");
    EXPECT_EQ(request.environment, (std::vector<std::string>{"A=1", "B=2", "B=3"}));
    EXPECT_EQ(request.volumes, (std::vector<Volume>{{folder / "data", "/data", false, VolumeKind::shared}, {folder / "web.conf", "/etc/web.conf", true, VolumeKind::copy},
                                                    {folder / "data", "/more", true, VolumeKind::shared}}));
    fs::remove_all(folder);
}

TEST(Compose, ErrorsNameLineAndFix) {
    EXPECT_EQ(problem("services:\n  a:\n    image: x\n    imag: y"), "/shop/compose.yaml:4: services.a.imag is not known here: leave it away, or see 'spore manual spore-up' for what is");
    EXPECT_EQ(problem("secrets: {}"), "/shop/compose.yaml:1: secrets is not known here: leave it away, or see 'spore manual spore-up' for what is");
    EXPECT_EQ(problem(""), "/shop/compose.yaml:1: it must be a map with the key services");
    EXPECT_EQ(problem("services: {}"), "/shop/compose.yaml: it has no services: write at least one, with an image");
    EXPECT_EQ(problem("services:\n  a_b: {image: x}"), "/shop/compose.yaml:2: services.a_b is no name that others can find a machine by: call it a-b");
    EXPECT_EQ(problem("services:\n  a: {}"), "/shop/compose.yaml:2: services.a has no image: add one");
    EXPECT_EQ(problem("services:\n  a: {image: 'x:${NONE:?say which}'}"), "/shop/compose.yaml:2: services.a.image: the variable NONE is not set: say which");
    EXPECT_NE(service_problem("build: .").find("docker save NAME"), std::string::npos);
    EXPECT_NE(service_problem("ports: ['80']").find("write 8080:80"), std::string::npos);
    EXPECT_NE(service_problem("ports: [{target: 80}]").find("add published"), std::string::npos);
    EXPECT_NE(service_problem("user: 'a b'").find("a number"), std::string::npos);
    EXPECT_NE(service_problem("read_only: maybe").find("true or false"), std::string::npos);
    EXPECT_NE(service_problem("tmpfs: tmp").find("such as /tmp"), std::string::npos);
    EXPECT_NE(service_problem("mem_limit: lots").find("such as 512m"), std::string::npos);
    EXPECT_NE(service_problem("cpus: 0").find("number of processors"), std::string::npos);
    EXPECT_NE(service_problem("network_mode: host").find("cannot be host"), std::string::npos);
    EXPECT_NE(service_problem("depends_on: {a: {condition: service_odd}}").find("service_healthy"), std::string::npos);
    EXPECT_NE(service_problem("depends_on: [b]").find("there is no such machine"), std::string::npos);
    EXPECT_NE(service_problem("healthcheck: {test: [ping]}").find("CMD-SHELL"), std::string::npos);
    EXPECT_NE(service_problem("deploy: {replicas: 3}").find("must be 1"), std::string::npos);
    EXPECT_NE(service_problem("volumes: ['./nowhere:/x']").find("there is no /shop/nowhere"), std::string::npos);
    EXPECT_NE(service_problem("volumes: ['data:x']").find("begins with /"), std::string::npos);
    EXPECT_NE(service_problem("command: \"a 'b\"").find("not closed"), std::string::npos);
    EXPECT_NE(problem("services:\n  a: {image: x, volumes: ['d:/d']}\n  b: {image: x, volumes: ['d:/d']}").find("a disk is one machine's"), std::string::npos);
}

}  // namespace
}  // namespace spore::host
