// What drivers and SCSI disks share [SPC-4, SBC-3]. Numbers are big-endian.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "base/types.hpp"

namespace spore::wire::scsi {

enum class Operation : u8 { test_ready = 0x00, inquiry = 0x12, mode_sense = 0x1a, synchronize = 0x35, unmap = 0x42, read = 0x88, write = 0x8a, read_capacity = 0x9e, report_luns = 0xa0 };

/// A command descriptor block, of at most 16 bytes.
struct Command {
    std::array<u8, 16> bytes{};
    u8 size;
};
constexpr void put_big(u8* at, u64 value, u32 size) {
    for (u32 i = size; i--; value >>= 8) at[i] = static_cast<u8>(value);
}
constexpr u64 get_big(const u8* at, u32 size) {
    u64 value = 0;
    for (u32 i = 0; i < size; ++i) value = value << 8 | at[i];
    return value;
}
/// A question, for at most `size` bytes of answer; `page` is what the command calls so.
constexpr Command question(Operation operation, u8 page, u8 size) {
    return {.bytes = {static_cast<u8>(operation), 0, page, 0, size}, .size = 6};
}
/// The same about one thing: a page of "vital product data".
constexpr Command question_about(u8 page, u8 size) {
    return {.bytes = {static_cast<u8>(Operation::inquiry), 1, page, 0, size}, .size = 6};
}
/// Which logical units the target has.
constexpr Command report_luns(u32 size) {
    Command command{.bytes = {static_cast<u8>(Operation::report_luns)}, .size = 12};
    put_big(&command.bytes[6], size, 4);
    return command;
}
/// Whether it may move fewer bytes than there is room for: questions; and of a list that is not blocks' contents nobody counts what was read.
constexpr bool may_be_short(const Command& command) {
    auto operation = static_cast<Operation>(command.bytes[0]);
    return operation == Operation::unmap || operation == Operation::inquiry || operation == Operation::mode_sense || operation == Operation::report_luns || operation == Operation::read_capacity;
}
constexpr Command transfer(Operation operation, u64 block, u32 blocks) {
    Command command{.bytes = {static_cast<u8>(operation)}, .size = 16};
    put_big(&command.bytes[2], block, 8);
    put_big(&command.bytes[10], blocks, 4);
    return command;
}
constexpr Command read_capacity(u32 size) {
    Command command{.bytes = {static_cast<u8>(Operation::read_capacity), 0x10}, .size = 16};
    put_big(&command.bytes[10], size, 4);
    return command;
}
/// All that was written before.
constexpr Command synchronize() { return {.bytes = {static_cast<u8>(Operation::synchronize)}, .size = 10}; }

/// What some blocks hold matters no more; which ones is said by a list with one entry [SBC-3 5.28].
inline constexpr u32 unmap_list_size = 24;
constexpr Command unmap() {
    Command command{.bytes = {static_cast<u8>(Operation::unmap)}, .size = 10};
    put_big(&command.bytes[7], unmap_list_size, 2);
    return command;
}
constexpr void put_unmap_list(u8* at, u64 block, u32 blocks) {
    put_big(at, unmap_list_size - 2, 2);
    put_big(at + 2, unmap_list_size - 8, 2);
    put_big(at + 8, block, 8);
    put_big(at + 16, blocks, 4);
}

inline constexpr u32 inquiry_size = 36, capacity_size = 32, mode_size = 4, sense_size = 32;
/// Of a target's units, those that are asked for, and their list's bytes: its length, padding, and 8 bytes each.
inline constexpr u32 most_luns = 64, luns_size = 8 + 8 * most_luns;
/// Of a list of units those below 256, by either way to say them [SAM-5 4.7.7]; how many.
constexpr u32 parse_luns(std::span<const u8, luns_size> list, std::span<u8, most_luns> luns) {
    u64 size = std::min<u64>(get_big(list.data(), 4), luns_size - 8);
    u32 count = 0;
    for (u64 at = 8; at + 8 <= size + 8; at += 8)
        if ((list[at] & ~0x40) == 0) luns[count++] = list[at + 1];
    return count;
}
/// The first byte of what a device tells of itself: a disk that is there. The second of a page names it.
inline constexpr u8 inquiry_disk = 0;
/// Of the capacity: the last block's number, and a block's size behind it.
inline constexpr u32 capacity_block_size = 8;
/// Of its byte 14: that blocks need not be kept.
inline constexpr u32 capacity_flags = 14;
inline constexpr u8 capacity_provisioned = 0x80;
/// Pages about that: whether UNMAP is known (a bit of byte 5), and how many blocks and entries it takes at most, and how many blocks it
/// lets go of together [SBC-3 6.6.4, 6.6.3].
inline constexpr u8 page_limits = 0xb0, page_provisioning = 0xb2, provisioning_unmaps = 0x80;
inline constexpr u32 limits_size = 64, provisioning_size = 8, limits_unmapped = 20, limits_entries = 24, limits_granularity = 28;
/// Of the mode's third byte.
inline constexpr u8 mode_write_protected = 0x80, mode_all_pages = 0x3f;

enum class Status : u8 { good = 0x00, check_condition = 0x02, busy = 0x08, queue_full = 0x28 };
enum class SenseKey : u8 { none = 0, recovered = 1, not_ready = 2, medium_error = 3, hardware_error = 4, illegal_request = 5, unit_attention = 6, data_protect = 7, aborted = 11 };
inline constexpr u8 code_out_of_range = 0x21;

struct Sense {
    SenseKey key;
    u8 code;
};
/// In both of its forms [SPC-4 4.5].
constexpr Sense parse_sense(const u8* bytes) {
    bool descriptors = (bytes[0] & 0x7f) >= 0x72;
    return {static_cast<SenseKey>(bytes[descriptors ? 1 : 2] & 15), bytes[descriptors ? 2 : 12]};
}

}  // namespace spore::wire::scsi
