// The other side of the e1000 driver: a controller's registers, and what it does with its rings, as the manuals say [8254x, 82574].
#pragma once

#include <map>
#include <vector>

#include "arch/mmu.hpp"
#include "kernel/drivers/net/e1000/hardware.hpp"
#include "tests/fakes/net_sink.hpp"

namespace spore::fakes {

class E1000Card final : public drivers::e1000::Hardware {
public:
    using Register = wire::e1000::Register;

    enum class Kind : u8 { old, with_messages };
    explicit E1000Card(Kind kind) : kind_(kind) { reset(); }

    u32 read(Register r, u32 index) override;
    void write(Register r, u32 value, u32 index) override;
    Result<Signals> connect(const Handlers& wanted) override {
        if (refuses_interrupts) return fail(Error::busy);
        handlers = wanted;
        return kind_ == Kind::old ? Signals::shared : Signals::messages;
    }

    /// A frame comes in; false when there is no buffer for it or it is filtered out. `status` and `errors` go into its descriptor as well.
    bool receive(const Bytes& frame, u8 status = wire::e1000::received_no_checksum, u8 errors = 0);
    /// The next descriptor of the receive ring, as the device may write it at any time.
    wire::e1000::Received& next_received() { return receive_ring()[registers[Register::receive_head]]; }
    /// Writes back `found` where the device stands, whatever the rules say.
    void write_back(const wire::e1000::Received& found);
    /// The frames on the wire since the last call, checksums and segments done. In order.
    std::vector<Bytes> take_sent() { return std::exchange(sent_, {}); }
    /// Takes descriptors but reports none of them done, until resume().
    void hold() { held_ = true; }
    void resume();
    void set_link(bool up);
    /// Raises causes; the driver is interrupted for those it wants.
    void cause(u32 causes);

    std::map<Register, u32> registers;
    u32 multicast[wire::e1000::multicast_words] = {};
    u16 eeprom[64] = {0x5452, 0x1200, 0x5634};
    bool loads_address = true;       ///< from the EEPROM into the receive address
    bool refuses_interrupts = false, link = true;
    Handlers handlers{};
    unsigned tail_writes = 0, interrupts = 0, resets = 0;

private:
    struct Context {
        u64 low = 0, high = 0;
    };
    void reset();
    void fetch();
    void send(const Bytes& whole, u64 data, const Context& context);
    bool lets_through(const Bytes& frame);
    void deliver_interrupts();
    wire::e1000::Received* receive_ring() { return ring<wire::e1000::Received>(Register::receive_base_low, Register::receive_base_high); }
    wire::e1000::Transmit* transmit_ring() { return ring<wire::e1000::Transmit>(Register::transmit_base_low, Register::transmit_base_high); }
    template <typename T>
    T* ring(Register low, Register high) { return static_cast<T*>(arch::direct({registers[low] | u64{registers[high]} << 32})); }

    Kind kind_;
    u32 causes_ = 0, mask_ = 0;
    bool in_handler_ = false, held_ = false;
    Bytes frame_;             ///< of descriptors without an end so far
    u64 data_ = 0;            ///< the first one's command and options
    Context context_, segment_context_;
    std::vector<u32> unreported_;
    std::vector<Bytes> sent_;
};

}  // namespace spore::fakes
