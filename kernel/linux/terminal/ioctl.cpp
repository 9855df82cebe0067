// What both sides of a terminal can be asked [ioctl_tty(2)].
#include "kernel/linux/terminal/requests.hpp"
#include "kernel/linux/terminal/terminal.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/user.hpp"

namespace spore::linux::terminal {

Result<u64> Terminal::change_settings(u64 argument, Form form, bool flushes, Side side) {
    if (side == Side::slave) TRY(must_be_foreground(sigttou));
    Settings wanted;
    {
        Guard guard(mutex_);
        wanted = discipline_.settings();
    }
    if (form == Form::old) TRY(UserIn<OldSettings>{{argument}}.read()).change(wanted);
    else TRY(arch::copy_from_program(&wanted, {argument}, form == Form::with_speeds ? sizeof wanted : short_size));
    {
        Guard guard(mutex_);
        auto stops = [](const Settings& s) { return (s.input & flow_control) && s.characters[stop] == 0x13 && s.characters[start] == 0x11; };
        wanted.keep(discipline_.settings(), locked_);
        bool before = stops(discipline_.settings());
        if (flushes) discipline_.flush_input();
        discipline_.change(wanted);
        if (before != stops(wanted)) note_for_master(before ? flow_control_off : flow_control_on);
        if (has_input()) arrived_.wake_all();
    }
    if (flushes) input_taken();
    return 0;
}

Result<u64> Terminal::flush_queues(u64 which) {
    if (which > 2) return fail(Error::invalid);
    // Output is put as it is written, so only input can be dropped; packet mode is told of both.
    if (which != 1) {
        Guard guard(mutex_);
        discipline_.flush_input();
        note_for_master(flushed_input);
    }
    if (which != 0) note_for_master(flushed_output);
    input_taken();
    return 0;
}

Result<u64> Terminal::control_flow(u64 action) {
    if (action > 3) return fail(Error::invalid);
    Guard guard(mutex_);
    if (action < 2) hold_output(action == 0);
    return 0;
}

Result<u64> Terminal::ioctl(u32 request, u64 argument, Side side) {
    auto& process = current_task().process();
    {
        Guard guard(mutex_);
        if (dead_ && side == Side::slave) return fail(Error::io);
    }
    switch (request) {
    case get_old_settings:
    case get_settings:
    case get_settings_2: {
        Settings settings;
        {
            Guard guard(mutex_);
            settings = discipline_.settings();
        }
        if (request == get_old_settings) TRY(UserOut<OldSettings>{{argument}}.write(OldSettings::of(settings)));
        else TRY(arch::copy_to_program({argument}, &settings, request == get_settings ? short_size : sizeof settings));
        return 0;
    }
    case set_settings:
    case set_settings_drained: return change_settings(argument, Form::usual, false, side);
    case set_settings_flushed: return change_settings(argument, Form::usual, true, side);
    case set_settings_2:
    case set_settings_2_drained: return change_settings(argument, Form::with_speeds, false, side);
    case set_settings_2_flushed: return change_settings(argument, Form::with_speeds, true, side);
    case set_old_settings:
    case set_old_settings_drained: return change_settings(argument, Form::old, false, side);
    case set_old_settings_flushed: return change_settings(argument, Form::old, true, side);
    case get_locked_settings: {
        Settings locked;
        {
            Guard guard(mutex_);
            locked = locked_;
        }
        TRY(arch::copy_to_program({argument}, &locked, short_size));
        return 0;
    }
    case set_locked_settings: {
        if (!process.credentials().may(Capability::admin)) return fail(Error::not_permitted);
        auto locked = Settings::unlocked();
        TRY(arch::copy_from_program(&locked, {argument}, short_size));
        Guard guard(mutex_);
        locked_ = locked;
        return 0;
    }
    case get_window: {
        Window window;
        {
            Guard guard(mutex_);
            window = window_;
        }
        TRY(UserOut<Window>{{argument}}.write(window));
        return 0;
    }
    case set_window_size: set_window(TRY(UserIn<Window>{{argument}}.read())); return 0;
    case make_controlling: return side == Side::slave ? take_control(argument == 1) : fail(Error::io);
    case give_up_controlling: return give_up_control();
    case get_group:
    case get_session: {
        if (side == Side::slave && !controls(process)) return fail(Error::not_a_terminal);
        i32 number;
        {
            TreeGuard guard(tree_lock());
            number = request == get_group ? foreground_ : session_;
        }
        if (request == get_session && !number) return fail(Error::not_a_terminal);
        TRY(UserOut<i32>{{argument}}.write(number));
        return 0;
    }
    case get_discipline: TRY(UserOut<i32>{{argument}}.write(only_discipline)); return 0;
    case set_discipline:
        if (side == Side::slave) TRY(must_be_foreground(sigttou));
        if (TRY(UserIn<i32>{{argument}}.read()) != only_discipline) return fail(Error::invalid);
        return 0;
    case set_group: return set_foreground(argument, side);
    case flush: return flush_queues(argument);
    case flow: return control_flow(argument);
    case bytes_to_read: {
        std::size_t size;
        {
            Guard guard(mutex_);
            size = discipline_.readable();
        }
        TRY(UserOut<i32>{{argument}}.write(static_cast<i32>(size)));
        return 0;
    }
    case output_queue: TRY(UserOut<i32>{{argument}}.write(0)); return 0;
    case send_break:
    case send_break_posix:
    case exclusive:
    case not_exclusive: return 0;
    default: return fail(Error::not_a_terminal);
    }
}

}  // namespace spore::linux::terminal
