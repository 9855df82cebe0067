// struct termios and its bits [termios(3), asm-generic/termbits.h]. The same on x86-64 and arm64.
#pragma once

#include <algorithm>
#include <iterator>

#include "base/types.hpp"

namespace spore::linux::terminal {

enum InputFlag : u32 { strip_bit = 0x20, newline_to_return = 0x40, ignore_return = 0x80, return_to_newline = 0x100, flow_control = 0x400,
                       any_restarts = 0x800, utf8 = 0x4000 };
enum OutputFlag : u32 { process_output = 1, newline_adds_return = 4, return_becomes_newline = 8 };
enum LocalFlag : u32 { signals = 1, canonical = 2, echo = 8, echo_erase = 0x10, echo_kill = 0x20, echo_newline = 0x40, no_flush = 0x80,
                       stop_background_output = 0x100, echo_control = 0x200, echo_kill_by_erasing = 0x800, extended = 0x8000 };
enum Character : u8 { interrupt = 0, quit = 1, erase = 2, kill = 3, end_of_file = 4, time = 5, minimum = 6, start = 8, stop = 9, suspend = 10,
                      end_of_line = 11, reprint = 12, word_erase = 14, literal_next = 15, end_of_line_2 = 16 };

/// struct termios2; struct termios is the same without the speeds.
struct Settings {
    u32 input = return_to_newline | flow_control;
    u32 output = process_output | newline_adds_return;
    u32 control = 0xbf;  // 38400 baud, 8 bits, receiver on
    u32 local = signals | canonical | echo | echo_erase | echo_kill | echo_control | echo_kill_by_erasing | extended;
    u8 discipline = 0;
    u8 characters[19] = {3, 0x1c, 0x7f, 0x15, 4, 0, 1, 0, 0x11, 0x13, 0x1a, 0, 0x12, 0xf, 0x17, 0x16, 0, 0, 0};
    u32 input_speed = 38400, output_speed = 38400;

    bool has(LocalFlag flag) const { return local & flag; }
    /// Whether `byte` is what the character is set to; 0 turns a character off.
    bool is(Character which, u8 byte) const { return byte != 0 && characters[which] == byte; }
    /// Stays as it was `before` where `locked` has something else than 0 (TIOCSLCKTRMIOS) [ioctl_tty(2)].
    void keep(const Settings& before, const Settings& locked) {
        auto keep_bits = [](u32& now, u32 was, u32 mask) { now = (now & ~mask) | (was & mask); };
        keep_bits(input, before.input, locked.input), keep_bits(output, before.output, locked.output);
        keep_bits(control, before.control, locked.control), keep_bits(local, before.local, locked.local);
        if (locked.discipline) discipline = before.discipline;
        for (std::size_t i = 0; i < std::size(characters); ++i)
            if (locked.characters[i]) characters[i] = before.characters[i];
    }
    /// Locks nothing.
    static constexpr Settings unlocked() { return {.input = 0, .output = 0, .control = 0, .local = 0, .discipline = 0, .characters = {}, .input_speed = 0, .output_speed = 0}; }
};
static_assert(sizeof(Settings) == 44);
inline constexpr std::size_t short_size = 36;

/// struct termio, of System V: the lower halves of the flags, and the first characters.
struct OldSettings {
    static constexpr unsigned count = 8;
    u16 input, output, control, local;
    u8 discipline, characters[count];

    static OldSettings of(const Settings& all) {
        OldSettings old{static_cast<u16>(all.input), static_cast<u16>(all.output), static_cast<u16>(all.control), static_cast<u16>(all.local), all.discipline, {}};
        std::copy_n(all.characters, count, old.characters);
        return old;
    }
    void change(Settings& all) const {
        auto lower = [](u32& flags, u16 low) { flags = (flags & 0xffff'0000) | low; };
        lower(all.input, input), lower(all.output, output), lower(all.control, control), lower(all.local, local);
        all.discipline = discipline;
        std::copy_n(characters, count, all.characters);
    }
};
static_assert(sizeof(OldSettings) == 18);

}  // namespace spore::linux::terminal
