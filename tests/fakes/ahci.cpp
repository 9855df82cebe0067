#include "tests/fakes/ahci.hpp"

#include <gtest/gtest.h>

#include <bit>

#include "arch/cpu.hpp"
#include "tests/fakes/cpu.hpp"

namespace spore::fakes {

using namespace wire::ahci;

u32 AhciController::read(u32 offset) {
    set_time(arch::monotonic_nanoseconds() + 1'000'000);
    if (offset >= 0x100) return read_port((offset - 0x100) / 0x80, static_cast<PortRegister>(offset % 0x80));
    switch (static_cast<Register>(offset)) {
    case Register::capabilities:
        return (slots - 1) << 8 | (queues ? capable_of_queues : 0) | (wide_addresses ? capable_of_wide_addresses : 0);
    case Register::control: return control_;
    case Register::interrupts: return causes_;
    case Register::ports: return 0x3f;
    }
    return 0;
}

void AhciController::write(u32 offset, u32 value) {
    if (offset >= 0x100) return write_port((offset - 0x100) / 0x80, static_cast<PortRegister>(offset % 0x80), value);
    if (offset == static_cast<u32>(Register::interrupts)) causes_ &= ~value;
    if (offset != static_cast<u32>(Register::control)) return;
    control_ = value;
    if (!(value & control_reset)) return;
    ports_.clear();
    causes_ = 0;
    if (resets) control_ = 0;
}

u32 AhciController::read_port(u32 port, PortRegister r) {
    auto disk = disks.find(port);
    bool linked = disk != disks.end() && disk->second.linked;
    u32 command = of(port, PortRegister::command);
    switch (r) {
    case PortRegister::link: return linked ? link_established : 0;
    case PortRegister::signature: return linked && command & command_receive ? disk->second.signature : ~u32{0};
    case PortRegister::task_file: return !linked || !(command & command_receive) ? 0x7f : 0x50 | of(port, r);
    case PortRegister::command:
        return command | (command & command_receive ? command_receives : 0) | (command & command_start || (linked && disk->second.stuck) ? command_runs : 0);
    default: return of(port, r);
    }
}

void AhciController::write_port(u32 port, PortRegister r, u32 value) {
    u32& now = of(port, r);
    switch (r) {
    case PortRegister::interrupts: now &= ~value; return;
    case PortRegister::active: now |= value; return;
    case PortRegister::command:
        if (now & command_start && !(value & command_start)) of(port, PortRegister::active) = of(port, PortRegister::issue) = 0;
        value &= ~(command_receives | command_runs);  // the port's own
        break;
    case PortRegister::link_control:
        if (value & link_control_reset) ++link_resets, of(port, PortRegister::task_file) = 0;
        break;
    case PortRegister::issue: {
        EXPECT_TRUE(read_port(port, PortRegister::command) & command_runs);
        now |= value;
        u32 slot = static_cast<u32>(std::countr_zero(value));
        auto* headers = static_cast<CommandHeader*>(arch::direct({of(port, PortRegister::list_low) | u64{of(port, PortRegister::list_high)} << 32}));
        auto& table = *static_cast<CommandTable*>(arch::direct({headers[slot].table}));
        if (static_cast<Command>(table.fis.command) == Command::identify) work_port(port);
        return;
    }
    default: break;
    }
    now = value;
}

bool AhciController::has_work() const {
    for (auto& [number, port] : ports_) {
        auto disk = disks.find(number);
        auto issued = port.registers.find(PortRegister::issue);
        auto task = port.registers.find(PortRegister::task_file);
        bool failed = task != port.registers.end() && task->second & task_error;
        if (disk != disks.end() && disk->second.linked && !disk->second.silent && !failed && issued != port.registers.end() && issued->second) return true;
    }
    return false;
}

void AhciController::work() {
    for (auto& [number, disk] : disks)
        if (disk.linked && !disk.silent) work_port(number);
    if (causes_ && control_ & control_interrupts && interrupts && handler) handler(handler_context);
}

void AhciController::work_port(u32 port) {
    u32& issued = of(port, PortRegister::issue);
    u32& active = of(port, PortRegister::active);
    if (of(port, PortRegister::task_file) & task_error) return;
    bool several = std::popcount(issued) > 1;
    for (u32 slot = 0; slot < slots; ++slot) {
        u32 bit = u32{1} << slot;
        if (!(issued & bit)) continue;
        bool queued = active & bit;
        auto before = seen.size();
        bool good = carry_out(port, slot);
        if (seen.size() > before) seen.back().beside_others = several;
        if (queued) issued &= ~bit;  // the disk has taken it, whatever becomes of it
        if (good) {
            issued &= ~bit, active &= ~bit;
            of(port, PortRegister::interrupts) |= queued ? interrupt_bits : interrupt_registers;
        } else {
            of(port, PortRegister::task_file) |= task_error;
            of(port, PortRegister::interrupts) |= 1 << 30;
        }
        if (of(port, PortRegister::interrupts) & of(port, PortRegister::interrupt_enable)) causes_ |= u32{1} << port;
        if (!good) return;
    }
}

bool AhciController::carry_out(u32 port, u32 slot) {
    auto& disk = disks[port];
    auto* headers = static_cast<CommandHeader*>(arch::direct({of(port, PortRegister::list_low) | u64{of(port, PortRegister::list_high)} << 32}));
    auto& header = headers[slot];
    auto& table = *static_cast<CommandTable*>(arch::direct({header.table}));
    auto& fis = table.fis;
    EXPECT_EQ(fis.kind, fis_to_device);
    EXPECT_EQ(fis.flags, fis_is_command);
    EXPECT_EQ(header.flags & 31, header_fis_words);
    auto command = static_cast<Command>(fis.command);
    u64 block = 0;
    for (u32 i = 3; i--;) block = block << 8 | fis.lba_high[i];
    for (u32 i = 3; i--;) block = block << 8 | fis.lba_low[i];
    bool queued = command == Command::read_queued || command == Command::write_queued;
    bool to_device = command == Command::trim || command == Command::write || command == Command::write_queued;
    EXPECT_EQ(queued, (of(port, PortRegister::active) >> slot & 1) != 0);
    if (queued) EXPECT_EQ(fis.count_low >> 3, static_cast<int>(slot));
    u32 count = queued ? fis.features_low | fis.features_high << 8 : fis.count_low | fis.count_high << 8;
    std::vector<u8> answer;
    u8* data = nullptr;
    u64 size = 0;
    if (command == Command::identify) {
        identify(disk, answer);
        data = answer.data(), size = answer.size();
    } else {
        seen.push_back({command, slot, false});
        if (command == Command::flush) return true;
        EXPECT_EQ((header.flags & header_write) != 0, to_device);
        if (command == Command::trim) return trim(disk, header, table);
        if (disk.bad_block >= block && disk.bad_block < block + count) return false;
        size = u64{count} * disk.sector_size;
        if ((block + count) * disk.sector_size > disk.bytes.size()) return false;
        data = &disk.bytes[block * disk.sector_size];
    }
    for (u32 i = 0; i < header.piece_count; ++i) {
        auto& piece = table.pieces[i];
        u64 bytes = u64{piece.last} + 1;
        EXPECT_LE(bytes, size);
        auto* memory = static_cast<u8*>(arch::direct({piece.address}));
        if (to_device) std::memcpy(data, memory, bytes);
        else std::memcpy(memory, data, bytes);
        data += bytes, size -= bytes;
    }
    EXPECT_EQ(size, 0u);
    return true;
}

bool AhciController::trim(Disk& disk, const CommandHeader& header, const CommandTable& table) {
    EXPECT_TRUE(disk.trims);
    EXPECT_EQ(table.fis.features_low, feature_trim);
    EXPECT_EQ(table.fis.count_low | table.fis.count_high << 8, 1);
    EXPECT_EQ(header.piece_count, 1);
    EXPECT_EQ(table.pieces[0].last + 1, trim_size);
    auto* entries = static_cast<const u64*>(arch::direct({table.pieces[0].address}));
    for (u32 i = 0; i < trim_entries; ++i) {
        u64 first = entries[i] & ((u64{1} << 48) - 1), count = entries[i] >> 48;
        if ((first + count) * disk.sector_size > disk.bytes.size()) return false;
        std::fill_n(disk.bytes.begin() + static_cast<std::ptrdiff_t>(first * disk.sector_size), count * disk.sector_size, u8{0});
    }
    return true;
}

void AhciController::identify(const Disk& disk, std::vector<u8>& answer) {
    answer.resize(identify_size);
    auto word = [&](u32 index, u64 value) { answer[2 * index] = static_cast<u8>(value), answer[2 * index + 1] = static_cast<u8>(value >> 8); };
    word(word_queue_depth, disk.depth ? disk.depth - 1 : 0);
    word(word_sata, disk.depth ? sata_queues : 0);
    word(word_commands, disk.wide ? commands_wide : 0);
    word(word_trim, disk.trims);
    word(word_enabled, disk.cache ? enabled_cache : 0);
    u64 sectors = disk.bytes.size() / disk.sector_size;
    for (u32 i = 0; i < 4; ++i) word(word_sectors + i, sectors >> 16 * i);
    if (disk.sector_size != 512) word(word_sector_shape, shape_large), word(word_sector_size, disk.sector_size / 2);
}

}  // namespace spore::fakes
