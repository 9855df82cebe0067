// What Hyper-V's host asks of the machine as a whole.
#include "kernel/drivers/hyperv/integration.hpp"

#include <gtest/gtest.h>

#include "kernel/device/poller.hpp"
#include "kernel/device/stop_request.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "kernel/time/timer.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/hyperv.hpp"
#include "wire/hyperv/integration.hpp"

namespace spore::drivers::hyperv {
namespace {

using namespace wire::hyperv;
using device::AfterEnd;
using fakes::ChannelEnd;
using fakes::HypervHost;

constexpr u32 number = 9;
std::vector<AfterEnd> asked;

void simulated(const std::function<void()>& body) {
    asked.clear();
    device::set_stop_listener([](AfterEnd after) { asked.push_back(after); });
    EXPECT_TRUE(fakes::simulate({}, body));
    device::set_stop_listener(nullptr);
}

struct Answer {
    ServiceHead head{};
    std::vector<u8> body;
    template <typename T>
    T as() const {
        T value{};
        EXPECT_GE(body.size(), sizeof value);
        std::memcpy(&value, body.data(), std::min(body.size(), sizeof value));
        return value;
    }
};

struct Rig {
    explicit Rig(Guid kind) {
        host.offer(kind, number);
        EXPECT_TRUE(bus.connect());
        EXPECT_TRUE(is_service(bus.offers()[0]));
        EXPECT_TRUE(attach_service(bus, bus.offers()[0]));
        end = host.channel(number);
    }
    static std::vector<u8> message(ServiceMessage kind, const std::vector<u8>& body) {
        ServiceHead head{.pipe_kind = 1, .pipe_bytes = static_cast<u32>(sizeof head - 8 + body.size()), .framework = {3, 0}, .kind = kind, .version = {3, 0},
                         .bytes = static_cast<u16>(body.size()), .status = 0, .transaction = 7, .flags = service_transaction | service_request, .reserved = {}};
        auto bytes = ChannelEnd::copy_of(bytes_of(head));
        bytes.insert(bytes.end(), body.begin(), body.end());
        return bytes;
    }
    std::optional<Answer> ask_raw(const std::vector<u8>& bytes, PacketKind kind = PacketKind::in_band) {
        EXPECT_TRUE(end->put({.kind = kind, .transaction = ++transaction, .data = bytes}));
        device::run_scheduled_jobs();
        auto packet = end->take();
        if (!packet) return std::nullopt;
        EXPECT_EQ(packet->transaction, transaction);
        EXPECT_EQ(packet->kind, PacketKind::in_band);
        EXPECT_EQ(packet->flags, 0);
        Answer answer;
        EXPECT_GE(packet->data.size(), sizeof answer.head);
        std::memcpy(&answer.head, packet->data.data(), sizeof answer.head);
        EXPECT_EQ(answer.head.flags, service_transaction | service_response);
        EXPECT_EQ(answer.head.transaction, 7);
        EXPECT_EQ(answer.head.pipe_bytes + 8, sizeof answer.head + answer.head.bytes);
        EXPECT_LE(answer.head.pipe_bytes + 8, packet->data.size());
        answer.body = {packet->data.begin() + sizeof answer.head, packet->data.begin() + sizeof answer.head + answer.head.bytes};
        return answer;
    }
    template <typename T>
    Answer ask(ServiceMessage kind, const T& body, std::size_t more = 0) {
        auto bytes = ChannelEnd::copy_of(bytes_of(body));
        bytes.resize(bytes.size() + more);
        auto answer = ask_raw(message(kind, bytes));
        EXPECT_TRUE(answer);
        return answer.value_or(Answer{});
    }
    Answer offer_versions(std::vector<ServiceVersion> frameworks, std::vector<ServiceVersion> versions) {
        auto bytes = ChannelEnd::copy_of(bytes_of(ServiceVersions{static_cast<u16>(frameworks.size()), static_cast<u16>(versions.size()), 0}));
        for (auto* list : {&frameworks, &versions})
            for (auto& one : *list)
                for (auto byte : bytes_of(one)) bytes.push_back(static_cast<u8>(byte));
        return ask_raw(message(ServiceMessage::versions, bytes)).value_or(Answer{});
    }
    HypervHost& host = HypervHost::start();
    Bus& bus = *new Bus;
    ChannelEnd* end = nullptr;
    u64 transaction = 100;
};

void expect_versions(const Answer& answer, ServiceVersion framework, ServiceVersion version) {
    EXPECT_EQ(answer.head.status, service_done);
    auto counts = answer.as<ServiceVersions>();
    EXPECT_EQ(counts.frameworks, 1);
    EXPECT_EQ(counts.messages, 1);
    ASSERT_EQ(answer.body.size(), sizeof counts + 8);
    ServiceVersion chosen[2];
    std::memcpy(chosen, &answer.body[sizeof counts], sizeof chosen);
    EXPECT_EQ(chosen[0], framework);
    EXPECT_EQ(chosen[1], version);
}

TEST(HypervServices, ChooseTheBestThatBothKnow) {
    simulated([] {
        Rig rig(service_shutdown);
        expect_versions(rig.offer_versions({{1, 0}, {3, 0}}, {{1, 0}, {3, 0}, {3, 1}, {3, 2}, {9, 9}}), {3, 0}, {3, 2});
        expect_versions(rig.offer_versions({{1, 0}}, {{1, 0}}), {1, 0}, {1, 0});
        auto none = rig.offer_versions({{3, 0}}, {{9, 0}});
        EXPECT_EQ(none.head.status, service_failed);
        EXPECT_EQ(none.as<ServiceVersions>().messages, 0);
    });
}

TEST(HypervServices, StopTheMachineAfterSayingSo) {
    simulated([] {
        Rig rig(service_shutdown);
        (void)rig.offer_versions({{3, 0}}, {{3, 2}});
        auto ask = [&](u32 flags) { return rig.ask(ServiceMessage::shutdown, ShutdownRequest{0, 60, flags}, 2048).head.status; };
        EXPECT_EQ(ask(0), service_done);
        EXPECT_EQ(ask(shutdown_restarts | shutdown_forced), service_done);
        EXPECT_EQ(ask(shutdown_hibernates), service_failed);
        EXPECT_EQ(asked, (std::vector{AfterEnd::power_off, AfterEnd::restart}));
        EXPECT_EQ(rig.ask(ServiceMessage::shutdown, u32{0}).head.status, service_failed) << "too short";
        EXPECT_EQ(rig.ask(ServiceMessage::heartbeat, Heartbeat{}).head.status, service_failed) << "not this one's";
        EXPECT_EQ(asked.size(), 2u);
    });
}

TEST(HypervServices, SayThatTheMachineIsAlive) {
    simulated([] {
        Rig rig(service_heartbeat);
        (void)rig.offer_versions({{3, 0}}, {{3, 0}});
        for (u64 i = 0; i < 500; ++i) EXPECT_EQ(rig.ask(ServiceMessage::heartbeat, Heartbeat{i * 2, 0, 0}).as<Heartbeat>().number, i * 2 + 1);
    });
}

TEST(HypervServices, TakeTheTime) {
    constexpr i64 seconds = 1'000'000'000;
    auto ticks_at = [](i64 second) { return ticks_before_1970 + static_cast<u64>(second) * 10'000'000; };
    auto wall = [] { return time::wall_nanoseconds() / seconds; };
    simulated([&] {
        Rig rig(service_time);
        (void)rig.offer_versions({{3, 0}}, {{3, 0}, {4, 0}});
        rig.host.reference_ticks = 500'000'000;
        EXPECT_EQ(rig.ask(ServiceMessage::time, TimeSample{ticks_at(1'800'000'000), 400'000'000, time_must_be_taken}, 7).head.status, service_done);
        EXPECT_NEAR(wall(), 1'800'000'010, 2) << "ten seconds ago";
        EXPECT_EQ(rig.ask(ServiceMessage::time, TimeSample{ticks_at(1'900'000'000), 0, 2}, 7).head.status, service_done);
        EXPECT_NEAR(wall(), 1'800'000'010, 2) << "a sample only";
        EXPECT_EQ(rig.ask(ServiceMessage::time, TimeSample{5, 0, time_must_be_taken}).head.status, service_failed);
        EXPECT_EQ(rig.ask(ServiceMessage::time, TimeSample{~u64{0}, 0, time_must_be_taken}).head.status, service_failed);
        EXPECT_EQ(rig.ask(ServiceMessage::time, u64{5}).head.status, service_failed);
    });
    simulated([&] {
        Rig rig(service_time);
        (void)rig.offer_versions({{1, 0}}, {{1, 0}});
        EXPECT_EQ(rig.ask(ServiceMessage::time, OldTimeSample{ticks_at(1'700'000'000), 0, 0, time_must_be_taken}).head.status, service_done);
        EXPECT_NEAR(wall(), 1'700'000'000, 2);
        EXPECT_EQ(rig.ask(ServiceMessage::time, TimeSample{ticks_at(1'600'000'000), 0, 1}).head.status, service_failed) << "too short for that version";
    });
}

TEST(HypervServices, EndWithWhatCannotBe) {
    auto message = Rig::message(ServiceMessage::heartbeat, std::vector<u8>(16));
    auto changed = [&](std::size_t at, u32 value) {
        auto bytes = message;
        std::memcpy(&bytes[at], &value, 4);
        return bytes;
    };
    for (auto& bytes : {std::vector<u8>(8), changed(4, 0), changed(4, 35), changed(4, ~0u), changed(18, 0xffff)})
        simulated([&] {
            Rig rig(service_heartbeat);
            EXPECT_FALSE(rig.ask_raw(bytes));
            EXPECT_FALSE(rig.ask_raw(message)) << "nothing more is said";
        });
    simulated([&] {
        Rig rig(service_heartbeat);
        EXPECT_FALSE(rig.ask_raw(message, PacketKind::completion));
    });
    // A host that takes no answers: they are lost, nothing else.
    simulated([&] {
        Rig rig(service_heartbeat);
        for (u32 i = 0; i < 1000; ++i) {
            EXPECT_TRUE(rig.end->put({.kind = PacketKind::in_band, .data = message}));
            device::run_scheduled_jobs();
        }
        while (rig.end->take()) {}
        EXPECT_TRUE(rig.ask_raw(message));
    });
}

TEST(HypervServices, SayWhenThereIsNoMemory) {
    for (u64 nth = 1; nth < 5; ++nth)
        simulated([&] {
            auto& host = HypervHost::start();
            host.offer(service_time, number);
            auto& bus = *new Bus;
            ASSERT_TRUE(bus.connect());
            memory::fail_allocation(nth);
            auto attached = attach_service(bus, bus.offers()[0]);
            memory::fail_allocation(0);
            if (!attached) EXPECT_EQ(attached.error(), Error::no_memory);
        });
}

}  // namespace
}  // namespace spore::drivers::hyperv
