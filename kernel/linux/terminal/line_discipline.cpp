#include "kernel/linux/terminal/line_discipline.hpp"

#include <cstring>
#include <string_view>

#include "kernel/linux/signal/signals.hpp"

namespace spore::linux::terminal {

namespace {

void show_text(Effects& effects, std::string_view text) { effects.show(std::as_bytes(std::span(text))); }
bool is_control(u8 byte) { return byte < 0x20 || byte == 0x7f; }
bool is_continuation(u8 byte) { return (byte & 0xc0) == 0x80; }

}  // namespace

void LineDiscipline::put(u16 item) {
    if (used_ == capacity && begin_ > 0) {
        std::memmove(items_, items_ + begin_, (used_ - begin_) * sizeof *items_);
        used_ -= begin_;
        begin_ = 0;
    }
    if (used_ < capacity) items_[used_++] = item;  // what does not fit is lost, as on Linux
}

void LineDiscipline::end_line(u16 last) {
    for (std::size_t i = 0; i < line_size_; ++i) put(line_[i]);
    put(last);
    line_size_ = 0;
}

void LineDiscipline::change(const Settings& settings) {
    bool was_canonical = settings_.has(canonical);
    settings_ = settings;
    if (!was_canonical || settings_.has(canonical)) return;
    for (std::size_t i = 0; i < line_size_; ++i) put(line_[i]);
    line_size_ = 0;
}

void LineDiscipline::flush_input() {
    begin_ = used_ = line_size_ = 0;
    literal_ = false;
}

std::size_t LineDiscipline::room() const {
    if (hung_up_) return capacity;
    if (settings_.has(canonical) && readable() == 0) return capacity;
    std::size_t taken = readable() + line_size_ + 1;  // one for a line's end
    return taken < capacity ? capacity - taken : 0;
}

std::size_t LineDiscipline::read(MutableByteSpan into) {
    std::size_t size = 0;
    while (begin_ < used_) {
        u16 item = items_[begin_];
        if (item & is_end_of_file) {
            // The end of a line's bytes without a newline; alone, the end of the file. It means nothing once lines are not edited.
            if (size == into.size()) break;
            ++begin_;
            if (settings_.has(canonical)) break;
            continue;
        }
        if (size == into.size()) break;
        into[size++] = static_cast<std::byte>(item);
        ++begin_;
        if ((item & ends_line) && settings_.has(canonical)) break;
    }
    return size;
}

void LineDiscipline::show_byte(u8 byte, Effects& effects) {
    if (settings_.has(echo_control) && is_control(byte) && byte != '\n' && byte != '\t') {
        const std::byte shown[] = {std::byte{'^'}, static_cast<std::byte>(byte ^ 0x40)};
        return effects.show(shown);
    }
    const std::byte shown[] = {static_cast<std::byte>(byte)};
    effects.show(shown);
}

void LineDiscipline::unshow(u8 byte, Effects& effects) {
    show_text(effects, "\b \b");
    if (settings_.has(echo_control) && is_control(byte) && byte != '\t') show_text(effects, "\b \b");
}

void LineDiscipline::erase_one(Effects& effects) {
    if (line_size_ == 0) return;
    // A character of several bytes goes as one.
    if (settings_.input & utf8)
        while (line_size_ > 1 && is_continuation(line_[line_size_ - 1])) --line_size_;
    u8 byte = line_[--line_size_];
    if (!settings_.has(echo)) return;
    if (settings_.has(echo_erase)) unshow(byte, effects);
    else show_byte(settings_.characters[erase], effects);
}

void LineDiscipline::erase_word(Effects& effects) {
    auto last_is_blank = [&] { return line_[line_size_ - 1] == ' ' || line_[line_size_ - 1] == '\t'; };
    while (line_size_ && last_is_blank()) erase_one(effects);
    while (line_size_ && !last_is_blank()) erase_one(effects);
}

void LineDiscipline::erase_all(Effects& effects) {
    if (settings_.has(echo_kill_by_erasing) && settings_.has(echo_erase)) {
        while (line_size_) erase_one(effects);
        return;
    }
    line_size_ = 0;
    if (!settings_.has(echo)) return;
    show_byte(settings_.characters[kill], effects);
    if (settings_.has(echo_kill)) show_text(effects, "\n");
}

bool LineDiscipline::type_signal(u8 byte, Effects& effects) {
    i32 number = settings_.is(interrupt, byte) ? sigint : settings_.is(quit, byte) ? sigquit : settings_.is(suspend, byte) ? sigtstp : 0;
    if (!number) return false;
    if (!settings_.has(no_flush)) flush_input();
    if (held_) held_ = false, effects.hold_output(false);
    if (settings_.has(echo)) show_byte(byte, effects);
    effects.signal(number);
    return true;
}

void LineDiscipline::type_into_line(u8 byte, Effects& effects) {
    if (settings_.is(erase, byte)) return erase_one(effects);
    if (settings_.is(kill, byte)) return erase_all(effects);
    if (settings_.is(end_of_file, byte)) return end_line(is_end_of_file);
    if (settings_.has(extended)) {
        if (settings_.is(word_erase, byte)) return erase_word(effects);
        if (settings_.is(literal_next, byte)) {
            literal_ = true;
            if (settings_.has(echo)) show_text(effects, "^\b");
            return;
        }
        if (settings_.is(reprint, byte)) {
            if (!settings_.has(echo)) return;
            show_byte(byte, effects);
            show_text(effects, "\n");
            for (std::size_t i = 0; i < line_size_; ++i) show_byte(line_[i], effects);
            return;
        }
    }
    if (byte == '\n' || settings_.is(end_of_line, byte) || settings_.is(end_of_line_2, byte)) {
        if (settings_.has(echo) || (byte == '\n' && settings_.has(echo_newline))) show_byte(byte, effects);
        return end_line(byte | ends_line);
    }
    // A full line still ends: room is kept for that.
    if (line_size_ + 1 >= capacity) return;
    line_[line_size_++] = byte;
    if (settings_.has(echo)) show_byte(byte, effects);
}

void LineDiscipline::type(u8 byte, Effects& effects) {
    if (settings_.input & strip_bit) byte &= 0x7f;
    if (literal_) {
        literal_ = false;
        if (line_size_ + 1 < capacity) line_[line_size_++] = byte;
        if (settings_.has(echo)) show_byte(byte, effects);
        return;
    }
    if (settings_.input & flow_control) {
        bool any = held_ && (settings_.input & any_restarts);
        if (settings_.is(start, byte) || any) {
            held_ = false;
            effects.hold_output(false);
            if (!any) return;
        } else if (settings_.is(stop, byte)) {
            held_ = true;
            return effects.hold_output(true);
        }
    }
    if (settings_.has(signals) && type_signal(byte, effects)) return;
    if (byte == '\r') {
        if (settings_.input & ignore_return) return;
        if (settings_.input & return_to_newline) byte = '\n';
    } else if (byte == '\n' && (settings_.input & newline_to_return)) byte = '\r';
    if (settings_.has(canonical)) return type_into_line(byte, effects);
    put(byte);
    if (settings_.has(echo)) show_byte(byte, effects);
}

}  // namespace spore::linux::terminal
