// How a card is agreed upon with the host, while the machine starts: buffers, address, and what the host completes for us. It wants each question in
// its turn.
#pragma once

#include "kernel/drivers/hyperv/net/receiver.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::drivers::hyperv::netvsc {

/// What the card turned out to be.
struct Settings {
    device::MacAddress mac;
    u16 mtu = 1500;
    device::NetFeatures features;
};

class SetUp {
public:
    SetUp(Channel& channel, Sender& sender, Control& control, Receiver& receiver) : channel_(channel), sender_(sender), control_(control), receiver_(receiver) {}

    /// Sleeps. timed_out, not_supported, no_memory; invalid or io where the host's answers make no sense.
    Result<Settings> run(Bus& bus, u32 channel);
    /// Something came. From interrupts too.
    void wake();

private:
    Result<void> agree();
    Result<void> share_buffers(Bus& bus, u32 channel);
    Result<void> initialize();
    Result<void> read_settings();
    Result<void> choose_offloads();

    Result<void> await();
    Result<void> tell(ByteSpan message);
    template <typename Answer>
    Result<Answer> ask(ByteSpan message, wire::hyperv::NetKind expected);
    template <typename Answer>
    Result<Answer> request(ByteSpan head, ByteSpan rest, wire::rndis::Kind expected);
    template <typename T>
    Result<T> query(u32 object, ByteSpan with = {});

    Channel& channel_;
    Sender& sender_;
    Control& control_;
    Receiver& receiver_;
    Settings settings_;
    u32 most_ranges_ = 0;
    sync::Spin lock_;
    sync::WaitQueue news_;
};

}  // namespace spore::drivers::hyperv::netvsc
