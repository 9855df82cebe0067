#include "kernel/linux/proc/statistics.hpp"

#include "arch/cpu.hpp"
#include "kernel/device/block.hpp"
#include "kernel/linux/fault.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/task/interrupt_counts.hpp"

namespace spore::linux::proc {

namespace {

Result<void> print_right(TextSink& out, std::string_view text, std::size_t width) {
    for (std::size_t used = text.size(); used < width; ++used) TRY(out.write(" "));
    return out.write(text);
}
Result<void> print_right(TextSink& out, u64 number, std::size_t width) {
    char digits[24];
    return print_right(out, format_to(digits, "{}", number), width);
}

/// As Linux numbers and names virtio's.
constexpr u32 disk_major = 254, disk_minors = 16;
struct DiskName {
    explicit DiskName(std::size_t index) { text[2] = static_cast<char>('a' + index); }
    char text[4] = "vd?";
};

Result<void> print_disk(TextSink& out, std::size_t index) {
    TRY(print_right(out, disk_major, 4));
    TRY(print_right(out, index * disk_minors, 8));
    return out.write(" ");
}

template <typename F>
Result<void> for_each_disk(F&& f) {
    constexpr std::size_t letters = 26;
    for (std::size_t index = 0; index < letters; ++index) {
        auto* disk = device::disk(index);
        if (!disk) break;
        TRY(f(index, *disk));
    }
    return {};
}

u64 get(const std::atomic<u64>& counter) { return counter.load(std::memory_order_relaxed); }
u64 milliseconds(const device::BlockDevice::Counter& counter) { return get(counter.nanoseconds) / 1'000'000; }

struct Line {
    std::string_view label;
    u64 task::InterruptCounts::* counter;
    std::string_view text;
};
/// What devices raise is not counted.
constexpr Line interrupt_lines[] = {
    {"LOC:", &task::InterruptCounts::timer, "   Local timer interrupts\n"},
    {"RES:", &task::InterruptCounts::kicks, "   Rescheduling interrupts\n"},
};

}  // namespace

Result<void> show_interrupts(TextSink& out, u32) {
    TRY(out.write("    "));
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) TRY(out.print("       CPU{}", cpu));
    TRY(out.write("       \n"));
    for (auto& line : interrupt_lines) {
        TRY(out.write(line.label));
        for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) TRY(print_right(out, task::interrupt_counts(cpu).*line.counter, 11));
        TRY(out.write(line.text));
    }
    return {};
}

u64 interrupts() {
    u64 sum = 0;
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu)
        for (auto& line : interrupt_lines) sum += task::interrupt_counts(cpu).*line.counter;
    return sum;
}

Result<void> show_disks(TextSink& out, u32) {
    return for_each_disk([&](std::size_t index, device::BlockDevice& disk) -> Result<void> {
        TRY(print_disk(out, index));
        u64 reading = milliseconds(disk.reads), writing = milliseconds(disk.writes), flushing = milliseconds(disk.flushes), all = reading + writing + flushing;
        TRY(out.print("{} {} 0 {} {} {} 0 {} {}", DiskName(index).text, get(disk.reads.requests), get(disk.reads.sectors), reading, get(disk.writes.requests),
                      get(disk.writes.sectors), writing));
        return out.print(" 0 {} {} 0 0 0 0 {} {}\n", all, all, get(disk.flushes.requests), flushing);
    });
}

Result<void> show_partitions(TextSink& out, u32) {
    TRY(out.write("major minor  #blocks  name\n\n"));
    return for_each_disk([&](std::size_t index, device::BlockDevice& disk) -> Result<void> {
        TRY(print_disk(out, index));
        TRY(print_right(out, disk.sectors() / 2, 10));
        return out.print(" {}\n", DiskName(index).text);
    });
}

Result<void> show_memory_events(TextSink& out, u32) {
    u64 in = 0, written = 0;
    TRY(for_each_disk([&](std::size_t, device::BlockDevice& disk) -> Result<void> {
        in += get(disk.reads.sectors) / 2, written += get(disk.writes.sectors) / 2;
        return {};
    }));
    auto use = memory::memory_use();
    return out.print("nr_free_pages {}\nnr_file_pages {}\npgpgin {}\npgpgout {}\npswpin 0\npswpout 0\npgfault {}\npgmajfault 0\noom_kill 0\n", use.free / page_size,
                     use.cached / page_size, in, written, page_faults());
}

}  // namespace spore::linux::proc
