#include "tests/fakes/scsi.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <ranges>

namespace spore::fakes {

using wire::scsi::Operation;
using wire::scsi::put_big;
using wire::scsi::SenseKey;
using wire::scsi::Status;

namespace {

std::size_t size_of(const ScsiUnits::Data& data) {
    std::size_t size = 0;
    for (auto part : data) size += part.size();
    return size;
}

void put(const ScsiUnits::Data& to, std::span<const u8> bytes) {
    for (auto part : to) {
        auto size = std::min(part.size(), bytes.size());
        std::memcpy(part.data(), bytes.data(), size);
        bytes = bytes.subspan(size);
    }
}

ScsiUnits::Answer fill_sense(ScsiUnits::Answer answer, std::span<u8> sense) {
    sense[0] = answer.descriptors ? 0x72 : 0x70;
    sense[answer.descriptors ? 1 : 2] = answer.key, sense[answer.descriptors ? 2 : 12] = answer.code;
    return answer;
}

}  // namespace

bool ScsiUnits::has_target(u8 target) const {
    return std::ranges::contains(units | std::views::keys, target, &std::pair<u8, u8>::first);
}

ScsiUnits::Answer ScsiUnits::carry_out(u8 target, u8 lun, std::span<const u8> command, const Data& read_from, const Data& written_to, std::span<u8> sense) {
    auto operation = static_cast<Operation>(command[0]);
    auto check = [&](SenseKey key, u8 code) {
        return fill_sense({.status = static_cast<u8>(Status::check_condition), .key = static_cast<u8>(key), .code = code}, sense);
    };
    if (operation == Operation::report_luns) {
        if (!knows_report_luns) return check(SenseKey::illegal_request, 0x20);
        std::vector<u8> list(8);
        for (auto [owner, number] : units | std::views::keys)
            if (owner == target) list.insert(list.end(), {0, number, 0, 0, 0, 0, 0, 0});
        put_big(list.data(), list.size() - 8, 4);
        return put(written_to, list), Answer{};
    }
    seen.push_back(operation);
    auto found = units.find({target, lun});
    if (found == units.end()) return check(SenseKey::illegal_request, 0x25);
    auto& unit = found->second;
    bool transfer = operation == Operation::read || operation == Operation::write;
    if (transfer && !answers.empty()) {
        auto answer = answers.front();
        answers.pop_front();
        if (answer.adapter || answer.status) return fill_sense(answer, sense);
    }
    std::vector<u8> told(64);
    switch (operation) {
    case Operation::inquiry:
        told[0] = unit.kind;
        if (command[1] & 1) {
            EXPECT_TRUE(unit.most_unmapped) << "not asked of one that keeps all";
            told[1] = command[2];
            if (command[2] == wire::scsi::page_provisioning) told[5] = wire::scsi::provisioning_unmaps;
            if (command[2] == wire::scsi::page_limits) put_big(&told[20], unit.most_unmapped, 4), put_big(&told[24], 1, 4), put_big(&told[28], unit.unmapped_together, 4);
        }
        break;
    case Operation::mode_sense: told[2] = unit.read_only ? wire::scsi::mode_write_protected : 0; break;
    case Operation::read_capacity:
        put_big(&told[0], unit.bytes.size() / unit.block_size - 1, 8);
        put_big(&told[8], unit.block_size, 4);
        told[wire::scsi::capacity_flags] = unit.most_unmapped ? wire::scsi::capacity_provisioned : 0;
        break;
    case Operation::unmap: {
        std::vector<u8> list;
        for (auto part : read_from) list.insert(list.end(), part.begin(), part.end());
        EXPECT_EQ(list.size(), wire::scsi::get_big(&command[7], 2));
        EXPECT_EQ(list.size(), 24u);
        EXPECT_EQ(wire::scsi::get_big(&list[0], 2), 22u);
        EXPECT_EQ(wire::scsi::get_big(&list[2], 2), 16u);
        u64 block = wire::scsi::get_big(&list[8], 8), count = wire::scsi::get_big(&list[16], 4);
        EXPECT_LE(count, unit.most_unmapped);
        EXPECT_LE(block + count, unit.bytes.size() / unit.block_size);
        if (block + count <= unit.bytes.size() / unit.block_size) std::fill_n(unit.bytes.begin() + static_cast<std::ptrdiff_t>(block * unit.block_size), count * unit.block_size, u8{0});
        return {};
    }
    case Operation::read:
    case Operation::write: {
        u64 at = wire::scsi::get_big(&command[2], 8) * unit.block_size, size = wire::scsi::get_big(&command[10], 4) * unit.block_size;
        auto& data = operation == Operation::write ? read_from : written_to;
        EXPECT_EQ(size_of(data), size);
        EXPECT_LE(at + size, unit.bytes.size());
        if (size_of(data) != size || at + size > unit.bytes.size()) return check(SenseKey::illegal_request, wire::scsi::code_out_of_range);
        if (operation == Operation::read) return put(data, std::span(unit.bytes).subspan(at, size)), Answer{};
        for (u8* to = &unit.bytes[at]; auto part : data) to = std::ranges::copy(part, to).out;
        return {};
    }
    case Operation::synchronize:
        EXPECT_EQ(size_of(read_from) + size_of(written_to), 0u);
        return {};
    default: ADD_FAILURE() << "an operation that disks do not know: " << int{command[0]};
    }
    return put(written_to, told), Answer{};
}

}  // namespace spore::fakes
