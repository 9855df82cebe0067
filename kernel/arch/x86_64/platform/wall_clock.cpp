// The CMOS clock [motorola MC146818A].
#include "../../common/clock/calendar.hpp"
#include "../clock/kvm_clock.hpp"
#include "../instructions.hpp"
#include "../xen/xen.hpp"
#include "arch/boot.hpp"
#include "kernel/core/parts.hpp"

namespace spore::arch {
namespace {

enum Register : u8 { seconds = 0, minutes = 2, hours = 4, day = 7, month = 8, year = 9, status_a = 10, status_b = 11 };

u8 read(u8 index) {
    out8(0x70, index);
    return in8(0x71);
}

struct Reading {
    u8 seconds, minutes, hours, day, month, year;
    friend bool operator==(const Reading&, const Reading&) = default;
};
Reading read_all() { return {read(seconds), read(minutes), read(hours), read(day), read(month), read(year)}; }

u8 from_bcd(u8 value) { return static_cast<u8>((value >> 4) * 10 + (value & 15)); }

}  // namespace

i64 read_wall_clock() {
    if (auto nanoseconds = kvm_wall_nanoseconds()) return *nanoseconds;
    if constexpr (core::has(core::Part::xen))
        if (auto nanoseconds = xen::wall_nanoseconds()) return *nanoseconds;
    Reading now = read_all();
    // Two equal readings: no update struck in between.
    for (int attempt = 0; attempt < 100; ++attempt) {
        Reading again = read_all();
        if (again == now && !(read(status_a) & 0x80)) break;
        now = again;
    }
    u8 format = read(status_b);
    bool afternoon = now.hours & 0x80;
    now.hours &= 0x7f;
    if (!(format & 4))
        for (u8* field : {&now.seconds, &now.minutes, &now.hours, &now.day, &now.month, &now.year}) *field = from_bcd(*field);
    if (!(format & 2)) now.hours = static_cast<u8>(now.hours % 12 + (afternoon ? 12 : 0));
    i64 days = days_since_epoch(2000 + now.year, now.month, now.day);
    return (((days * 24 + now.hours) * 60 + now.minutes) * 60 + now.seconds) * 1'000'000'000;
}

}  // namespace spore::arch
