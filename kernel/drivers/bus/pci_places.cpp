#include "kernel/drivers/bus/pci_places.hpp"

#include "kernel/drivers/bus/pci.hpp"

namespace spore::drivers {
namespace {

constexpr u16 command_register = 0x04, first_bar = 0x10, bridge_buses = 0x18, bridge_memory = 0x20, interrupt = 0x3c;
constexpr u32 is_io = 1, is_wide = 4, bar_flags = 15, decode = 3;
constexpr u64 bridge_granule = 1_MiB;
constexpr unsigned max_depth = 8;

class Placer {
public:
    explicit Placer(arch::PciWindow window) : next_(window.start.value), end_(window.start.value + window.size) {}

    void place_bus(u8 bus, unsigned depth) {
        for_each_function(bus, [&](const PciFunction& function) {
            bool bridge = function.is_bridge();
            place_bars(function, bridge ? 2 : 6);
            if (bridge && depth < max_depth) place_behind(function, depth);
            else note_line(function, depth);
        });
    }

private:
    /// Sizes are found by what of all ones stays [pci 3.0, 6.2.5.1], while the function decodes nothing.
    void place_bars(const PciFunction& function, u32 count) {
        function.write(command_register, function.read(command_register) & 0xffff & ~decode);
        for (u32 index = 0; index < count; ++index) {
            u16 at = static_cast<u16>(first_bar + index * 4);
            u32 old = function.read(at);
            if (old & is_io) continue;
            bool wide = (old & 6) == is_wide && index + 1 < count;
            u16 upper = static_cast<u16>(at + 4);
            if (wide) ++index;
            if ((old & ~bar_flags) || (wide && function.read(upper))) continue;  // firmware's
            function.write(at, ~0u);
            u32 stays = function.read(at) & ~bar_flags;
            u64 size = stays ? u64{~stays} + 1 : 0;
            if (size > end_ - next_ || !size || (size & (size - 1))) {  // none, or more than the window holds
                function.write(at, old);
                continue;
            }
            u64 place = align_up(next_, size);
            if (place > end_ - size) {
                function.write(at, old);
                continue;
            }
            next_ = place + size;
            function.write(at, static_cast<u32>(place));
            if (wide) function.write(upper, static_cast<u32>(place >> 32));
        }
    }

    /// The bus behind a bridge, which forwards to it what was given out there [pci-to-pci bridge 1.2, 3.2.5].
    void place_behind(const PciFunction& bridge, unsigned depth) {
        if (last_bus_ == 0xff || (bridge.read(bridge_buses) & 0xff00)) return;  // or firmware numbered it
        u8 bus = ++last_bus_;
        auto set_buses = [&](u8 last) { bridge.write(bridge_buses, u32{last} << 16 | u32{bus} << 8 | bridge.address().bus); };
        set_buses(0xff);
        next_ = align_up(next_, bridge_granule);
        u64 start = next_;
        bridges_[depth] = bridge.address();
        place_bus(bus, depth + 1);
        next_ = align_up(next_, bridge_granule);
        set_buses(last_bus_);
        u32 first = static_cast<u32>(start >> 16), last = static_cast<u32>((next_ - 1) >> 16);
        if (next_ == start) first = 0xffff, last = 0;  // forwards nothing
        bridge.write(bridge_memory, (last & 0xfff0) << 16 | (first & 0xfff0));
        bridge.enable();
    }

    /// Bridges turn the pins of what is behind them by its device number [pci-to-pci bridge 1.2, 9.1].
    void note_line(const PciFunction& function, unsigned depth) {
        u32 word = function.read(interrupt);
        u8 pin = static_cast<u8>(word >> 8);
        if (pin < 1 || pin > 4) return;
        auto at = function.address();
        for (; depth > 0; at = bridges_[--depth]) pin = static_cast<u8>((pin - 1 + at.device) % 4 + 1);
        auto line = arch::pci_pin_line(at, pin);
        if (line && *line < 0xff) function.write(interrupt, (word & ~0xffu) | *line);
    }

    u64 next_, end_;
    u8 last_bus_ = 0;
    arch::PciAddress bridges_[max_depth] = {};  ///< on the way down
};

}  // namespace

void place_pci_functions(arch::PciWindow window) {
    if (window.size) Placer(window).place_bus(0, 0);
}

}  // namespace spore::drivers
