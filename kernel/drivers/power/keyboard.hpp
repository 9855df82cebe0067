// Ctrl-Alt-Del at a PC's keyboard controller (8042) [ibm/PS2 hardware interface, keyboard controller]: of a person's, of QEMU's sendkey, or of
// Firecracker's, which has nothing else to ask a guest by.
#pragma once

#include "base/types.hpp"

namespace spore::drivers::power {

/// Finds Ctrl-Alt-Del in what a keyboard sends, in the codes of set 2, which are its own. Any of the keys' two kinds will do.
class CtrlAltDel {
public:
    /// Whether it is complete with this byte. Each key counts once: a key that is held down repeats itself, and Firecracker never lets go of any.
    bool take(u8 byte) {
        if (byte == extended || byte == released) {
            (byte == extended ? extended_ : released_) = true;
            return false;
        }
        bool is_extended = extended_, down = !released_;
        extended_ = released_ = false;
        if (byte == ctrl) ctrl_ = down;
        else if (byte == alt) alt_ = down;
        else if (byte == del && is_extended && down && ctrl_ && alt_) return !(ctrl_ = alt_ = false);
        return false;
    }

private:
    enum Code : u8 { alt = 0x11, ctrl = 0x14, del = 0x71, extended = 0xe0, released = 0xf0 };
    bool extended_ = false, released_ = false, ctrl_ = false, alt_ = false;
};

/// `Io` has read(port, size) and write(port, size, value) of I/O ports.
template <typename Io>
class Keyboard {
public:
    constexpr Keyboard() = default;
    explicit Keyboard(Io io) : io_(io) {}

    static constexpr u32 line = 1;  // of the ISA bus

    /// Lets the keyboard interrupt, with codes that are not translated. False when there is no controller, or none that answers.
    bool start() {
        if (static_cast<u8>(io_.read(status, 1)) == 0xff) return false;  // nothing answers
        if (!command(write_settings) || !send(interrupts)) return false;
        return send(enable_scanning);
    }

    /// On an interrupt, and once when it can come, for what was there before: whether Ctrl-Alt-Del was pressed. Takes what has come, which is never more
    /// than a controller's buffer.
    bool pressed() {
        constexpr int most = 64;
        bool found = false;
        for (int i = 0; i < most; ++i) {
            u32 now = io_.read(status, 1);
            if (!(now & output_full)) break;
            auto byte = static_cast<u8>(io_.read(data, 1));
            if (!(now & from_mouse)) found |= keys_.take(byte);
        }
        return found;
    }

private:
    static constexpr u16 data = 0x60, status = 0x64;
    enum Status : u8 { output_full = 1 << 0, input_full = 1 << 1, from_mouse = 1 << 5 };
    enum Command : u8 { write_settings = 0x60, enable_scanning = 0xf4 };
    /// The settings: the keyboard interrupts and nothing is translated. The mouse stays off.
    static constexpr u8 interrupts = 1 << 0 | 1 << 2 | 1 << 5;

    bool wait_until_it_listens() {
        constexpr int patience = 100'000;
        for (int i = 0; i < patience; ++i)
            if (!(io_.read(status, 1) & input_full)) return true;
        return false;
    }
    bool command(u8 what) {
        if (!wait_until_it_listens()) return false;
        io_.write(status, 1, what);
        return true;
    }
    bool send(u8 byte) {
        if (!wait_until_it_listens()) return false;
        io_.write(data, 1, byte);
        return true;
    }

    CtrlAltDel keys_;
    [[no_unique_address]] Io io_{};
};

}  // namespace spore::drivers::power
