// Background machines: their folders, states and logs, without a machine.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/file.h>

#include "host/instances/commands.hpp"
#include "host/instances/control.hpp"
#include "host/instances/logs.hpp"
#include "host/instances/supervisor.hpp"

namespace spore::host {
namespace {

class Instances : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/spore-instances-XXXXXX";
        folder_ = ::mkdtemp(name);
        ::setenv("XDG_RUNTIME_DIR", folder_.c_str(), 1);
    }
    void TearDown() override {
        ::unsetenv("XDG_RUNTIME_DIR");
        fs::remove_all(folder_);
    }
    fs::path folder_;
};

TEST_F(Instances, StateSurvivesItsText) {
    InstanceState state{.supervisor = 42, .command = {"/bin/sh", "-c", "echo \"x\"\n"}, .started = 1000, .ended = 1001, .status = 7, .restarts = 3, .debugger = "/run/gdb", .origin = "abc"};
    auto back = InstanceState::from_json(state.to_json());
    ASSERT_TRUE(back);
    EXPECT_EQ(back->supervisor, 42);
    EXPECT_EQ(back->command, state.command);
    EXPECT_EQ(back->ended, 1001);
    EXPECT_EQ(back->status, 7);
    EXPECT_EQ(back->restarts, 3u);
    EXPECT_EQ(back->debugger, "/run/gdb");
    EXPECT_EQ(back->origin, "abc");
}

TEST_F(Instances, DamagedStateIsNone) {
    for (auto text : {"", "{", "[]", "{}", R"({"supervisor": "x", "started": 1, "command": []})", R"({"supervisor": 1, "started": 1})"})
        EXPECT_FALSE(InstanceState::from_json(text)) << text;
}

TEST_F(Instances, NamesAreClaimedOnce) {
    auto first = Instance::create("web", {});
    ASSERT_TRUE(first);
    ASSERT_TRUE(first->write({.supervisor = 1, .command = {"x"}, .started = 1, .ended = 2, .status = 0, .debugger = {}}));
    ASSERT_TRUE(LogWriter::create(first->log()));
    first->hand_over_lock().close();
    EXPECT_EQ(first->life(), Life::ended);
    EXPECT_FALSE(Instance::create("web", {}));
    for (auto name : {"", ".", "..", "-a", "a/b", "a b"}) EXPECT_FALSE(Instance::create(name, {})) << name;
}

TEST_F(Instances, WhatWasKilledWhileStartingIsListedRemovedAndClearedAway) {
    auto start = [] {
        auto instance = Instance::create("web", {"/bin/server", "80"});
        ASSERT_TRUE(instance);
        EXPECT_EQ(instance->life(), Life::running);
        EXPECT_FALSE(Instance::create("web", {}));
    };
    start();
    auto known = Instance::all();
    ASSERT_TRUE(known && known->size() == 1);
    EXPECT_EQ((*known)[0].life(), Life::lost);
    EXPECT_EQ((*known)[0].state()->command, (std::vector<std::string>{"/bin/server", "80"}));
    EXPECT_TRUE(remove_instance("web", Force::no));
    EXPECT_FALSE(Instance::open("web"));
    start();
    EXPECT_TRUE(Instance::create("web", {}));
}

TEST_F(Instances, AFolderWithoutAStateIsRemovedAndClearedAway) {
    fs::create_directories(folder_ / "spore/web");
    EXPECT_TRUE(remove_instance("web", Force::no));
    EXPECT_FALSE(fs::exists(folder_ / "spore/web"));
    fs::create_directories(folder_ / "spore/web");
    EXPECT_TRUE(Instance::create("web", {}));
}

TEST_F(Instances, LostWhenTheSupervisorIsGone) {
    auto instance = Instance::create("web", {});
    EXPECT_EQ(instance->life(), Life::running);
    ASSERT_TRUE(LogWriter::create(instance->log()));
    instance->hand_over_lock().close();
    EXPECT_EQ(instance->life(), Life::lost);
    EXPECT_FALSE(Instance::create("web", {}));  // what it printed is there
}

TEST_F(Instances, LogKeepsStreamsApart) {
    auto writer = LogWriter::create(folder_ / "log");
    ASSERT_TRUE(writer);
    auto reader = LogReader::open(folder_ / "log");
    EXPECT_FALSE(reader->next());
    writer->add(LogStream::output, "one");
    writer->add(LogStream::errors, "two");
    auto one = reader->next(), two = reader->next();
    ASSERT_TRUE(one && two);
    EXPECT_EQ(one->stream, LogStream::output);
    EXPECT_EQ(one->bytes, "one");
    EXPECT_EQ(two->stream, LogStream::errors);
    EXPECT_EQ(two->bytes, "two");
    EXPECT_FALSE(reader->next());
}

TEST_F(Instances, LogKeepsTheLatestWithinItsSize) {
    auto path = folder_ / "log";
    constexpr u64 most = 4000;
    auto writer = LogWriter::create(path, most);
    ASSERT_TRUE(writer);
    auto follower = LogReader::open(path);
    std::string line(100, 'x');
    auto number_in = [](const LogReader::Record& record) { return std::stoi(record.bytes); };
    int followed = 0;
    for (int i = 0; i < 500; ++i) {
        writer->add(LogStream::output, std::to_string(i) + line);
        if (i % 7) continue;  // who reads in time misses nothing
        while (auto record = follower->next()) EXPECT_EQ(number_in(*record), followed++);
        EXPECT_EQ(followed, i + 1);
    }
    EXPECT_LE(fs::file_size(path) + fs::file_size(path.string() + ".old"), most);
    auto reader = LogReader::open(path);
    int first = -1, last = -1;
    while (auto record = reader->next()) {
        if (first < 0) first = number_in(*record);
        else EXPECT_EQ(number_in(*record), last + 1);
        last = number_in(*record);
    }
    EXPECT_EQ(last, 499);
    EXPECT_LT(first, 499 - 15);
}

TEST_F(Instances, LogsLargestRecordIsKept) {
    auto path = folder_ / "log";
    auto writer = LogWriter::create(path, 100);
    for (int i = 0; i < 3; ++i) writer->add(LogStream::errors, std::string(1000, static_cast<char>('a' + i)));
    auto reader = LogReader::open(path);
    auto one = reader->next(), two = reader->next();
    ASSERT_TRUE(one && two);
    EXPECT_EQ(one->bytes[0], 'b');
    EXPECT_EQ(two->bytes[0], 'c');
    EXPECT_FALSE(reader->next());
}

TEST(LastLines, AreTheLastOfBothStreams) {
    auto text_of = [](u64 most, std::initializer_list<const char*> records) {
        LastLines lines(most);
        for (auto* bytes : records) lines.add({LogStream::output, 0, bytes});
        std::string text;
        for (const auto& record : lines.records()) text += record.bytes;
        return text;
    };
    EXPECT_EQ(text_of(2, {"a\nb\nc\n"}), "b\nc\n");
    EXPECT_EQ(text_of(2, {"a\nb", "b\nc\nd"}), "c\nd");
    EXPECT_EQ(text_of(2, {"a\nb", "b\nc"}), "bb\nc");
    EXPECT_EQ(text_of(9, {"a\n", "b"}), "a\nb");
    EXPECT_EQ(text_of(0, {"a\n", "b"}), "");
    EXPECT_EQ(text_of(1, {"\n", "\n"}), "\n");
}

TEST(LogLines, AreWholeHoweverTheyCome) {
    WholeLines lines;
    EXPECT_TRUE(lines.add(1, "a").empty());
    auto whole = lines.add(2, "b\n\nc");
    ASSERT_EQ(whole.size(), 2u);
    EXPECT_EQ(whole[0].text, "ab\n");
    EXPECT_EQ(whole[0].nanoseconds, 1u);
    EXPECT_EQ(whole[1].text, "\n");
    EXPECT_EQ(whole[1].nanoseconds, 2u);
    auto rest = lines.rest();
    ASSERT_TRUE(rest);
    EXPECT_EQ(rest->text, "c\n");
    EXPECT_FALSE(lines.rest());
}

TEST_F(Instances, LogsOfSeveralAreShownByTime) {
    auto run = [](const char* name, std::vector<std::pair<LogStream, std::string>> pieces) {
        auto instance = Instance::create(name, {});
        ASSERT_TRUE(instance);
        ASSERT_TRUE(instance->write({.supervisor = 1, .command = {name}, .started = 1, .ended = 2, .status = 0, .debugger = {}}));
        auto log = LogWriter::create(instance->log());
        ASSERT_TRUE(log);
        for (const auto& [stream, text] : pieces) log->add(stream, text);
    };
    run("db", {{LogStream::output, "open"}, {LogStream::errors, "warning\n"}, {LogStream::output, "ed\n"}});
    run("web", {{LogStream::output, "asked\nanswered"}});
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    auto shown = show_logs({"db", "web"}, {});
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "db  | opened\nweb | asked\nweb | answered\n");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "db  | warning\n");
    EXPECT_TRUE(shown);
    testing::internal::CaptureStdout();
    auto last = show_logs({"db", "web"}, {.last = 1});
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "db  | ed\nweb | answered\n");
    testing::internal::CaptureStdout();
    auto one_missing = show_logs({"none", "web"}, {});
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "web  | asked\nweb  | answered\n");
    EXPECT_FALSE(one_missing);
}

TEST_F(Instances, SupervisorKeepsOutputAndStatus) {
    auto instance = Instance::create("job", {});
    ASSERT_TRUE(start_supervisor(*instance, {.command = {"job"}, .debugger = {}, .run = [] {
        (void)!::write(1, "out", 3);
        (void)!::write(2, "err", 3);
        return 5;
    }}));
    ASSERT_TRUE(instance->wait_for_end(10'000));
    EXPECT_EQ(instance->state()->status, 5);
    auto log = LogReader::open(instance->log());
    std::string output, errors;
    while (auto record = log->next()) (record->stream == LogStream::output ? output : errors) += record->bytes;
    EXPECT_EQ(output, "out");
    EXPECT_EQ(errors, "err");
    EXPECT_EQ(wait_for_instance("job").value(), 5);
    ASSERT_TRUE(remove_instance("job", Force::no));
    EXPECT_FALSE(Instance::open("job"));
}

TEST_F(Instances, StopEndsWhatDoesNotListen) {
    auto instance = Instance::create("deaf", {});
    ASSERT_TRUE(start_supervisor(*instance, {.command = {"deaf"}, .debugger = {}, .run = [] {
        for (;;) ::pause();
        return 0;
    }}));
    EXPECT_EQ(instance->life(), Life::running);
    EXPECT_FALSE(remove_instance("deaf", Force::no));
    ASSERT_TRUE(stop_instance("deaf", 0));
    EXPECT_EQ(instance->state()->status, 128 + 9);
    EXPECT_FALSE(ask_supervisor(*instance, "end"));
}

TEST_F(Instances, AreStartedAnewAsOftenAsTheyAreToBe) {
    auto instance = Instance::create("job", {});
    ASSERT_TRUE(start_supervisor(*instance, {.command = {"job"}, .debugger = {}, .run = [] {
        (void)!::write(1, "first\n", 6);
        return 5;
    }, .restart = {Restart::When::on_failure, 2}, .run_again = [] {
        (void)!::write(1, "again\n", 6);
        return 6;
    }}));
    ASSERT_TRUE(instance->wait_for_end(10'000));
    EXPECT_EQ(instance->state()->status, 6);
    EXPECT_EQ(instance->state()->restarts, 2u);
    auto log = LogReader::open(instance->log());
    std::string output, errors;
    while (auto record = log->next()) (record->stream == LogStream::output ? output : errors) += record->bytes;
    EXPECT_EQ(output, "first\nagain\nagain\n");
    EXPECT_EQ(errors, "spore: the machine ended with status 5 and is started anew\nspore: the machine ended with status 6 and is started anew\n");
}

TEST_F(Instances, StayEndedWhenTheyAreToBe) {
    auto at_once = [] { return 0; };
    auto never = [] {
        for (;;) ::pause();
        return 0;
    };
    auto always = Instance::create("always", {});
    ASSERT_TRUE(start_supervisor(*always, {.command = {"always"}, .debugger = {}, .run = at_once, .restart = {Restart::When::always}, .run_again = at_once}));
    auto deaf = Instance::create("deaf", {});
    ASSERT_TRUE(start_supervisor(*deaf, {.command = {"deaf"}, .debugger = {}, .run = never, .restart = {Restart::When::always}, .run_again = never}));
    auto good = Instance::create("good", {});
    ASSERT_TRUE(start_supervisor(*good, {.command = {"good"}, .debugger = {}, .run = at_once, .restart = {Restart::When::on_failure}, .run_again = at_once}));
    ASSERT_TRUE(good->wait_for_end(10'000));
    EXPECT_EQ(good->state()->restarts, 0u);
    while (always->state()->restarts < 2) ::usleep(10'000);
    // Most likely between two runs.
    ASSERT_TRUE(stop_instance("always", 5));
    EXPECT_EQ(always->life(), Life::ended);
    ASSERT_TRUE(stop_instance("deaf", 0));
    EXPECT_EQ(deaf->life(), Life::ended);
    EXPECT_EQ(deaf->state()->restarts, 0u);
}

}  // namespace
}  // namespace spore::host
