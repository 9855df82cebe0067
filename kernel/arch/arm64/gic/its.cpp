// Its tables are small on purpose: what they have no room for (functions on far buses) uses interrupt lines.
#include "its.hpp"

#include <algorithm>

#include "arch/mmu.hpp"
#include "distributor.hpp"
#include "gic.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/memory/heap.hpp"

namespace spore::arch {
namespace {

enum Register : u32 { control = 0x00, type = 0x08, commands = 0x80, write_at = 0x88, read_at = 0x90, tables = 0x100, translate = 0x1'0040 };
enum RedistributorRegister : u32 { redistributor_control = 0x00, redistributor_type = 0x08, configuration = 0x70, pending = 0x78 };
enum Command : u64 { sync = 0x05, map_device_to_table = 0x08, map_collection = 0x09, map_event = 0x0a, invalidate = 0x0c };

constexpr u32 quiescent = u32{1} << 31;
constexpr u64 valid = u64{1} << 63;
constexpr u64 write_back_shareable = u64{7} << 59 | u64{1} << 10;  // inner cacheability of the ITS's registers, inner shareable
constexpr u64 redistributor_write_back = u64{7} << 7 | u64{1} << 10;
constexpr unsigned id_bits = 14;                                   // of INTIDs: 8192 messages, the fewest that there are
constexpr unsigned pending_order = 4;                              // 64 KiB, for its alignment
constexpr u32 device_limit = 2048, event_bits = 5, events_per_device = 1 << event_bits, known_devices = 64;
constexpr u8 enabled_message = normal_priority | 1;

struct Device {
    u32 id = 0, events = 0;
};
struct Its {
    InterruptRegisters registers;
    u64 kind = 0;
    u64 (*queue)[4] = nullptr;  ///< one page of commands
    u64 next = 0;               ///< offset in it
    u8* messages = nullptr;     ///< a byte of configuration for each INTID from 8192
    u64 collections = 0;        ///< CPUs that can be targets, a bit each
    Device devices[known_devices];
    u32 device_count = 0;

    Result<void> open(PhysAddr at);
    Result<void> set_table(u32 index, unsigned order);
    void send(u64 first, u64 second, u64 third);
    u64 target_of(u32 cpu) const;
    Result<void> add_collection(u32 cpu);
    Result<Device*> find_device(u32 id);
};
constinit Its its;

PhysAddr physical_of(const void* table) { return physical(table); }

Result<void*> allocate_zeroed(unsigned order) {
    return bytes_of_frame(*TRY(memory::allocate_zeroed_frames(order)));
}

Result<void> Its::set_table(u32 index, unsigned order) {
    u64 at = tables + index * 8;
    u64 form = registers.read_wide(static_cast<u32>(at)) & (u64{7} << 56 | u64{31} << 48);  // its kind and the size of an entry are fixed
    auto* table = TRY(allocate_zeroed(order));
    registers.write_wide(static_cast<u32>(at), valid | write_back_shareable | form | physical_of(table).value | ((u64{1} << order) - 1));
    return {};
}

Result<void> Its::open(PhysAddr at) {
    if (registers.is_open()) return {};
    InterruptRegisters found(TRY(map_device(at, 128_KiB)));
    found.write(control, 0);
    for (int wait = 0; wait < 1'000'000 && !(found.read(control) & quiescent); ++wait) pause();  // before that its tables are its own
    registers = found;
    kind = registers.read_wide(type);
    for (u32 index = 0; index < 8; ++index) {
        u64 form = registers.read_wide(tables + index * 8);
        u64 entry = (form >> 48 & 31) + 1;
        if ((form >> 56 & 7) == 1) {
            unsigned order = 0;
            while ((page_size << order) < device_limit * entry) ++order;
            TRY(set_table(index, order));
        } else if ((form >> 56 & 7) == 4) {
            TRY(set_table(index, 0));
        }
    }
    queue = static_cast<u64(*)[4]>(TRY(allocate_zeroed(0)));
    messages = static_cast<u8*>(TRY(allocate_zeroed(1)));
    registers.write_wide(commands, valid | write_back_shareable | physical_of(queue).value);
    registers.write_wide(write_at, 0);
    registers.write(control, 1);
    return {};
}

/// Waits until it is done: this happens at boot.
void Its::send(u64 first, u64 second, u64 third) {
    auto& slot = queue[next / sizeof *queue];
    slot[0] = first;
    slot[1] = second;
    slot[2] = third;
    slot[3] = 0;
    next = (next + sizeof *queue) % page_size;
    full_barrier();  // the command is there before it is told of
    registers.write_wide(write_at, next);
    for (int wait = 0; wait < 1'000'000 && (registers.read_wide(read_at) & 0xf'ffe0) != next; ++wait) pause();
}

/// How commands name a redistributor: by address or by number.
u64 Its::target_of(u32 cpu) const {
    auto* redistributor = cpu_local(cpu).redistributor;
    if (kind >> 19 & 1) return cpu_local(cpu).redistributor_address.value & ~u64{0xffff};
    return (InterruptRegisters(redistributor).read_wide(redistributor_type) >> 8 & 0xffff) << 16;
}

Result<void> Its::add_collection(u32 cpu) {
    if (collections >> cpu & 1) return {};
    InterruptRegisters redistributor(cpu_local(cpu).redistributor);
    auto* bits = TRY(allocate_zeroed(pending_order));
    redistributor.write_wide(configuration, physical_of(messages).value | redistributor_write_back | (id_bits - 1));
    redistributor.write_wide(pending, u64{1} << 62 | physical_of(bits).value | redistributor_write_back);  // it is all zeros
    redistributor.write(redistributor_control, redistributor.read(redistributor_control) | 1);
    send(map_collection, 0, valid | target_of(cpu) | cpu);
    send(sync, 0, target_of(cpu));
    collections |= u64{1} << cpu;
    return {};
}

Result<Device*> Its::find_device(u32 id) {
    for (auto& device : std::span(devices, device_count))
        if (device.id == id) return &device;
    if (id >= device_limit || device_count == known_devices) return fail(Error::not_supported);
    u64 entry = (kind >> 4 & 15) + 1;
    auto size = static_cast<std::size_t>(align_up(entry * events_per_device, 256));
    auto* table = memory::allocate(size, 256);
    if (!table) return fail(Error::no_memory);
    std::fill_n(static_cast<u8*>(table), size, u8{0});
    send(map_device_to_table | u64{id} << 32, event_bits - 1, valid | physical_of(table).value);
    devices[device_count] = {id, 0};
    return &devices[device_count++];
}

}  // namespace

Result<Message> translate_message(PhysAddr at, u32 device_id, u32 cpu, u32 index) {
    TRY(its.open(at));
    TRY(its.add_collection(cpu));
    auto& device = *TRY(its.find_device(device_id));
    if (device.events == events_per_device || index >= max_messages) return fail(Error::busy);
    u64 event = device.events++, id = interrupt::first_message + index;
    its.messages[index] = enabled_message;
    its.send(map_event | u64{device_id} << 32, id << 32 | event, cpu);
    its.send(invalidate | u64{device_id} << 32, event, 0);
    its.send(sync, 0, its.target_of(cpu));
    return Message{at.value + translate, static_cast<u32>(event)};
}

}  // namespace spore::arch
