// Saving a machine: how the session has its guest stand still, with a guest that is a thread of this test; what is written of the machine; QEMU's monitor.
#include "host/snapshot/snapshot.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "host/common/descriptor_passing.hpp"
#include "host/run/session.hpp"
#include "host/snapshot/saved_machine.hpp"
#include "tests/unit/host/door.hpp"

namespace spore::host {
namespace {

using abi::GuestFrame;
using abi::HostFrame;

struct Pair {
    FileDescriptor one, other;
};
Pair make_pair() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}
std::string read_to_end(const FileDescriptor& from) {
    std::string text;
    char buffer[4096];
    for (ssize_t size; (size = ::read(from.number(), buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(size));
    return text;
}

/// A session with a guest and somebody who wants the machine saved.
class SavingTest : public testing::Test {
protected:
    void SetUp() override {
        ::signal(SIGPIPE, SIG_IGN);
        auto pair = make_pair();
        ours_ = std::move(pair.one), guest_ = std::move(pair.other);
        int in[2];
        ASSERT_EQ(::pipe2(in, O_CLOEXEC), 0);
        input_ = FileDescriptor(in[0]), typed_ = FileDescriptor(in[1]);
        nothing_ = FileDescriptor(::open("/dev/null", O_RDWR | O_CLOEXEC));
    }
    void TearDown() override {
        guest_.close();
        if (session_.joinable()) session_.join();
    }
    void start(Beginning beginning = Beginning::boot) {
        session_ = std::thread([this, beginning] {
            auto step = [](std::atomic<int>& count, const FileDescriptor& folder, const bool& fails) -> Outcome<void> {
                struct stat status{};
                EXPECT_TRUE(::fstat(folder.number(), &status) == 0 && S_ISDIR(status.st_mode));
                ++count;
                if (fails) return failure(ExitStatus::failed, "the disk is full");
                return {};
            };
            SessionHooks hooks{.saving = {.before = [this, step](const FileDescriptor& folder) { return step(begun_, folder, fails_before_); },
                                          .still = [this, step](const FileDescriptor& folder) { return step(saved_, folder, fails_); }}};
            Session session({.channel = ours_.number(), .snapshots = door_.listener(), .input = input_.number(), .output = nothing_.number(), .errors = nothing_.number()},
                            std::chrono::seconds(20), std::move(hooks), SecondSignal::ends, beginning);
            (void)session.run();
            ours_.close();
        });
    }
    FileDescriptor ask_to_save() {
        auto connection = door_.knock();
        FileDescriptor folder(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        EXPECT_TRUE(send_with_descriptor(connection.number(), "\n", folder.number()));
        return connection;
    }
    void guest_says(GuestFrame kind, ByteSpan payload = {}) {
        std::string frame;
        append_frame(frame, static_cast<HostFrame>(kind), payload);
        write_all(guest_.number(), std::as_bytes(std::span(frame)));
    }
    void guest_answers(abi::FreezeState state) {
        abi::FrozenPayload payload{};
        payload.state = static_cast<u8>(state);
        guest_says(GuestFrame::frozen, bytes_of(payload));
    }
    std::string guest_hears(HostFrame kind) {
        abi::FrameHeader header{};
        EXPECT_EQ(::recv(guest_.number(), &header, sizeof header, MSG_WAITALL), static_cast<ssize_t>(sizeof header));
        EXPECT_EQ(static_cast<HostFrame>(header.kind), kind);
        std::string payload(header.size, '\0');
        if (header.size) EXPECT_EQ(::recv(guest_.number(), payload.data(), payload.size(), MSG_WAITALL), static_cast<ssize_t>(payload.size()));
        return payload;
    }
    bool guest_hears_nothing() const {
        struct pollfd wait{guest_.number(), POLLIN, 0};
        return ::poll(&wait, 1, 100) == 0;
    }
    static abi::ThawPayload thaw_of(const std::string& payload) {
        auto* thaw = view_at<abi::ThawPayload>(std::as_bytes(std::span(payload)), 0);
        EXPECT_TRUE(thaw);
        return thaw ? *thaw : abi::ThawPayload{};
    }
    void type(std::string_view text) { write_all(typed_.number(), std::as_bytes(std::span(text))); }

    FileDescriptor ours_, guest_, input_, typed_, nothing_;
    TestDoor door_;
    std::thread session_;
    std::atomic<int> begun_ = 0, saved_ = 0;
    bool fails_before_ = false, fails_ = false;
};

TEST_F(SavingTest, NothingIsSentWhileTheGuestStandsStill) {
    start();
    auto asker = ask_to_save();
    guest_hears(HostFrame::freeze);
    type("late");
    EXPECT_TRUE(guest_hears_nothing());
    EXPECT_EQ(saved_, 0);
    guest_answers(abi::FreezeState::still);
    EXPECT_EQ(read_to_end(asker), "ok\n");
    EXPECT_EQ(saved_, 1);
    EXPECT_EQ(thaw_of(guest_hears(HostFrame::thaw)).restored, 0);
    EXPECT_EQ(guest_hears(HostFrame::standard_in), "late");
}

TEST_F(SavingTest, SaysWhatFailedAndTheGuestGoesOn) {
    fails_ = true;
    start();
    auto asker = ask_to_save();
    guest_hears(HostFrame::freeze);
    guest_answers(abi::FreezeState::still);
    EXPECT_EQ(read_to_end(asker), "the disk is full\n");
    guest_hears(HostFrame::thaw);
}

TEST_F(SavingTest, TheGuestIsNotAskedWhenThePreparationFails) {
    fails_before_ = true;
    start();
    EXPECT_EQ(read_to_end(ask_to_save()), "the disk is full\n");
    EXPECT_TRUE(guest_hears_nothing());
    EXPECT_EQ(begun_, 1);
}

TEST_F(SavingTest, AGuestThatCannotIsNotSavedAndMayBeAskedAgain) {
    start();
    for (auto state : {abi::FreezeState::no_memory, abi::FreezeState::tailored}) {
        auto asker = ask_to_save();
        guest_hears(HostFrame::freeze);
        type("x");
        guest_answers(state);
        EXPECT_TRUE(read_to_end(asker).starts_with("its kernel"));
        EXPECT_EQ(guest_hears(HostFrame::standard_in), "x");  // no thaw before
    }
    EXPECT_EQ(saved_, 0);
}

TEST_F(SavingTest, WhoAsksWithoutAFolderIsTold) {
    start();
    auto asker = door_.knock();
    type("x");
    write_all(asker.number(), std::as_bytes(std::span("\n", 1)));
    EXPECT_EQ(read_to_end(asker), "there is no folder to save to\n");
    EXPECT_EQ(guest_hears(HostFrame::standard_in), "x");
    EXPECT_TRUE(guest_hears_nothing());
}

TEST_F(SavingTest, SavesForWhoIsGoneAndThaws) {
    start();
    ask_to_save().close();
    guest_hears(HostFrame::freeze);
    guest_answers(abi::FreezeState::still);
    guest_hears(HostFrame::thaw);
    auto asker = ask_to_save();
    guest_hears(HostFrame::freeze);
    guest_answers(abi::FreezeState::still);
    EXPECT_EQ(read_to_end(asker), "ok\n");
}

TEST_F(SavingTest, AFrozenAnswerThatNobodyAskedForIsThawed) {
    start();
    guest_answers(abi::FreezeState::still);
    EXPECT_EQ(thaw_of(guest_hears(HostFrame::thaw)).restored, 0);
    EXPECT_EQ(saved_, 0);
}

TEST_F(SavingTest, ARestoredGuestIsThawedFirstWithSeedAndTime) {
    type("not for it");
    start(Beginning::saved_state);
    auto thaw = thaw_of(guest_hears(HostFrame::thaw));
    EXPECT_EQ(thaw.restored, 1);
    auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_LT(static_cast<u64>(now) - u64{thaw.wall_nanoseconds}, 20'000'000'000u);
    EXPECT_TRUE(std::ranges::any_of(thaw.seed, [](u8 byte) { return byte != 0; }));
    guest_hears(HostFrame::stdin_end);
    EXPECT_TRUE(guest_hears_nothing());
}

Plan some_plan() {
    Plan plan;
    plan.arguments = {"/bin/server", "--port", "80"};
    plan.memory = 96_MiB, plan.cpus = 3;
    plan.machine = Machine::virt, plan.architecture = Architecture::arm64, plan.bus = Bus::pci, plan.gic = Gic::v2, plan.disk = Disk::nvme;
    plan.accelerator = Accelerator::tcg;
    plan.network.choice = {NetworkKind::user, ""};
    plan.network.nic = Nic::e1000e, plan.network.mac = {0x52, 0x54, 0, 1, 2, 3};
    plan.network.ports = *parse_ports("127.0.0.1:8080:80");
    return plan;
}

TEST(SavedMachineTest, IsReadAsItWasWritten) {
    SavedMachine saved{.plan = some_plan(), .root_place = RootPlace::disk, .firmware = true};
    auto read = SavedMachine::from_json(saved.to_json());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->to_json(), saved.to_json());
    EXPECT_TRUE(read->plan.restored && read->firmware);
    EXPECT_EQ(read->plan.memory, 96_MiB);
    EXPECT_EQ(read->plan.gic, Gic::v2);
    EXPECT_EQ(read->plan.network.ports, saved.plan.network.ports);
}

TEST(SavedMachineTest, EveryDamagedTextIsRefused) {
    auto whole = SavedMachine{.plan = some_plan()}.to_json();
    for (std::size_t size = 0; size + 2 < whole.size(); ++size) EXPECT_FALSE(SavedMachine::from_json(whole.substr(0, size)));
    for (auto [from, to] : {std::pair{"\"cpus\": 3", "\"cpus\": 0"}, {"\"cpus\": 3", "\"cpus\": 65"}, {"\"memory\": ", "\"memory\": -"}, {"\"arm64\"", "\"z80\""}, {"\"arguments\": [", "\"arguments\": [7,"},
                            {"\"version\": 1", "\"version\": 2"}, {"52:54", "hi:54"}, {"\"firmware\": false", "\"firmware\": 0"}, {"8080:80", "80"}, {"\"user\"", "\"radio\""}}) {
        auto text = whole;
        auto at = text.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        text.replace(at, std::string_view(from).size(), to);
        EXPECT_FALSE(SavedMachine::from_json(text)) << to;
    }
}

TEST(SavedMachineTest, WhatIsNotTheMachinesOwnCannotBeSaved) {
    auto plan = some_plan();
    EXPECT_FALSE(problem_of_saving(plan));
    plan.volumes.push_back({.host = "/data", .guest = "/data"});
    EXPECT_FALSE(problem_of_saving(plan));
    plan.volumes[0].kind = VolumeKind::shared;
    EXPECT_TRUE(problem_of_saving(plan));
    plan.volumes[0].kind = VolumeKind::disk;
    EXPECT_TRUE(problem_of_saving(plan));
    plan.volumes.clear();
    plan.platform = Platform::linuxu;
    EXPECT_TRUE(problem_of_saving(plan));
}

/// A monitor whose QEMU is a script of what it answers to each command; what it was asked.
std::vector<std::string> with_monitor(std::vector<std::string> answers, const std::function<void(Monitor&)>& act) {
    auto pair = make_pair();
    std::vector<std::string> commands;
    std::thread qemu([&, end = std::move(pair.other)]() mutable {
        auto say = [&](std::string_view text) { write_all(end.number(), std::as_bytes(std::span(text))); };
        say("{\"QMP\": {\"capabilities\": []}}\r\n");
        for (const auto& answer : answers) {
            char buffer[4096];
            auto size = ::recv(end.number(), buffer, sizeof buffer, 0);
            if (size <= 0) return;
            commands.push_back(nlohmann::json::parse(std::string(buffer, static_cast<std::size_t>(size)))["execute"]);
            say(answer + "\r\n");
        }
        end.close();
    });
    {
        Monitor monitor(std::move(pair.one));
        act(monitor);
    }
    qemu.join();
    return commands;
}
constexpr const char* done = "{\"return\": {}}";

TEST(MonitorTest, SavesWhileTheMachineStandsStill) {
    FileDescriptor file(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    auto commands = with_monitor({done, done, "{\"event\": \"STOP\"}\r\n{\"return\": {}}", done, done, "{\"return\": {\"status\": \"active\"}}", "{\"return\": {\"status\": \"completed\"}}", done},
                                 [&](Monitor& monitor) { EXPECT_TRUE(monitor.save_state(file)); });
    EXPECT_EQ(commands, (std::vector<std::string>{"qmp_capabilities", "stop", "migrate-set-parameters", "getfd", "migrate", "query-migrate", "query-migrate", "cont"}));
}

TEST(MonitorTest, TheMachineGoesOnWhenQemuRefuses) {
    FileDescriptor file(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    auto commands = with_monitor({done, done, done, done, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"not this device\"}}", done}, [&](Monitor& monitor) {
        auto saved = monitor.save_state(file);
        ASSERT_FALSE(saved);
        EXPECT_EQ(saved.error().message, "QEMU cannot: not this device");
    });
    EXPECT_EQ(commands.back(), "cont");
}

TEST(MonitorTest, TheEndOfQemuAndNonsenseAreFailures) {
    with_monitor({done}, [&](Monitor& monitor) {
        auto answer = monitor.execute("query-status");
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().status, ExitStatus::machine_ended);
    });
    with_monitor({done, "[1"}, [&](Monitor& monitor) { EXPECT_FALSE(monitor.execute("query-status")); });
    with_monitor({done, "{\"return\": {\"status\": \"inmigrate\"}}", "{\"return\": {\"status\": \"paused\"}}", done}, [&](Monitor& monitor) { EXPECT_TRUE(monitor.continue_from_state()); });
}

}  // namespace
}  // namespace spore::host
