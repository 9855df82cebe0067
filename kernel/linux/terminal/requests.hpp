// ioctl requests of terminals [asm-generic/ioctls.h, ioctl_tty(2)].
#pragma once

#include "base/types.hpp"

namespace spore::linux::terminal {

enum Request : u32 {
    get_settings = 0x5401, set_settings = 0x5402, set_settings_drained = 0x5403, set_settings_flushed = 0x5404, send_break = 0x5409,
    get_old_settings = 0x5405, set_old_settings = 0x5406, set_old_settings_drained = 0x5407, set_old_settings_flushed = 0x5408,
    flow = 0x540a, flush = 0x540b, exclusive = 0x540c, not_exclusive = 0x540d, make_controlling = 0x540e, get_group = 0x540f,
    set_group = 0x5410, output_queue = 0x5411, get_window = 0x5413, set_window_size = 0x5414, bytes_to_read = 0x541b, packet_mode = 0x5420,
    give_up_controlling = 0x5422, set_discipline = 0x5423, get_discipline = 0x5424, send_break_posix = 0x5425,
    get_session = 0x5429, get_settings_2 = 0x802c542a,
    set_settings_2 = 0x402c542b, set_settings_2_drained = 0x402c542c, set_settings_2_flushed = 0x402c542d, get_number = 0x80045430,
    set_lock = 0x40045431, send_signal = 0x40045436, get_packet_mode = 0x80045438, get_lock = 0x80045439, open_peer = 0x5441,
    get_locked_settings = 0x5456, set_locked_settings = 0x5457,
};

/// N_TTY: there are no other line disciplines.
constexpr i32 only_discipline = 0;

/// TIOCPKT_*: what a master in packet mode reads before data.
enum PacketNote : u8 { flushed_input = 1, flushed_output = 2, output_stopped = 4, output_started = 8, flow_control_off = 16, flow_control_on = 32 };

}  // namespace spore::linux::terminal
