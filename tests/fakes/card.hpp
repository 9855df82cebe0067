// The half of a fake network card that does not depend on how it is spoken to: its messages, what it sent and has not reported, and whether it keeps the
// rules itself.
#pragma once

#include <set>
#include <vector>

#include "arch/mmu.hpp"
#include "kernel/drivers/bus/hardware.hpp"
#include "tests/fakes/net_sink.hpp"

namespace spore::fakes {

/// A ring whose entries have a bit that changes with every round.
struct CardRing {
    u64 base = 0;
    u32 size = 0, next = 0;
    bool phase = true;
    void advance() {
        if (++next == size) next = 0, phase = !phase;
    }
    template <typename T>
    T& here() const { return static_cast<T*>(arch::direct({base}))[next]; }
};

class Card {
public:
    Card(const Card&) = delete;

    /// The frames on the wire since the last call, checksums and segments done. In order.
    std::vector<Bytes> take_sent() { return std::exchange(sent_, {}); }
    /// Takes descriptors but reports none of them done, until resume(); in whatever order.
    void hold() { held_ = true; }
    void resume(bool backwards = false);

    u32 messages = 3;  ///< MSI-X

    // ---- what happened ----
    unsigned resets = 0, interrupts = 0, tellings = 0;
    bool active = false, is_cut_off = false;

protected:
    /// A message masks itself when it comes, but for the one that is not of its queues.
    explicit Card(u32 management) : management_(management) { handlers_[management].masked = false; }
    ~Card() = default;

    /// The card as its driver owns it, which ends before the card does.
    class Owner : public drivers::Hardware {
    public:
        explicit Owner(Card& one) : owned(one) {}
        Result<u16> connect_message(u32 cpu, arch::InterruptHandler function, void* context) override;
        Result<void> connect_shared(arch::InterruptHandler, void*) override { return fail(Error::busy); }
        void cut_off() override;
        Card& owned;
    };

    /// It was reset.
    void start_anew();
    u32 connected() const { return connected_; }
    void set_masked(u32 message, bool masked);
    /// The message comes, now or when it is unmasked.
    void cause(u32 message);

    /// Takes the packet of this number, of which the driver may use no other until it is reported.
    void take_packet(u16 number);
    /// Reports it, unless that is to wait.
    void finish_packet(u16 number);
    virtual void report(u16 number) = 0;

    /// Where the buffers that it fills are from: a card that fills others breaks the rules, and may expect nothing of its driver until it is reset.
    void took_buffer(u16 number) { taken_.insert(number); }
    void filled_buffer(u16 number) { breaks_rules_ |= !taken_.erase(number); }
    bool keeps_rules() const { return !breaks_rules_; }

    std::set<u16> in_flight_;
    std::vector<u16> unreported_;
    std::vector<Bytes> sent_;

private:
    void deliver();

    struct Handler {
        arch::InterruptHandler function = nullptr;
        void* context = nullptr;
        bool masked = true, pending = false;
    };
    u32 management_;
    Handler handlers_[3];
    u32 connected_ = 0;
    bool in_handler_ = false, held_ = false, breaks_rules_ = false;
    std::set<u16> taken_;
};

}  // namespace spore::fakes
