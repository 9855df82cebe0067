// The other side of the drivers for Hyper-V: the hypervisor's messages and events, the host that offers channels, and its ends of their rings. It uses
// only memory that was shared with it, and expects of the driver what the host demands.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "arch/hyperv.hpp"
#include "kernel/drivers/hyperv/bus.hpp"
#include "wire/hyperv/vmbus.hpp"

namespace spore::fakes {

/// Pages of the guest's, in the order in which it named them.
class SharedPages {
public:
    std::vector<u64> frames;
    u32 size() const { return static_cast<u32>(frames.size() * page_size); }
    std::byte* page(u32 index) const;
    /// Of the page that `offset` lies in.
    std::byte* at(u32 offset) const { return page(offset / page_size) + offset % page_size; }
    void copy_out(u32 offset, MutableByteSpan into) const;
    void copy_in(u32 offset, ByteSpan bytes) const;
};

/// The host's end of an open channel.
class ChannelEnd {
public:
    using Bytes = std::vector<u8>;
    struct Packet {
        wire::hyperv::PacketKind kind;
        u16 flags = 0;
        u64 transaction = 0;
        Bytes head, data;  ///< data with what fills its last unit up
    };
    ChannelEnd(u32 number, SharedPages pages, u32 incoming_page);

    u32 number() const { return number_; }
    bool has_packet() const;
    /// The oldest packet of the driver's, taken from the ring.
    std::optional<Packet> take();
    /// The memory that a packet of kind `direct` came with.
    static std::vector<std::span<u8>> memory_of(const Packet& packet);

    /// Puts a packet into the driver's ring; false without room. What is put is shown, and its event raised if the driver wants one.
    bool put(const Packet& packet);
    bool complete(u64 transaction, ByteSpan data) { return put({.kind = wire::hyperv::PacketKind::completion, .transaction = transaction, .data = copy_of(data)}); }
    u32 room() const;
    void raise();  ///< an event, wanted or not

    wire::hyperv::RingHead& theirs() const { return *reinterpret_cast<wire::hyperv::RingHead*>(pages_.page(0)); }          ///< that they write
    wire::hyperv::RingHead& ours() const { return *reinterpret_cast<wire::hyperv::RingHead*>(pages_.page(incoming_page_)); }  ///< that we write
    u32 signals = 0;         ///< of the driver's
    u32 raised = 0;          ///< events that it wanted
    bool keeps_quiet = false;  ///< raises none
    std::function<void()> on_signal;  ///< at once, before whoever sends it goes on

    static Bytes copy_of(ByteSpan bytes) { return {reinterpret_cast<const u8*>(bytes.data()), reinterpret_cast<const u8*>(bytes.data()) + bytes.size()}; }

private:
    u32 ring_size() const { return (incoming_page_ - 1) * static_cast<u32>(page_size); }
    void read(u32 at, MutableByteSpan into) const;
    void write(u32 at, ByteSpan bytes) const;

    u32 number_, incoming_page_;
    SharedPages pages_;
};

class HypervHost {
public:
    /// The one that there is, as at a machine's start.
    static HypervHost& start();
    static HypervHost& get();

    /// What it will offer when it is asked. The connection's number is the channel's and 1000.
    drivers::hyperv::Offer& offer(wire::hyperv::Guid interface, u32 channel, wire::hyperv::Guid instance = {});
    /// Tells the guest now.
    void say(ByteSpan message);
    void take_back(u32 channel);

    ChannelEnd* channel(u32 number) { return channels_.contains(number) ? channels_.at(number).get() : nullptr; }
    SharedPages* shared(u32 number) { return shared_.contains(number) ? &shared_.at(number) : nullptr; }
    void raise(u32 channel);
    std::function<void(ChannelEnd&)> on_open;

    // ---- mistakes ----
    u32 busy = 0;                       ///< so many messages are refused for now
    bool deaf = false;                  ///< answers nothing
    u32 share_status = 0, open_status = 0;
    u8 supported = 1;
    std::vector<drivers::hyperv::Offer> offers;
    std::vector<wire::hyperv::MessageKind> heard;
    std::vector<u32> released;          ///< channels whose numbers the guest gave back
    u64 reference_ticks = 0;

private:
    friend struct HypervCalls;
    void hear(ByteSpan message);
    void note_shared(u32 channel, u32 number);
    void fill_slot();

    wire::hyperv::MessageSlot slot_{};
    wire::hyperv::EventFlags events_{};
    arch::InterruptHandler handler_ = nullptr;
    void* context_ = nullptr;
    std::deque<std::vector<u8>> said_;
    std::map<u32, SharedPages> shared_;
    std::map<u32, u32> missing_;  ///< frames of a list that are to come, and whose channel
    std::map<u32, u32> share_channel_;
    std::map<u32, std::unique_ptr<ChannelEnd>> channels_;
};

}  // namespace spore::fakes
