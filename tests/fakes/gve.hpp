// The other side of the gVNIC driver: a device that follows the public definitions, and fails the test where the driver does not.
#pragma once

#include <array>
#include <set>
#include <string>
#include <vector>

#include "tests/fakes/card.hpp"
#include "wire/gve.hpp"

namespace spore::fakes {

class GveCard final : public Card {
public:
    GveCard() : Card(management_message) {}

    /// Its BARs, as the driver owns them; they end before the card does.
    Owned<drivers::Hardware> hardware();
    Owned<drivers::Hardware> doorbells();
    static constexpr u32 doorbell_count = 1024;

    /// A frame comes in, in pieces of at most `piece` bytes; false when there are too few buffers. The rest goes into the last completion as well.
    struct How {
        u32 piece = 4096;
        u16 type = 0;
        u8 status = 0, origin = 0;
        u16 header = 0;
        bool any_order = false;  ///< buffers are not taken as they were given
    };
    bool receive(const Bytes& frame, const How& how);
    bool receive(const Bytes& frame) { return receive(frame, How{}); }
    /// How many buffers it has.
    u32 buffers() const { return static_cast<u32>(given_.size()); }
    /// Takes a buffer, of which it has some, and writes nothing; its id.
    u16 take_buffer();
    /// Writes a completion, whatever the rules say, with its phase; and interrupts.
    void complete_receive(wire::gve::Received found);
    void complete_send(wire::gve::SentType type, u16 tag);
    void set_link(bool up);
    void ask_for_reset();
    /// The tag of the last packet that is held.
    u16 held_tag() const { return unreported_.back(); }
    /// How it says that a packet is sent.
    enum class Path : u8 { straight, missed, missed_by_tag } path = Path::straight;
    /// What is in memory that the device writes.
    std::vector<u64> rings() const { return {send_done_.base, receive_done_.base, shared_}; }

    // ---- what it is ----
    u8 revision = 0;
    u32 most_queues = 16;
    bool answers_commands = true, finishes_reset = true, wrong_count = false, link = true, was_used = false, gone = false;
    std::array<u8, 6> address{0x42, 0x01, 0x0a, 0x80, 0x00, 0x02};
    u16 mtu = 1460, jumbo_mtu = 8896, send_entries = 512, receive_entries = 1024, counters = 32, buffer_size = 4096;
    u16 option_count_more = 0, option_size_less = 0, size_more = 0;  ///< nonsense in its description
    u32 required = 0, features = wire::gve::has_jumbo_frames | wire::gve::has_buffer_sizes;
    bool has_raw_dqo = true;
    u32 far_queue = 0, far_interrupt = 0;  ///< added to where doorbells are
    std::set<wire::gve::Opcode> refused, unknown;

    // ---- what it was told ----
    std::string version;
    u32 reports = 0;
    std::vector<wire::gve::Opcode> commands;

private:
    static constexpr u32 send_message = 0, receive_message = 1, management_message = 2;
    struct Registers;
    struct Doorbells;
    u32 value_of(wire::gve::Register r);
    void write(wire::gve::Register r, u32 value);
    void reset();
    void run_commands(u32 until);
    u32 run(const wire::gve::Command& command);
    void verify(u64 place, u64 size);
    void describe(u64 place, u64 size);
    u32 configure(const wire::gve::Configure& wanted);
    u32 create(const wire::gve::CreateSendQueue& wanted);
    u32 create(const wire::gve::CreateReceiveQueue& wanted);
    void made(u64 resources, u32 doorbell);
    void ring_doorbell(u32 index, u32 value);
    void take_buffers(u32 tail);
    void fetch(u32 tail);
    void take(const wire::gve::SendDescriptor& descriptor);
    void send();
    void report(u16 tag) override;

    u64 commands_base_ = 0;
    u32 commands_done_ = 0, driver_status_ = 0;
    u16 commands_size_ = 0;
    bool resetting_ = false, wants_reset_ = false, configured_ = false;
    u64 shared_ = 0, counters_ = 0;
    CardRing receive_, receive_done_, send_, send_done_;
    u32 buffer_size_ = 0;
    std::vector<wire::gve::Buffer> given_;
    std::set<u16> ids_;
    // The packet whose descriptors come.
    std::vector<wire::gve::SendDescriptor> packet_;
    u32 since_report_ = 0;  ///< descriptors
    bool to_report_ = false;
};

}  // namespace spore::fakes
