// The other side of the ENA driver: a device that follows the public definitions, and fails the test where the driver does not.
#pragma once

#include <array>
#include <set>
#include <vector>

#include "tests/fakes/card.hpp"
#include "wire/ena.hpp"

namespace spore::fakes {

class EnaCard final : public Card {
public:
    using Register = wire::ena::Register;

    EnaCard();

    /// Its registers, as the driver owns them; they end before the card does.
    Owned<drivers::Hardware> hardware();
    static constexpr u32 register_space = 0x4000;
    static constexpr u32 memory_size = 128 * 1024;
    volatile u64* memory() { return memory_.data(); }

    /// A frame comes in, in pieces of at most `piece` bytes, each `offset` bytes into its buffer; false when there are too few buffers. `status` goes into
    /// the last completion as well.
    bool receive(const Bytes& frame, u32 status = 0, u32 piece = 4096, u8 offset = 0);
    /// How many buffers it has.
    u32 buffers() const { return static_cast<u16>(receive_tail_ - receive_taken_); }
    /// Takes a buffer from the ring, which has one, and writes nothing; its request.
    u16 take_buffer();
    /// Writes a completion, whatever the rules say, with its phase; and interrupts.
    void complete_receive(wire::ena::Received found);
    void complete_send(u16 request);
    void event(wire::ena::EventGroup group, u16 syndrome = 0, std::vector<u32> words = {});
    void set_link(bool up) { event(wire::ena::EventGroup::link, 0, {up ? wire::ena::link_up : 0}); }
    void keep_alive() { event(wire::ena::EventGroup::keep_alive); }
    /// What is in memory of the queue of answers, events, what is received and what is sent.
    std::vector<u64> rings() const { return {answers_.base, events_.base, receive_done_.base, send_done_.base}; }

    // ---- what it is ----
    bool plain = false;             ///< its registers are read
    u32 version = 2 << 8, controller_version = 1 << 8, address_width = 48, reset_timeout = 5, command_timeout = 0;
    bool ready = true, answers_reads = true, answers_commands = true, finishes_reset = true, wrong_read = false, wrong_number = false;
    std::array<u8, 6> address{0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
    u32 features = ~0u, most_mtu = 9216;
    wire::ena::QueueLimits2 limits{1, {}, 8, 8, 8, 8, 1024, 1024, 1024, 1024, 128, 18, 4};
    wire::ena::Offloads offloads{0xff, 0xf, 0};
    wire::ena::DeviceMemory device_memory{};
    u32 groups = 0x9f;
    u16 keep_alive_ms = 0;
    std::set<u32> refused;          ///< opcodes, and 256 + features
    wire::ena::SubmissionCreated far{};  ///< added to the answers
    u32 far_unmask = 0;

    // ---- what it was told ----
    u32 mtu = 0, reason = 0;
    unsigned metas = 0;
    bool uses_memory = false;

private:
    static constexpr u32 management_message = 0;
    struct Io;
    u32 value_of(Register r) const;
    void write(u32 offset, u32 value);
    void reset(u32 value);
    void read_request(u32 value);
    void run_commands(u32 tail);
    wire::ena::Answer run(const wire::ena::Command& command);
    u8 get(const wire::ena::FeatureCommand& command, u32* words);
    u8 set(const wire::ena::FeatureCommand& command);
    void create_completion(const u32* words, u32* answer);
    u8 create_submission(const u32* words, u32* answer);
    void fetch(u16 tail);
    void fetch_entry();
    void take(wire::ena::SendDescriptor descriptor);
    void send();
    void report(u16 request) override { complete_send(request); }

    std::vector<u64> memory_;
    u64 read_answer_ = 0;
    bool resetting_ = false;
    CardRing commands_, answers_, events_, receive_, receive_done_, send_, send_done_;
    u16 commands_taken_ = 0, events_written_ = 0, events_allowed_ = 0, send_tail_ = 0, receive_tail_ = 0, receive_taken_ = 0;
    u32 send_vector_ = 0, receive_vector_ = 0, completion_queues_ = 0;
    u32 enabled_groups_ = 0, entry_size_ = 0, entries_at_ = 0, since_doorbell_ = 0;
    // The packet whose descriptors come.
    std::vector<wire::ena::SendDescriptor> packet_;
    Bytes pushed_, frame_;
    wire::ena::SendDescriptor meta_{};
};

}  // namespace spore::fakes
