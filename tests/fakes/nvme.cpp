#include "tests/fakes/nvme.hpp"

#include <gtest/gtest.h>

#include "arch/cpu.hpp"

namespace spore::fakes {

using namespace wire::nvme;

namespace {
constexpr u32 configuration = static_cast<u32>(Register::configuration), doorbells = static_cast<u32>(Register::doorbells);
constexpr u32 invalid_field = 0x002;
}  // namespace

u32 NvmeController::read(u32 offset) {
    set_time(arch::monotonic_nanoseconds() + 1'000'000);
    switch (static_cast<Register>(offset)) {
    case Register::capabilities: return (most_entries - 1) | 1 << 16 | 1u << 24;
    case Register::version: return version;
    case Register::status: return ((registers_[configuration] & 1) && becomes_ready ? status_ready : 0) | (fatal ? status_fatal : 0);
    default: return offset == 4 ? 1 << 5 | page_minimum << 16 : registers_[offset];
    }
}

void NvmeController::write(u32 offset, u32 value) {
    registers_[offset] = value;
    if (offset == configuration) {
        rings_.clear(), waiting_.clear();
        if (!(value & 1)) return;
        EXPECT_EQ(value, configuration_enabled);
        auto address = [&](Register r) { return registers_[static_cast<u32>(r)] | u64{registers_[static_cast<u32>(r) + 4]} << 32; };
        u32 sizes = registers_[static_cast<u32>(Register::admin_sizes)];
        rings_[0] = {.submissions = address(Register::admin_submissions), .completions = address(Register::admin_completions), .entries = (sizes & 0xfff) + 1,
                     .completion_entries = (sizes >> 16) + 1};
    }
    if (offset < doorbells) return;
    u16 queue = static_cast<u16>((offset - doorbells) / 8);
    if ((offset - doorbells) % 8) return;  // completions were taken
    ASSERT_TRUE(rings_.contains(queue));
    auto& ring = rings_[queue];
    ASSERT_LT(value, ring.entries);
    auto* commands = static_cast<Command*>(arch::direct({ring.submissions}));
    for (; ring.head != value; ring.head = (ring.head + 1) % ring.entries) {
        if (queue) waiting_.push_back({queue, commands[ring.head]});
        else if (answers_admin) carry_out_admin(commands[ring.head]);
    }
}

Result<u16> NvmeController::connect_message(u32 cpu, arch::InterruptHandler handler, void* context) {
    if (!messages) return fail(Error::not_supported);
    if (handlers_.size() == messages) return fail(Error::busy);
    handlers_.push_back({handler, context});
    auto number = static_cast<u16>(handlers_.size() - 1);
    cpu_of_vector[number] = cpu;
    return number;
}

Result<void> NvmeController::connect_shared(arch::InterruptHandler handler, void* context) {
    ++shared_interrupts;
    handlers_.push_back({handler, context});
    return {};
}

void NvmeController::complete(u16 queue, u16 id, u32 status, u32 result) {
    auto& ring = rings_[queue];
    auto& place = static_cast<Completion*>(arch::direct({ring.completions}))[ring.tail];
    place = {result, 0, ring.head | u32{queue} << 16, id | u32{ring.phase} << 16 | status << 17};
    if (++ring.tail == ring.completion_entries) ring.tail = 0, ring.phase = !ring.phase;
}

void NvmeController::interrupt(u16 queue) {
    auto handler = handlers_.at(vector_of[queue]);
    handler.function(handler.context);
}

void NvmeController::work() {
    std::set<u16> concerned;
    while (!waiting_.empty()) {
        auto one = waiting_.front();
        waiting_.pop_front();
        seen.push_back(one);
        complete(one.queue, one.command.id, status_of_commands ? status_of_commands : carry_out(one.command));
        concerned.insert(one.queue);
    }
    if (interrupts)
        for (u16 queue : concerned) interrupt(queue);
}

void NvmeController::carry_out_admin(const Command& command) {
    u32 status = 0, result = 0;
    u16 number = static_cast<u16>(command.arguments[0]);
    u32 entries = (command.arguments[0] >> 16) + 1;
    switch (static_cast<AdminOperation>(command.operation)) {
    case AdminOperation::identify: identify(command); break;
    case AdminOperation::set_features: result = (most_queues - 1) | (most_queues - 1) << 16; break;
    case AdminOperation::create_completions:
        if (number > most_queues || entries > most_entries) status = invalid_field;
        rings_[number].completions = command.pages[0];
        rings_[number].completion_entries = entries;
        vector_of[number] = static_cast<u16>(command.arguments[1] >> 16);
        break;
    case AdminOperation::create_submissions:
        EXPECT_EQ(command.arguments[1] >> 16, number);
        rings_[number].submissions = command.pages[0];
        rings_[number].entries = entries;
        break;
    default: status = invalid_field;
    }
    complete(0, command.id, status, result);
}

void NvmeController::identify(const Command& command) {
    auto* page = static_cast<u8*>(arch::direct({command.pages[0]}));
    std::memset(page, 0, identify_size);
    auto put = [&](u32 offset, auto value) { std::memcpy(page + offset, &value, sizeof value); };
    if (command.arguments[0] == identify_controller) {
        put(controller_transfer_limit, static_cast<u8>(transfer_limit));
        put(controller_namespaces, namespaces.empty() ? u32{0} : namespaces.rbegin()->first);
        put(controller_cache, static_cast<u8>(has_cache));
        put(controller_operations, static_cast<u16>(discards ? operations_manage_data : 0));
    } else if (command.arguments[0] == identify_active) {
        u32 at = 0;
        for (auto& [id, one] : namespaces) put(4 * at++, id);
    } else if (auto found = namespaces.find(command.namespace_id); found != namespaces.end()) {
        auto& one = found->second;
        put(namespace_size, u64{one.bytes.size()} >> one.block_shift);
        put(namespace_format, u8{1});
        put(namespace_attributes, static_cast<u8>(one.read_only));
        put(namespace_formats + 4, u32{one.metadata} | one.block_shift << 16);
    }
}

std::vector<std::pair<u8*, u32>> NvmeController::parts_of(const Command& command, u32 bytes) {
    std::vector<std::pair<u8*, u32>> parts;
    auto add = [&](u64 address) {
        u32 size = std::min<u32>(bytes, static_cast<u32>(page_size - address % page_size));
        parts.emplace_back(static_cast<u8*>(arch::direct({address})), size);
        bytes -= size;
    };
    EXPECT_EQ(command.pages[0] % 4, 0u);
    add(command.pages[0]);
    if (bytes > page_size) {
        auto* list = static_cast<u64*>(arch::direct({command.pages[1]}));
        while (true) {
            EXPECT_EQ(*list % page_size, 0u);
            add(*list++);
            if (!bytes) break;
        }
    } else if (bytes) {
        EXPECT_EQ(command.pages[1] % page_size, 0u);
        add(command.pages[1]);
    }
    return parts;
}

u32 NvmeController::carry_out(const Command& command) {
    auto found = namespaces.find(command.namespace_id);
    if (found == namespaces.end()) return 0x00b;
    auto operation = static_cast<Operation>(command.operation);
    if (operation == Operation::flush) return 0;
    auto& one = found->second;
    if (operation == Operation::manage_data) {
        EXPECT_EQ(command.arguments[0], 0u);
        EXPECT_EQ(command.arguments[1], manage_deallocate);
        auto& range = *static_cast<DataRange*>(arch::direct({command.pages[0]}));
        u64 begin = range.first << one.block_shift, size = u64{range.blocks} << one.block_shift;
        if (begin + size > one.bytes.size()) return status_out_of_range;
        std::fill_n(&one.bytes[begin], size, u8{0});
        return 0;
    }
    u64 at = (command.arguments[0] | u64{command.arguments[1]} << 32) << one.block_shift;
    u32 bytes = ((command.arguments[2] & 0xffff) + 1) << one.block_shift;
    if (at + bytes > one.bytes.size()) return status_out_of_range;
    if (transfer_limit && transfer_limit < 32 && bytes > page_size << transfer_limit) return invalid_field;
    for (auto [memory, size] : parts_of(command, bytes)) {
        if (operation == Operation::read) std::memcpy(memory, &one.bytes[at], size);
        else std::memcpy(&one.bytes[at], memory, size);
        at += size;
    }
    return 0;
}

}  // namespace spore::fakes
