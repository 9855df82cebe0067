// What a terminal makes of typed bytes: lines that can be edited, echo, signals [termios(3); POSIX 11]. Pure: it neither sleeps nor locks.
#pragma once

#include "base/bytes.hpp"
#include "kernel/linux/terminal/settings.hpp"

namespace spore::linux::terminal {

/// What typing causes beside input for the program.
class Effects {
public:
    virtual void show(ByteSpan bytes) = 0;
    virtual void signal(i32 number) = 0;
    /// ^S and ^Q: output stands still, and goes on.
    virtual void hold_output(bool hold) = 0;

protected:
    ~Effects() = default;
};

class LineDiscipline {
public:
    const Settings& settings() const { return settings_; }
    /// What is being typed becomes readable when lines are no longer edited.
    void change(const Settings& settings);
    void type(u8 byte, Effects& effects);
    /// No more input will come: reads find the end.
    void hang_up() { hung_up_ = true; }
    bool hung_up() const { return hung_up_; }
    void flush_input();

    /// Bytes that read() would give; an end of file counts as one.
    std::size_t readable() const { return used_ - begin_; }
    /// Bytes that can be typed without loss. A line that is too long loses its end, but only what nobody could read is waited for.
    std::size_t room() const;
    /// Takes at most one line (canonical), or what there is. 0 with something readable: an end of file was typed.
    std::size_t read(MutableByteSpan into);

private:
    static constexpr std::size_t capacity = 4096;
    static constexpr u16 ends_line = 0x100, is_end_of_file = 0x200;

    void put(u16 item);
    void end_line(u16 last);
    void erase_one(Effects& effects);
    void erase_word(Effects& effects);
    void erase_all(Effects& effects);
    void show_byte(u8 byte, Effects& effects);
    void unshow(u8 byte, Effects& effects);
    bool type_signal(u8 byte, Effects& effects);
    void type_into_line(u8 byte, Effects& effects);

    Settings settings_;
    u16 items_[capacity];             ///< readable ones are [begin_, used_)
    std::size_t begin_ = 0, used_ = 0;
    u8 line_[capacity];               ///< being typed
    std::size_t line_size_ = 0;
    bool literal_ = false, held_ = false, hung_up_ = false;
};

}  // namespace spore::linux::terminal
