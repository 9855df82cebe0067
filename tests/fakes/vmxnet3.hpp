// The other side of the vmxnet3 driver: a card's registers, and what it does with its rings.
#pragma once

#include <map>
#include <vector>

#include "tests/fakes/card.hpp"
#include "wire/vmxnet3.hpp"

namespace spore::fakes {

class Vmxnet3Card {
public:
    using Register = wire::vmxnet3::Register;
    using Command = wire::vmxnet3::Command;
    using Completion = wire::vmxnet3::Completion;

    /// How many messages it has; without, one interrupt for everything.
    explicit Vmxnet3Card(u32 messages) : messages_(messages) {}

    /// Its registers, as the driver owns them; they end before the card does.
    Owned<drivers::Hardware> queues();
    Owned<drivers::Hardware> control();

    /// A frame comes in; false when there is no buffer for it or it is filtered out. `words` go into its completion as well.
    bool receive(const Bytes& frame, Completion words = {});
    /// Writes a completion, whatever the rules say, with its generation; and interrupts.
    void complete_receive(Completion found);
    void complete_send(u32 slot);
    /// Where it puts the next frame; leaves that buffer out.
    u32 skip_buffer();
    /// The frames on the wire since the last call, checksums and segments done. In order.
    std::vector<Bytes> take_sent() { return std::exchange(sent_, {}); }
    /// Takes descriptors but reports none of them done, until resume().
    void hold() { held_ = true; }
    void resume();
    void set_link(bool up);
    void event(u32 events);

    wire::vmxnet3::Shared& shared() { return *static_cast<wire::vmxnet3::Shared*>(arch::direct({shared_})); }
    wire::vmxnet3::SendQueue& send_queue() { return *static_cast<wire::vmxnet3::SendQueue*>(arch::direct({shared().queues})); }
    wire::vmxnet3::ReceiveQueue& receive_queue() { return reinterpret_cast<wire::vmxnet3::ReceiveQueue*>(&send_queue())[1]; }

    u32 revisions = 1, upt_versions = 1;
    u64 address = 0x5634'1200'5452;  ///< the first byte is the lowest
    bool link = true, refuses_to_start = false, refuses_interrupts = false, masks_itself = true, wants_updates = false;
    bool active = false, is_cut_off = false;
    unsigned tellings = 0, interrupts = 0, resets = 0, mask_writes = 0;
    u32 told_received = 0;
    std::vector<std::vector<u8>> groups;  ///< as it was told
    u32 receive_mode = 0;
    bool late = false;  ///< its interrupts are

private:
    struct Queues;
    struct Control;
    void command(Command what);
    bool activate();
    void read_groups();
    void fetch();
    void send(const Bytes& whole, u32 low, u32 high);
    bool lets_through(const Bytes& frame);
    void put(CardRing& ring, Completion found);
    void cause(u32 interrupt);
    void deliver();
    u32 messages_;
    struct Handler {
        arch::InterruptHandler function = nullptr;
        void* context = nullptr;
        bool masked = true, pending = false;
    };
    Handler handlers_[2];
    u32 connected_ = 0, answer_ = 0;
    u64 shared_ = 0;
    CardRing send_, sent_completions_, receive_, received_completions_;
    bool in_handler_ = false, held_ = false;
    Bytes frame_;  ///< of descriptors without an end so far
    u32 first_low_ = 0, first_high_ = 0;
    std::vector<u32> unreported_;
    std::vector<Bytes> sent_;
};

}  // namespace spore::fakes
